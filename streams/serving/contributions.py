"""What a number is made of: the parts of each deal, meeting and activity that add up to it."""

from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from quota import cells
from quota.conversations import talk_of
from quota.credits import fan_out
from quota.periods import Period
from quota.plans import PlanIndex
from schemas.credits import Parts
from streams.serving.entities import Entity


@dataclass(frozen=True)
class Contribution:
    """What one entity adds to a scope on a day; `above` and `below` the line of a fraction where the metric is one."""

    entity: Entity
    day: str
    parts: Parts
    above: int = 0
    below: int | None = None


async def of_scope(entities: AsyncIterable[Entity], scope: str, plan: PlanIndex) -> list[Contribution]:
    """Everything that counts for the scope, by day and then by entity."""
    found = [
        Contribution(entity, day, parts)
        async for entity in entities
        for (credited, day), parts in fan_out(entity.adds, plan).items()
        if credited == scope
    ]
    return sorted(found, key=lambda each: (each.day, each.entity.kind, each.entity.id))


def within(found: Iterable[Contribution], period: Period) -> list[Contribution]:
    """Those whose day lies in the period."""
    return [each for each in found if period.start <= date.fromisoformat(each.day) < period.end]


def merged(found: Iterable[Contribution]) -> Parts:
    """The sum of all parts."""
    total: Parts = {}
    for each in found:
        cells.add(total, each.parts)
    return total


def valued(metric: str, found: Sequence[Contribution], plan: PlanIndex) -> list[Contribution]:
    """Those that have to do with the metric, each with its share; shares add up to the metric's value exactly."""
    declared = plan.metrics[metric]
    if declared.counted:
        return [_with(each, each.parts[metric]) for each in found if metric in each.parts]
    if declared.aggregation == "distinct":
        return [*_firsts(cells.LEAD if metric == "leads_spoken_to" else talk_of(metric), found)]
    return [*_VALUES[metric](found, plan)]


Values = Callable[[Sequence[Contribution], PlanIndex], Iterator[Contribution]]


def _with(each: Contribution, above: int, below: int | None = None) -> Contribution:
    return Contribution(each.entity, each.day, each.parts, above, below)


def _component(name: str) -> Values:
    def values(found: Sequence[Contribution], plan: PlanIndex) -> Iterator[Contribution]:
        return (_with(each, each.parts[name]) for each in found if name in each.parts)

    return values


def _win_rate(found: Sequence[Contribution], plan: PlanIndex) -> Iterator[Contribution]:
    for each in found:
        won, lost = each.parts.get("deals_won", 0), each.parts.get("deals_lost", 0)
        if won or lost:
            yield _with(each, won, won + lost)


def _average_deal_value(found: Sequence[Contribution], plan: PlanIndex) -> Iterator[Contribution]:
    for each in found:
        priced = each.parts.get("deals_won", 0) - each.parts.get(cells.UNPRICED, 0)
        if priced:
            yield _with(each, each.parts.get(cells.REVENUE, 0), priced)


def _ages(found: Sequence[Contribution], plan: PlanIndex) -> Iterator[Contribution]:
    for each in found:
        for age, count in cells.by_number(each.parts, cells.WON_AGE):
            yield from (_with(each, age) for _ in range(count))


def _firsts(prefix: str, found: Sequence[Contribution]) -> Iterator[Contribution]:
    """Those with a component that begins so, each with how many of its own were in none before."""
    known: set[str] = set()
    for each in found:
        named = {component for component in each.parts if component.startswith(prefix)}
        if named:
            yield _with(each, len(named - known))
            known |= named


def _stock(*prefixes: str, early: bool = False) -> Values:
    """The open components with one of these prefixes, of early stages only if asked for."""

    def values(found: Sequence[Contribution], plan: PlanIndex) -> Iterator[Contribution]:
        stages = [stage.id for stage in plan.open_stages if stage.early or not early]
        wanted = [f"{prefix}{stage}" for prefix in prefixes for stage in stages]
        for each in found:
            value = sum(each.parts.get(component, 0) for component in wanted)
            if value:
                yield _with(each, value)

    return values


def _weighted(found: Sequence[Contribution], plan: PlanIndex) -> Iterator[Contribution]:
    """Each deal's share of its stage's rounded total: what the total grows by when the deal is added to it."""
    for stage in plan.open_stages:
        amounts = [f"{prefix}{stage.id}" for prefix in (cells.OPEN_AMOUNT, cells.OPEN_UNKNOWN_AMOUNT)]
        total = 0
        for each in found:
            amount = sum(each.parts.get(component, 0) for component in amounts)
            if amount:
                before, total = total, total + amount
                yield _with(each, round(total * stage.probability) - round(before * stage.probability))


_VALUES: dict[str, Values] = {
    "revenue": _component(cells.REVENUE),
    "gross_margin": _component(cells.MARGIN),
    "win_rate": _win_rate,
    "average_deal_value": _average_deal_value,
    "cycle_days_median": _ages,
    "pipeline_count": _stock(cells.OPEN, cells.OPEN_UNKNOWN),
    "pipeline_amount": _stock(cells.OPEN_AMOUNT, cells.OPEN_UNKNOWN_AMOUNT),
    "pipeline_weighted": _weighted,
    "early_stage_count": _stock(cells.OPEN, cells.OPEN_UNKNOWN, early=True),
}
