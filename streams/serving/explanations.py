"""A number and what it is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import asdict

from quota import metrics
from quota.money import decimal
from quota.periods import Period
from quota.plans import PlanIndex
from schemas.standings import Measure
from streams.log import Log
from streams.serving.contributions import Contribution, merged, of_scope, valued, within
from streams.serving.control import control
from streams.serving.entities import entities
from streams.serving.marks import in_force, marks
from streams.serving.plan import plans
from streams.serving.policies import policy
from streams.serving.standings import standings


@dataclass(frozen=True)
class Explanation:
    """A metric of a scope in a period: what was published (None if nothing was), and what is stored and adds up."""

    scope: str
    metric: str
    period: Period
    published: Measure | None
    sum: Measure
    contributions: Sequence[Contribution]
    plan: PlanIndex

    @property
    def money(self) -> bool:
        """Whether contributions are amounts in minor units."""
        return self.plan.metrics[self.metric].kind == "money"

    def shown(self, above: int) -> str | int:
        """A contribution's value as a standing would write it."""
        return decimal(above, self.plan.currency) if self.money else above


async def plan_in_force(log: Log, shards: int) -> PlanIndex:
    """The plan under which shards compute; raises LogError when there is none."""
    return in_force(await plans(log), await marks(log, shards))


async def explanation(log: Log, shards: int, plan: PlanIndex, scope: str, metric: str, period: Period) -> Explanation:
    """The number, and the entities that make it up; what is open counts in the periods under way only."""
    at = (await control(log)).at
    closed = at is not None and at >= plan.calendar(scope).start_of(period.end)
    everything = await of_scope(entities(log, shards, plan), scope, plan)
    stock = plan.metrics[metric].aggregation == "stock"
    found = ([] if closed else everything) if stock else within(everything, period)
    parts = merged(found)
    total = metrics.value(metric, parts, None if stock and closed else parts, plan)
    said = [each for each in await standings(log, shards) if (each.scope, each.period) == (scope, period.id)]
    published = said[0].metrics.get(metric) if said else None
    return Explanation(scope, metric, period, published, total, valued(metric, found, plan), plan)


def document(found: Explanation) -> dict[str, Any]:
    """The explanation's JSON object; of a fraction, contributions have a numerator and a denominator."""
    value = found.published or found.sum
    result: dict[str, Any] = {
        "scope": found.scope,
        "metric": found.metric,
        "period": found.period.id,
        "value": value.value,
        **({"unit": value.unit} if value.unit else {}),
        **({"reason": value.reason} if value.reason else {}),
        "contributions": [_contribution(each, found) for each in found.contributions],
        "policy": policy(found.plan.metrics[found.metric]),
        "sums_to": found.sum.value,
        "revision": found.plan.revision,
    }
    if any(each.below is not None for each in found.contributions):
        result["numerator"] = found.shown(sum(each.above for each in found.contributions))
        result["denominator"] = sum(each.below or 0 for each in found.contributions)
    return result


def _contribution(each: Contribution, found: Explanation) -> dict[str, Any]:
    share: dict[str, Any] = {"value": found.shown(each.above)}
    if each.below is not None:
        share = {"numerator": found.shown(each.above), "denominator": each.below}
    facts = [{**asdict(fact.origin), "source": fact.source, "id": fact.id} for fact in each.entity.facts]
    return {"kind": each.entity.kind, "entity": each.entity.id, "day": each.day, **share, "facts": facts}
