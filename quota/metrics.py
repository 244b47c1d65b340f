"""The value of a metric: from a cell's components to a measure, or null and the reason."""

from collections.abc import Callable, Mapping
from functools import lru_cache

from msgspec import Struct

from quota import cells
from quota.errors import InvalidRecord
from quota.money import decimal
from quota.plans import PlanIndex
from schemas.plan import Stage
from schemas.standings import Measure

Parts = Mapping[str, int]
_COUNTS = tuple(Measure(value=number) for number in range(2000))
_NO_WON = Measure(value=None, reason="no_won_deals")
_CLOSED_PERIOD = Measure(value=None, reason="closed_period")


class OpenStage(Struct, frozen=True):
    """What is open in a stage; amounts in minor units, weighted by the stage's probability to the whole unit.

    Of the count, `unpriced` are in none of the amounts.
    """

    stage: Stage
    count: int
    amount: int
    weighted: int
    unpriced: int


def value(metric: str, parts: Parts, pipeline: Parts | None, plan: PlanIndex) -> Measure:
    """The metric's measure; `pipeline` None says that the period is closed. InvalidRecord for an unknown metric."""
    declared = plan.metrics.get(metric)
    if declared is None:
        raise InvalidRecord(f"there is no metric {metric!r}; known are {', '.join(sorted(plan.metrics))}")
    if declared.counted:
        return _count(parts.get(metric, 0))
    if declared.aggregation == "stock":
        return _CLOSED_PERIOD if pipeline is None else stocks(open_stages(pipeline, plan), plan)[metric]
    return _distinct(parts, plan)[metric] if declared.aggregation == "distinct" else _DERIVED[metric](parts, plan)


def values(parts: Parts, plan: PlanIndex) -> dict[str, Measure]:
    """The measures of all metrics that happen in a period, declared ones included."""
    found = dict.fromkeys(plan.counts, _COUNTS[0])
    for metric in parts.keys() & found.keys():
        found[metric] = _count(parts[metric])
    if _UNDERIVED.isdisjoint(parts):
        return found | _nothing_derived(plan)
    return found | _derived(parts, plan)


def _derived(parts: Parts, plan: PlanIndex) -> dict[str, Measure]:
    if _CLOSING.isdisjoint(parts):
        return _nothing_derived(plan) | _distinct(parts, plan)
    return {metric: derive(parts, plan) for metric, derive in _DERIVED.items()} | _distinct(parts, plan)


@lru_cache(maxsize=16)
def _nothing_derived(plan: PlanIndex) -> dict[str, Measure]:
    return {metric: derive({}, plan) for metric, derive in _DERIVED.items()} | _distinct({}, plan)


def open_stages(pipeline: Parts, plan: PlanIndex) -> list[OpenStage]:
    """Every open stage of the plan in order, with what stands in it."""
    if not pipeline:
        return _nothing_open(plan)
    found = []
    for stage in plan.open_stages:
        name = stage.id
        count = pipeline.get(f"{cells.OPEN}{name}", 0) + pipeline.get(f"{cells.OPEN_UNKNOWN}{name}", 0)
        amount = pipeline.get(f"{cells.OPEN_AMOUNT}{name}", 0) + pipeline.get(f"{cells.OPEN_UNKNOWN_AMOUNT}{name}", 0)
        unpriced = pipeline.get(f"{cells.OPEN_UNPRICED}{name}", 0)
        found.append(OpenStage(stage, count, amount, round(amount * stage.probability), unpriced))
    return found


@lru_cache(maxsize=16)
def _nothing_open(plan: PlanIndex) -> list[OpenStage]:
    return [OpenStage(stage, 0, 0, 0, 0) for stage in plan.open_stages]


def stocks(stages: list[OpenStage], plan: PlanIndex) -> dict[str, Measure]:
    """The measures of what is open now."""
    unpriced = sum(stage.unpriced for stage in stages)
    return {
        "pipeline_count": _count(sum(stage.count for stage in stages)),
        "pipeline_amount": _money(sum(stage.amount for stage in stages), plan, excluded=unpriced),
        "pipeline_weighted": _money(sum(stage.weighted for stage in stages), plan, excluded=unpriced),
        "early_stage_count": _count(early(stages)),
    }


def early(stages: list[OpenStage]) -> int:
    """How many open deals are in early stages."""
    return sum(stage.count for stage in stages if stage.stage.early)


def median(ages: Mapping[int, int]) -> float | None:
    """The median of values given with their counts, of an even number the mean of the middle two; None of nothing."""
    total = sum(ages.values())
    if total <= 0:
        return None
    lower, upper = (total - 1) // 2, total // 2
    seen = 0
    first: int | None = None
    for age in sorted(ages):
        seen += ages[age]
        if first is None and seen > lower:
            first = age
        if first is not None and seen > upper:
            return (first + age) / 2
    return None


def _count(number: int) -> Measure:
    return _COUNTS[number] if 0 <= number < 2000 else Measure(value=number)


def _money(amount: int, plan: PlanIndex, n: int | None = None, excluded: int = 0) -> Measure:
    return Measure(decimal(amount, plan.currency), plan.currency, n, excluded=excluded or None)


_SPOKEN = frozenset({"calls_connected", "chats", "meetings_held"})
"""Leads and contacts never come without any of these."""
_CLOSING = frozenset({"deals_won", "deals_lost", cells.REVENUE, cells.UNPRICED, cells.COSTED, cells.MARGIN})
"""Without any of these, all derived metrics but the distinct ones are what they are of nothing: ages come with them."""
_UNDERIVED = _SPOKEN | _CLOSING


def _distinct(parts: Parts, plan: PlanIndex) -> dict[str, Measure]:
    """The leads spoken to, and the contacts by day of each metric that counts those."""
    talks = dict.fromkeys(plan.conversations.distinct, 0)
    leads = 0
    if not _SPOKEN.isdisjoint(parts):
        # A long loop that runs for every standing; most components are told apart by how they begin.
        starts = [component[:5] for component in parts]
        leads = starts.count(cells.LEAD)
        if cells.TALK in starts:
            for component in parts:
                if component[:5] == cells.TALK and (metric := component[5 : component.index("|", 5)]) in talks:
                    talks[metric] += 1
    return {"leads_spoken_to": _count(leads), **{metric: _count(number) for metric, number in talks.items()}}


def _revenue(parts: Parts, plan: PlanIndex) -> Measure:
    return _money(parts.get(cells.REVENUE, 0), plan, excluded=parts.get(cells.UNPRICED, 0))


def _gross_margin(parts: Parts, plan: PlanIndex) -> Measure:
    won, costed = parts.get("deals_won", 0), parts.get(cells.COSTED, 0)
    if not won:
        return _NO_WON
    if not costed:
        return Measure(None, n=0, reason="no_costs", excluded=won)
    return _money(parts.get(cells.MARGIN, 0), plan, costed, won - costed)


def _win_rate(parts: Parts, plan: PlanIndex) -> Measure:
    won = parts.get("deals_won", 0)
    closed = won + parts.get("deals_lost", 0)
    return Measure(won / closed, n=closed) if closed else Measure(None, n=0, reason="no_closed_deals")


def _average_deal_value(parts: Parts, plan: PlanIndex) -> Measure:
    won, unpriced = parts.get("deals_won", 0), parts.get(cells.UNPRICED, 0)
    if not won:
        return _NO_WON
    priced = won - unpriced
    if not priced:
        return Measure(None, n=0, reason="no_priced_deals", excluded=unpriced)
    # A tie goes to the even unit, as in the conversion of currencies; exact also beyond a float's digits.
    return _money(_rounded(parts.get(cells.REVENUE, 0), priced), plan, priced, unpriced)


def _rounded(numerator: int, denominator: int) -> int:
    whole, rest = divmod(numerator, denominator)
    return whole + (rest * 2 > denominator or (rest * 2 == denominator and whole % 2 == 1))


def _cycle_days_median(parts: Parts, plan: PlanIndex) -> Measure:
    won = parts.get("deals_won", 0)
    if not won:
        return _NO_WON
    ages = cells.won_ages(parts)
    middle = median(ages)
    if middle is None:
        return Measure(None, n=0, reason="no_known_cycle", excluded=won)
    known = sum(ages.values())
    return Measure(middle, n=known, excluded=(won - known) or None)


_DERIVED: dict[str, Callable[[Parts, PlanIndex], Measure]] = {
    "revenue": _revenue,
    "gross_margin": _gross_margin,
    "win_rate": _win_rate,
    "average_deal_value": _average_deal_value,
    "cycle_days_median": _cycle_days_median,
}
