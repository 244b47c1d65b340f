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


def outlook(scope: str, day: date, totals: Parts, by_day: Mapping[str, Parts], plan: PlanIndex) -> Outlook:
    """The outlook of a scope; `totals` are all its days merged, `by_day` each day's parts.

    Open amounts by the day of creation leave out deals created after `day`; counts and amounts of what is open do not.
    """
    today = day.isoformat()
    quarter = period_of("quarter", day, plan.calendar(scope))
    recent = _days(day - RECENT + _DAY, day + _DAY)
    stages = [(stage.id, stage.early) for stage in plan.open_stages]
    return Outlook(
        scope=scope,
        day=today,
        open=_by_creation(cells.OPEN_AMOUNT, totals, by_day, today, plan),
        open_unknown=_by_creation(cells.OPEN_UNKNOWN_AMOUNT, totals, by_day, today, plan),
        created=_sum("opportunities_created", recent, by_day),
        early_created=_sum(cells.EARLY_CREATED, recent, by_day),
        won=totals.get("deals_won", 0),
        lost=totals.get("deals_lost", 0),
        won_amount=totals.get(cells.REVENUE, 0),
        credited={quarter.id: _sum(cells.REVENUE, _days(quarter.start, quarter.end), by_day)},
        open_count=sum(_in_stage(totals, name) for name, _ in stages),
        open_amount=sum(_amount_in_stage(totals, name) for name, _ in stages),
        early_count=sum(_in_stage(totals, name) for name, early in stages if early),
        early_amount=sum(_amount_in_stage(totals, name) for name, early in stages if early),
    )


def _by_creation(
    prefix: str, totals: Parts, by_day: Mapping[str, Parts], today: str, plan: PlanIndex
) -> dict[str, int]:
    """The open amount by day, in order of days, over all stages; a stage that is empty in total costs nothing."""
    amounts: dict[str, int] = {}
    for name in (f"{prefix}{stage.id}" for stage in plan.open_stages):
        if name in totals:
            cells.add(amounts, {day: parts[name] for day, parts in by_day.items() if name in parts and day <= today})
    return dict(sorted(amounts.items()))


def _sum(component: str, days: Iterable[str], by_day: Mapping[str, Parts]) -> int:
    return sum(by_day[day].get(component, 0) for day in days if day in by_day)


@lru_cache(maxsize=64)
def _days(first: date, end: date) -> tuple[str, ...]:
    return tuple(date.fromordinal(number).isoformat() for number in range(first.toordinal(), end.toordinal()))


def _in_stage(parts: Parts, stage: str) -> int:
    return parts.get(f"{cells.OPEN}{stage}", 0) + parts.get(f"{cells.OPEN_UNKNOWN}{stage}", 0)


def _amount_in_stage(parts: Parts, stage: str) -> int:
    return parts.get(f"{cells.OPEN_AMOUNT}{stage}", 0) + parts.get(f"{cells.OPEN_UNKNOWN_AMOUNT}{stage}", 0)
