"""A scope's outlook at the end of a working day: what the shortage rule needs to look ahead."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from quota import cells
from quota.periods import period_of
from quota.plans import PlanIndex
from schemas.credits import Parts
from schemas.standings import Outlook

RECENT = timedelta(days=28)
_DAY = timedelta(days=1)
_COUNTS = (cells.OPEN, cells.OPEN_UNKNOWN)
_AMOUNTS = (cells.OPEN_AMOUNT, cells.OPEN_UNKNOWN_AMOUNT)


class Opened(NamedTuple):
    """What a scope has open: all components of open deals merged, and amounts by the day of creation.

    Deals whose creation is not known stand under the day on which they were first seen open.
    """

    parts: Parts
    known: dict[str, int]
    unknown: dict[str, int]


def outlook(
    scope: str, day: date, totals: Parts, opened: Opened, by_day: Mapping[str, Parts], plan: PlanIndex
) -> Outlook:
    """The outlook of a scope; closings come from `totals`, all of its days merged, creations from each day's parts.

    `by_day` holds at least the last 28 days, and those of the current quarter. Open amounts by the day of creation
    leave out deals created after `day`; counts and amounts of what is open do not.
    """
    quarter = period_of("quarter", day, plan.calendar(scope))
    today, since = day.isoformat(), (day - RECENT + _DAY).isoformat()
    recent = [parts for at, parts in by_day.items() if since <= at <= today]
    first, end = quarter.start.isoformat(), quarter.end.isoformat()
    credited = sum(parts.get(cells.REVENUE, 0) for at, parts in by_day.items() if first <= at < end)
    stages = [stage.id for stage in plan.open_stages]
    early = [stage.id for stage in plan.open_stages if stage.early]
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
        credited={quarter.id: credited},
        open_count=_total(_COUNTS, stages, opened.parts),
        open_amount=_total(_AMOUNTS, stages, opened.parts),
        early_count=_total(_COUNTS, early, opened.parts),
        early_amount=_total(_AMOUNTS, early, opened.parts),
    )


def _until(last: str, amounts: Mapping[str, int]) -> dict[str, int]:
    """The days that have come, in their order, in which amounts are added up later."""
    return {day: amount for day, amount in sorted(amounts.items()) if day <= last}


def _total(prefixes: Iterable[str], stages: Iterable[str], parts: Parts) -> int:
    return sum(parts.get(f"{prefix}{stage}", 0) for prefix in prefixes for stage in stages)
