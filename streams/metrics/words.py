"""Standings and alerts as lines of Prometheus' text format, labelled as the plan calls things."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from quota.periods import parse_period
from quota.plans import PlanIndex
from quota.wording import name_of
from schemas.standings import PipelineStanding, QuotaStanding, Standing

SCOPE = ("scope", "level", "name")
QUOTA = (*SCOPE, "period", "kind", "metric", "unit")
RULE = ("rule", "rule_kind")
FAMILIES = {
    "metric_value": ("What a metric comes to in a period.", QUOTA),
    "quota_attainment_ratio": ("Attained / target.", QUOTA),
    "quota_pace_ratio": ("Attained / expected by now.", QUOTA),
    "quota_gap": ("What is missing of the target; below 0 once it is passed.", QUOTA),
    "quota_attained": ("What counts for the quota.", QUOTA),
    "quota_target": ("What the quota asks for.", QUOTA),
    "quota_expected": ("What working time so far would lead one to expect.", QUOTA),
    "quota_required_per_day": ("What every working day that is left has to bring.", QUOTA),
    "pipeline_deals": ("Open deals.", (*SCOPE, "stage")),
    "pipeline_amount": ("Amount of open deals.", (*SCOPE, "stage", "unit")),
    "pipeline_weighted_amount": ("Amount of open deals times their stage's probability.", (*SCOPE, "stage", "unit")),
    "pipeline_early_stage_deals": ("Open deals in stages that the plan calls early.", SCOPE),
    "alerts_firing": ("Alerts that fire for a scope and period.", (*RULE, *SCOPE, "period")),
    "rule_alerts_firing": ("Alerts of a rule that fire, in all scopes of this worker.", RULE),
    "standings_timestamp_seconds": ("The latest moment as of which anything stands.", ()),
}
"""What each family means, and its labels; all are gauges, and begin with `quotaflow_`."""

Number = float | str
Lines = dict[str, bytes]
"""What is to be written of each family."""


class Shown(NamedTuple):
    """A standing as lines: those of its period, and those of its scope's pipeline as of a moment."""

    said: bytes
    lines: Lines
    as_of: datetime | None
    pipeline: Lines


class Words:
    """What one revision of the plan calls scopes, periods and units."""

    def __init__(self, plan: PlanIndex) -> None:
        """The names are looked up once for each scope."""
        self.plan = plan
        self._scopes: dict[str, str] = {}

    def shown(self, said: bytes, standing: Standing) -> Shown:
        """The lines of a standing; `said` is how the log has it."""
        scope, open_now = self.scope(standing.scope), standing.pipeline
        pipeline = by_family(_pipeline(open_now, scope)) if open_now is not None else {}
        lines = by_family(self._period(standing, scope))
        return Shown(said, lines, None if open_now is None else open_now.as_of, pipeline)

    def scope(self, scope: str) -> str:
        """The labels of a scope."""
        found = self._scopes.get(scope)
        if found is None:
            names = scope, scope.partition(":")[0], name_of(scope, self.plan)
            found = self._scopes[scope] = labels(SCOPE, names)
        return found

    def _period(self, standing: Standing, scope: str) -> Iterator[tuple[str, str, Number | None]]:
        kind = parse_period(standing.period, self.plan.calendar(standing.scope)).kind
        place = f"{scope},{labels(('period', 'kind'), (standing.period, kind))}"
        for metric, measure in standing.metrics.items():
            declared = self.plan.metrics.get(metric)
            # What is open now is no matter of a period, and is said by stage.
            if declared is None or declared.aggregation != "stock":
                yield "metric_value", f"{place},{self._metric(metric, measure.unit)}", measure.value
        for quota in standing.quotas:
            named = f"{place},{self._metric(quota.metric, quota.unit)}"
            yield from ((family, named, value) for family, value in _figures(quota))

    def _metric(self, metric: str, unit: str | None) -> str:
        declared = self.plan.metrics.get(metric)
        return labels(("metric", "unit"), (metric, unit or (declared.kind if declared else "count")))


def _figures(quota: QuotaStanding) -> Iterator[tuple[str, Number | None]]:
    yield "quota_attainment_ratio", quota.attainment
    yield "quota_pace_ratio", quota.pace
    yield "quota_gap", quota.gap
    yield "quota_attained", quota.attained
    yield "quota_target", quota.target
    yield "quota_expected", quota.expected
    yield "quota_required_per_day", quota.required_per_day


def _pipeline(pipeline: PipelineStanding, scope: str) -> Iterator[tuple[str, str, Number | None]]:
    yield "pipeline_early_stage_deals", scope, pipeline.early_stage_count
    for row in pipeline.stages:
        stage = f"{scope},{labels(('stage',), (row.stage,))}"
        money = f"{stage},{labels(('unit',), (pipeline.unit,))}"
        yield "pipeline_deals", stage, row.count
        yield "pipeline_amount", money, row.amount
        yield "pipeline_weighted_amount", money, row.weighted


def labels(names: Sequence[str], values: Sequence[str]) -> str:
    """Labels as they are written between braces."""
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in zip(names, values, strict=True))


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def by_family(samples: Iterable[tuple[str, str, Number | None]]) -> Lines:
    """The lines of samples (family, labels, value); what is undefined has none."""
    found: dict[str, list[str]] = defaultdict(list)
    for family, labelled, value in samples:
        if value is not None:
            found[family].append(f"quotaflow_{family}{{{labelled}}} {float(value)!r}\n")
    return {family: "".join(lines).encode() for family, lines in found.items()}
