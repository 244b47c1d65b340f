"""A scope's standing in a period: every metric, every quota, and what is open."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from quota import metrics
from quota.calendars import WorkCalendar
from quota.catalogue import Kind
from quota.metrics import OpenStage
from quota.money import decimal, minor_units
from quota.pace import Goal, Pace, Progress, assess, progress, share
from quota.periods import Period
from quota.plans import PlanIndex
from schemas.credits import Parts
from schemas.plan import Quota
from schemas.standings import Judged, Measure, PipelineStanding, QuotaStanding, StageStanding, Standing

Number = int | float | str
_CLOSED = Measure(None, reason="closed_period")


class Assessments:
    """How far periods have come and where quotas stand, under one plan as of one moment; each is found once."""

    def __init__(self, plan: PlanIndex, at: datetime) -> None:
        self.plan, self.at = plan, at
        self._progress: dict[tuple[WorkCalendar, str], Progress] = {}
        self._quotas: dict[tuple[object, ...], QuotaStanding] = {}
        self._stocks: dict[str, tuple[dict[str, Measure], PipelineStanding]] = {}

    def progress(self, scope: str, period: Period) -> Progress:
        """How far the period has come for the scope, in its own working time."""
        key = self.plan.working_time(scope, period), period.id
        found = self._progress.get(key)
        if found is None:
            found = self._progress[key] = progress(key[0], period, self.at)
        return found

    def stocks(self, scope: str, pipeline: Parts) -> tuple[dict[str, Measure], PipelineStanding]:
        """The measures of what the scope has open, and what it is."""
        found = self._stocks.get(scope)
        if found is None:
            stages = metrics.open_stages(pipeline, self.plan)
            as_of = self.at.astimezone(self.plan.calendar(scope).zone)
            shown = _pipeline(stages, as_of, self.plan)
            found = self._stocks[scope] = metrics.stocks(stages, self.plan), shown
        return found

    def quota(self, quota: Quota, period: Period, measure: Measure) -> QuotaStanding:
        """Where a quota of the period stands whose metric has come to the measure."""
        calendar = self.plan.working_time(quota.scope, period)
        # Reps by the hundred have the same target and the same small number against it.
        asked = quota.metric, quota.target, quota.currency, quota.direction, quota.season, quota.stretch
        own = (quota.scope, quota.id) if quota.ramp or quota.relief else None
        key = *asked, own, measure.value, measure.reason, period.id, calendar
        found = self._quotas.get(key)
        if found is None:
            so_far = self.progress(quota.scope, period)
            found = self._quotas[key] = _quota(quota, period, measure, so_far, self.plan)
        return found


def standing(scope: str, period: Period, parts: Parts, pipeline: Parts, plan: PlanIndex, at: datetime) -> Standing:
    """Where the scope stands at the moment; a closed period is as of its end and has no pipeline.

    `parts` are the sum of the period's day cells, `pipeline` the sum of all components of what the scope has open.
    """
    return assessed(scope, period, parts, pipeline, Assessments(plan, at))


def assessed(scope: str, period: Period, parts: Parts, pipeline: Parts, known: Assessments) -> Standing:
    """The `standing` under the plan and as of the moment of the assessments."""
    plan = known.plan
    so_far = known.progress(scope, period)
    measures = metrics.values(parts, plan)
    shown: PipelineStanding | None = None
    if not so_far.closed:
        stocks, shown = known.stocks(scope, pipeline)
        measures |= stocks
    quotas = [known.quota(quota, period, measures.get(quota.metric) or _CLOSED) for quota in plan.quotas(scope, period)]
    return Standing(scope, period.id, so_far.as_of, measures, quotas, shown, revision=plan.revision)


def judged(
    scope: str, period: Period, measures: Mapping[str, Measure], known: Assessments, *, quiet: bool = False
) -> Judged:
    """The quotas of a standing from what their metrics have come to; a metric that is not given has come to nothing."""
    so_far, plan = known.progress(scope, period), known.plan
    found = [
        known.quota(quota, period, _measure(quota.metric, measures, plan, closed=so_far.closed))
        for quota in plan.quotas(scope, period)
    ]
    return Judged(scope, period.id, so_far.as_of, found, quiet)


def _measure(metric: str, measures: Mapping[str, Measure], plan: PlanIndex, *, closed: bool) -> Measure:
    if closed and plan.metrics[metric].aggregation == "stock":
        return _CLOSED
    return measures.get(metric) or metrics.value(metric, {}, {}, plan)


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


def _quota(quota: Quota, period: Period, measure: Measure, so_far: Progress, plan: PlanIndex) -> QuotaStanding:
    declared = plan.metrics[quota.metric]
    unit = _Unit(declared.kind, plan.currency)
    asked = plan.target(quota, period)
    target, base, stretch = (
        _worth(amount, asked.scale, quota, period, plan) for amount in (asked.amount, asked.base, asked.stretch)
    )
    if target is None:
        return _unpriced(quota, measure, so_far)
    lower, attained = quota.direction == "lower", unit.read(measure)
    due = None if so_far.closed else asked.due(plan.calendar(quota.scope), so_far.as_of)
    goal = Goal(target, lower, declared.prorated, declared.kind == "count", due)
    shown = _shown(quota, measure, goal, assess(goal, attained, so_far), so_far, unit)
    if asked.amount == asked.base and stretch is None:
        return shown
    return replace(
        shown,
        base=None if asked.amount == asked.base else unit.maybe(base),
        stretch=unit.maybe(stretch),
        stretch_attainment=None if stretch is None else _rounded(share(Goal(stretch, lower), attained)),
    )


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


def _worth(amount: int | None, scale: int, quota: Quota, period: Period, plan: PlanIndex) -> float | None:
    """Minor units for money, at the rate of the period's first day (None without one); else the number itself."""
    if amount is None:
        return None
    if plan.metrics[quota.metric].kind == "money":
        return plan.worth(amount, quota, period)
    return amount / scale


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 6)
