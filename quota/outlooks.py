"""A scope's outlook at the end of a working day: what the shortage rule needs to look ahead."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from quota import cells
from quota.periods import Period
from quota.plans import PlanIndex
from schemas.credits import Parts
from schemas.standings import Outlook

RECENT = 28
"""Days, today included, whose new opportunities say how many are coming."""
_COUNTS = (cells.OPEN, cells.OPEN_UNKNOWN)
_AMOUNTS = (cells.OPEN_AMOUNT, cells.OPEN_UNKNOWN_AMOUNT)


class Opened(NamedTuple):
    """What a scope has open: all components of open deals merged, and amounts by the day of creation.

    Deals whose creation is not known stand under the day on which they were first seen open.
    """

    parts: Parts
    known: dict[str, int]
    unknown: dict[str, int]


class Known(NamedTuple):
    """What a scope's cells add up to: all days merged, what is open, and the current quarter with its days merged.

    `by_day` holds each day's parts, at least those of the last 28 days.
    """

    totals: Parts
    opened: Opened
    by_day: Mapping[str, Parts]
    quarter: tuple[Period, Parts]


def outlook(scope: str, day: date, known: Known, plan: PlanIndex) -> Outlook:
    """The outlook of a scope; closings come from the totals, creations from each day's parts.

    Open amounts by the day of creation leave out deals created after `day`; counts and amounts of what is open do not.
    """
    totals, opened, by_day, (quarter, sold) = known
    today = day.isoformat()
    recent = [by_day[at] for at in _recent(day) if at in by_day]
    stages, early = _components(plan)
    return Outlook(
        scope=scope,
        day=today,
        open=_until(today, opened.known),
        open_unknown=_until(today, opened.unknown),
        created=sum(parts.get("opportunities_created", 0) for parts in recent),
        early_created=sum(parts.get(cells.EARLY_CREATED, 0) for parts in recent),
        won=totals.get("deals_won", 0),
        lost=totals.get("deals_lost", 0),
        won_amount=totals.get(cells.REVENUE, 0),
        credited={quarter.id: sold.get(cells.REVENUE, 0)},
        open_count=_total(stages.counts, opened.parts),
        open_amount=_total(stages.amounts, opened.parts),
        early_count=_total(early.counts, opened.parts),
        early_amount=_total(early.amounts, opened.parts),
    )


def _until(last: str, amounts: Mapping[str, int]) -> dict[str, int]:
    """The days that have come, in their order, in which amounts are added up later."""
    return {day: amounts[day] for day in sorted(amounts) if day <= last}


@lru_cache(maxsize=64)
def _recent(day: date) -> tuple[str, ...]:
    return tuple((day - timedelta(days=back)).isoformat() for back in range(RECENT))


class _Components(NamedTuple):
    """The names of what is open in some stages, made once: they are looked up for every scope and day."""

    counts: frozenset[str]
    amounts: frozenset[str]


@lru_cache(maxsize=16)
def _components(plan: PlanIndex) -> tuple[_Components, _Components]:
    """Those of all open stages, and of the early ones."""
    stages = plan.open_stages
    return _named(stage.id for stage in stages), _named(stage.id for stage in stages if stage.early)


def _named(stages: Iterable[str]) -> _Components:
    ids = tuple(stages)
    counts, amounts = (frozenset(f"{kind}{each}" for kind in kinds for each in ids) for kinds in (_COUNTS, _AMOUNTS))
    return _Components(counts, amounts)


def _total(components: frozenset[str], parts: Parts) -> int:
    return sum(parts[component] for component in components & parts.keys())
