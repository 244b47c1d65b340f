"""What all deals of the company teach by the end of a day: how many reached each age, and how many closed at it."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from itertools import accumulate

from quota import cells
from quota.metrics import median
from quota.outlooks import Known
from quota.plans import PlanIndex
from schemas.credits import Parts
from schemas.standings import Baseline

POOL = 200
"""Ages of this many days and more are one."""


def baseline(day: date, known: Known, plan: PlanIndex) -> Baseline:
    """The company's baseline, of what is known of it on all of its days.

    Deals of unknown creation, and open ones created after `day`, have no age and are left out.
    """
    totals, by_day = known.totals, known.by_day
    won = cells.won_ages(totals)
    lost = dict(cells.by_number(totals, cells.LOST_AGE))
    alive = _open_ages(day, by_day, plan)
    return Baseline(
        day=day.isoformat(),
        reached=_reached((won, lost, alive)),
        won_at=_pooled(won),
        lost_at=_pooled(lost),
        won=totals.get("deals_won", 0),
        lost=totals.get("deals_lost", 0),
        won_amount=totals.get(cells.REVENUE, 0),
        first_closing=_first_closing(by_day),
        lead=_lead(won, known),
    )


def _first_closing(by_day: Mapping[str, Parts]) -> str | None:
    return min((day for day, parts in by_day.items() if "deals_won" in parts or "deals_lost" in parts), default=None)


def _open_ages(day: date, by_day: Mapping[str, Parts], plan: PlanIndex) -> dict[int, int]:
    today = day.toordinal()
    names = [f"{cells.OPEN}{stage.id}" for stage in plan.open_stages]
    ages: dict[int, int] = {}
    for created, parts in by_day.items():
        count = sum(parts[name] for name in names if name in parts)
        age = today - _ordinal(created)
        if count and age >= 0:
            ages[age] = ages.get(age, 0) + count
    return ages


@lru_cache(maxsize=65536)
def _ordinal(day: str) -> int:
    return date.fromisoformat(day).toordinal()


def _reached(known: Iterable[Mapping[int, int]]) -> tuple[int, ...]:
    """Deals known at each age; in the pool, the days that deals were known there."""
    ended = [0] * POOL
    older = days = 0
    for ages in known:
        for age, count in ages.items():
            if age < POOL:
                ended[age] += count
            else:
                older += count
                days += count * (age - POOL + 1)
    return (*(older + count for count in reversed(list(accumulate(reversed(ended))))), days)


def _pooled(ages: Mapping[int, int]) -> tuple[int, ...]:
    counts = [0] * (POOL + 1)
    for age, count in ages.items():
        counts[min(age, POOL)] += count
    return tuple(counts)


def _lead(won: Mapping[int, int], known: Known) -> int | None:
    """The median won cycle of what closed before the quarter, to the nearest day (a half is rounded up)."""
    quarter, merged = known.quarter
    end = quarter.end.isoformat()
    since = [merged, *(parts for day, parts in known.by_day.items() if day >= end and "deals_won" in parts)]
    before = dict(won)
    for age, count in ((age, count) for parts in since for age, count in cells.won_ages(parts).items()):
        before[age] -= count
    middle = median(before)
    return None if middle is None else int(middle + 0.5)
