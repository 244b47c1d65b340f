"""A scope's standing in a period: every metric, every quota, and what is open."""

from datetime import datetime

from msgspec import Struct

from quota import metrics
from quota.catalogue import Kind
from quota.metrics import OpenStage
from quota.money import decimal, minor_units
from quota.pace import Goal, Pace, Progress, assess, progress
from quota.periods import Period
from quota.plans import PlanIndex
from schemas.credits import Parts
from schemas.fields import Money
from schemas.plan import Quota
from schemas.standings import Measure, PipelineStanding, QuotaStanding, StageStanding, Standing

Number = int | float | str


def standing(scope: str, period: Period, parts: Parts, pipeline: Parts, plan: PlanIndex, at: datetime) -> Standing:
    """Where the scope stands at the moment; a closed period is as of its end and has no pipeline.

    `parts` are the sum of the period's day cells, `pipeline` the sum of all components of what the scope has open.
    """
    so_far = progress(plan.calendar(scope), period, at)
    measures = metrics.values(parts, plan)
    shown: PipelineStanding | None = None
    if not so_far.closed:
        stages = metrics.open_stages(pipeline, plan)
        measures |= metrics.stocks(stages, plan)
        shown = _pipeline(stages, so_far.as_of, plan)
    quotas = [_quota(quota, period, measures, so_far, plan) for quota in plan.quotas(scope, period)]
    return Standing(scope, period.id, so_far.as_of, measures, quotas, shown, revision=plan.revision)


def _pipeline(stages: list[OpenStage], as_of: datetime, plan: PlanIndex) -> PipelineStanding:
    currency = plan.currency
    rows = [
        StageStanding(row.stage.id, row.count, decimal(row.amount, currency), decimal(row.weighted, currency))
        for row in stages
    ]
    return PipelineStanding(as_of, currency, rows, metrics.early(stages))


class _Unit(Struct, frozen=True):
    """How a kind of number is written: money as a decimal string, counts and days to four digits, ratios to six."""

    kind: Kind
    currency: str

    @property
    def name(self) -> str | None:
        return self.currency if self.kind == "money" else None

    def written(self, number: float) -> Number:
        if self.kind == "money":
            return decimal(round(number), self.currency)
        if self.kind == "ratio":
            return round(number, 6)
        short = round(number, 4)
        return int(short) if short == int(short) else short

    def maybe(self, number: float | None) -> Number | None:
        return None if number is None else self.written(number)

    def read(self, measure: Measure) -> float | None:
        value = measure.value
        return minor_units(value, self.currency) if isinstance(value, str) else value


def _quota(
    quota: Quota, period: Period, measures: dict[str, Measure], so_far: Progress, plan: PlanIndex
) -> QuotaStanding:
    declared = plan.metrics[quota.metric]
    unit = _Unit(declared.kind, plan.currency)
    measure = measures.get(quota.metric) or Measure(None, reason="closed_period")
    target = _target(quota, declared.kind, period, plan)
    if target is None:
        return _unpriced(quota, measure, so_far)
    goal = Goal(target, quota.direction == "lower", declared.prorated, declared.kind == "count")
    return _shown(quota, measure, goal, assess(goal, unit.read(measure), so_far), so_far, unit)


def _shown(quota: Quota, measure: Measure, goal: Goal, found: Pace, so_far: Progress, unit: _Unit) -> QuotaStanding:
    reasons = dict(found.reasons)
    if measure.value is None and measure.reason is not None:
        reasons = dict.fromkeys((*reasons, "attained"), measure.reason)
    return QuotaStanding(
        metric=quota.metric,
        target=unit.written(goal.target),
        unit=unit.name,
        attained=measure.value,
        attainment=_rounded(found.attainment),
        expected=unit.maybe(found.expected),
        pace=_rounded(found.pace),
        gap=unit.maybe(found.gap),
        required_per_day=unit.maybe(found.per_day),
        working_days_left=so_far.days_left,
        elapsed=round(so_far.elapsed, 6),
        status=found.status,
        reasons=reasons,
    )


def _unpriced(quota: Quota, measure: Measure, so_far: Progress) -> QuotaStanding:
    """A quota in a currency without a rate: the target stands as it was set, nothing can be said against it."""
    missing = ("attainment", "expected", "pace", "gap", "required_per_day")
    return QuotaStanding(
        metric=quota.metric,
        target=quota.target,
        unit=quota.currency,
        attained=measure.value,
        attainment=None,
        expected=None,
        pace=None,
        gap=None,
        required_per_day=None,
        working_days_left=so_far.days_left,
        elapsed=round(so_far.elapsed, 6),
        status="no_data",
        reasons=dict.fromkeys(missing, "no_rate"),
    )


def _target(quota: Quota, kind: Kind, period: Period, plan: PlanIndex) -> float | None:
    """Minor units for money, at the rate of the period's first day (None without one); else the number itself."""
    if kind != "money":
        return float(quota.target)
    currency = quota.currency or plan.currency
    amount = minor_units(quota.target, currency)
    return amount if currency == plan.currency else plan.convert(Money(amount, currency), period.start.isoformat())


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 6)
