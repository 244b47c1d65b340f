"""A scope's outlook at the end of a working day: what the shortage rule needs to look ahead."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import lru_cache

from quota import cells
from quota.periods import period_of
from quota.plans import PlanIndex
from schemas.credits import Parts
from schemas.standings import Outlook

RECENT = timedelta(days=28)
_DAY = timedelta(days=1)
_COUNTS = (cells.OPEN, cells.OPEN_UNKNOWN)
_AMOUNTS = (cells.OPEN_AMOUNT, cells.OPEN_UNKNOWN_AMOUNT)


def outlook(scope: str, day: date, totals: Parts, by_day: Mapping[str, Parts], plan: PlanIndex) -> Outlook:
    """The outlook of a scope; closings come from `totals`, all of its days merged, the rest from each day's parts.

    `by_day` holds at least the days with open deals, the last 28, and those of the current quarter. Open amounts by
    the day of creation leave out deals created after `day`; counts and amounts of what is open do not.
    """
    quarter = period_of("quarter", day, plan.calendar(scope))
    recent = _days(day - RECENT + _DAY, day + _DAY)
    today = day.isoformat()
    stages = [stage.id for stage in plan.open_stages]
    early = [stage.id for stage in plan.open_stages if stage.early]
    opened = _opened(stages, by_day)
    return Outlook(
        scope=scope,
        day=today,
        open=_amounts(cells.OPEN_AMOUNT, stages, opened, today),
        open_unknown=_amounts(cells.OPEN_UNKNOWN_AMOUNT, stages, opened, today),
        created=_sum("opportunities_created", recent, by_day),
        early_created=_sum(cells.EARLY_CREATED, recent, by_day),
        won=totals.get("deals_won", 0),
        lost=totals.get("deals_lost", 0),
        won_amount=totals.get(cells.REVENUE, 0),
        credited={quarter.id: _sum(cells.REVENUE, _days(quarter.start, quarter.end), by_day)},
        open_count=_total(_COUNTS, stages, opened),
        open_amount=_total(_AMOUNTS, stages, opened),
        early_count=_total(_COUNTS, early, opened),
        early_amount=_total(_AMOUNTS, early, opened),
    )


def _opened(stages: Iterable[str], by_day: Mapping[str, Parts]) -> dict[str, Parts]:
    """Each component of open deals, by day."""
    found: dict[str, Parts] = {}
    for stage in stages:
        for counts, amounts in zip(_COUNTS, _AMOUNTS, strict=True):
            count, amount = f"{counts}{stage}", f"{amounts}{stage}"
            # Where there is an amount there is a count, so the other days need not be looked at again.
            found[count] = {day: parts[count] for day, parts in by_day.items() if count in parts}
            found[amount] = {day: by_day[day].get(amount, 0) for day in found[count]}
    return found


def _amounts(prefix: str, stages: Iterable[str], opened: Mapping[str, Parts], last: str) -> Parts:
    """The amount in all stages by day, for the days that have come, in order of days."""
    found: Parts = {}
    for stage in stages:
        cells.add(found, opened[f"{prefix}{stage}"])
    return {day: found[day] for day in sorted(found) if day <= last}


def _total(prefixes: Iterable[str], stages: Iterable[str], opened: Mapping[str, Parts]) -> int:
    return sum(sum(opened[f"{prefix}{stage}"].values()) for prefix in prefixes for stage in stages)


def _sum(component: str, days: Iterable[str], by_day: Mapping[str, Parts]) -> int:
    return sum(by_day[day].get(component, 0) for day in days if day in by_day)


@lru_cache(maxsize=64)
def _days(first: date, end: date) -> tuple[str, ...]:
    return tuple(date.fromordinal(number).isoformat() for number in range(first.toordinal(), end.toordinal()))
