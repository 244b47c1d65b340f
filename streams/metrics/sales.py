"""Where everybody stands, as metric families: periods under way, of the scopes that a worker owns."""

import asyncio
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from quota.periods import parse_period
from quota.plans import PlanIndex
from quota.wording import name_of
from schemas.alerts import Transition
from schemas.standings import PipelineStanding, QuotaStanding, Standing

SLICE = 50
"""Standings that are taken at a stretch: a millisecond or two."""
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

Number = float | str | None


class Projected(Protocol):
    """What is asked of the projection."""

    @property
    def plan(self) -> PlanIndex | None:
        """The plan in force."""
        ...

    @property
    def as_of(self) -> datetime | None:
        """The latest moment as of which anything stands."""
        ...

    def current(self, partitions: Container[int] | None = None) -> list[Standing]:
        """Standings of periods under way."""
        ...

    def firing(self, partitions: Container[int] | None = None) -> list[Transition]:
        """The last transition of every alert that fires."""
        ...


async def sales(projection: Projected, owned: Container[int]) -> list[Metric]:
    """The families of all scopes in these partitions; nothing while there is no plan."""
    plan = projection.plan
    if plan is None:
        return []
    found = Sales(plan)
    for count, standing in enumerate(projection.current(owned), 1):
        found.take(standing)
        if count % SLICE == 0:
            await asyncio.sleep(0)
    found.pipelines()
    found.alerts(projection.firing(owned))
    found.as_of(projection.as_of)
    return found.families()


class Sales:
    """The families of one scrape, filled standing by standing; what is undefined has no sample."""

    def __init__(self, plan: PlanIndex) -> None:
        """`plan` says what scopes, units and rules are called."""
        self._plan = plan
        self._families: dict[str, Metric] = {}
        self._open: dict[str, PipelineStanding] = {}
        self._names: dict[str, tuple[str, str, str]] = {}

    def families(self) -> list[Metric]:
        """What has been taken so far, in the order of the table above."""
        return [self._families[name] for name in FAMILIES if name in self._families]

    def take(self, standing: Standing) -> None:
        """Adds a standing's metrics and quotas; its pipeline is the scope's, whichever period says it last."""
        kind = parse_period(standing.period, self._plan.calendar(standing.scope)).kind
        labels = (*self._named(standing.scope), standing.period, kind)
        self._metrics(standing, labels)
        for quota in standing.quotas:
            for name, value in _figures(quota):
                self._add(name, (*labels, quota.metric, quota.unit or self._unit(quota.metric)), value)
        open_now, known = standing.pipeline, self._open.get(standing.scope)
        if open_now is not None and (known is None or known.as_of < open_now.as_of):
            self._open[standing.scope] = open_now

    def _metrics(self, standing: Standing, labels: Sequence[str]) -> None:
        for metric, measure in standing.metrics.items():
            declared = self._plan.metrics.get(metric)
            # What is open now is no matter of a period, and is said by stage.
            if declared is None or declared.aggregation != "stock":
                self._add("metric_value", (*labels, metric, measure.unit or self._unit(metric)), measure.value)

    def _unit(self, metric: str) -> str:
        declared = self._plan.metrics.get(metric)
        return declared.kind if declared else "count"

    def pipelines(self) -> None:
        """Adds what every scope has open."""
        for scope, pipeline in self._open.items():
            named = self._named(scope)
            self._add("pipeline_early_stage_deals", named, pipeline.early_stage_count)
            for row in pipeline.stages:
                self._add("pipeline_deals", (*named, row.stage), row.count)
                self._add("pipeline_amount", (*named, row.stage, pipeline.unit), row.amount)
                self._add("pipeline_weighted_amount", (*named, row.stage, pipeline.unit), row.weighted)

    def alerts(self, firing: Iterable[Transition]) -> None:
        """Adds how many alerts fire, by scope and period, and by rule: 0 for a rule of which none does."""
        found = [*firing]
        places = Counter((each.rule, each.kind, *self._named(each.scope), each.period) for each in found)
        rules: Counter[tuple[str, str]] = Counter()
        rules.update({(rule.id, rule.kind): 0 for rule in self._plan.plan.rules})
        rules.update((each.rule, each.kind) for each in found)
        for place, count in sorted(places.items()):
            self._add("alerts_firing", place, count)
        for rule, count in sorted(rules.items()):
            self._add("rule_alerts_firing", rule, count)

    def as_of(self, at: datetime | None) -> None:
        """Adds how far the standings have come, once they have."""
        self._add("standings_timestamp_seconds", (), None if at is None else at.timestamp())

    def _named(self, scope: str) -> tuple[str, str, str]:
        if scope not in self._names:
            self._names[scope] = scope, scope.partition(":")[0], name_of(scope, self._plan)
        return self._names[scope]

    def _add(self, name: str, values: Sequence[str], value: Number) -> None:
        if value is None:
            return
        about, labels = FAMILIES[name]
        family = self._families.get(name)
        if family is None:
            family = self._families[name] = GaugeMetricFamily(f"quotaflow_{name}", about)
        family.add_sample(family.name, dict(zip(labels, values, strict=True)), float(value))


def _figures(quota: QuotaStanding) -> Iterator[tuple[str, Number]]:
    yield "quota_attainment_ratio", quota.attainment
    yield "quota_pace_ratio", quota.pace
    yield "quota_gap", quota.gap
    yield "quota_attained", quota.attained
    yield "quota_target", quota.target
    yield "quota_expected", quota.expected
    yield "quota_required_per_day", quota.required_per_day
