"""A scope's outlook at the end of a working day: what the shortage rule needs to look ahead."""

from collections.abc import Mapping
from datetime import date, timedelta

from quota import cells
from quota.periods import Period, period_of
from quota.plans import PlanIndex
from schemas.credits import Parts
from schemas.standings import Outlook

RECENT = timedelta(days=28)


def outlook(scope: str, day: date, totals: Parts, by_day: Mapping[str, Parts], plan: PlanIndex) -> Outlook:
    """The outlook of a scope; `totals` are all its days merged, `by_day` each day's parts.

    Open amounts by the day of creation leave out deals created after `day`; counts and amounts of what is open do not.
    """
    today = day.isoformat()
    quarter = period_of("quarter", day, plan.calendar(scope))
    known, unknown = _open_amounts(by_day, today, plan)
    recent = [by_day[created] for created in _days(day - RECENT + timedelta(days=1), day) if created in by_day]
    stages = [(stage.id, stage.early) for stage in plan.open_stages]
    return Outlook(
        scope=scope,
        day=today,
        open=known,
        open_unknown=unknown,
        created=sum(parts.get("opportunities_created", 0) for parts in recent),
        early_created=sum(parts.get(cells.EARLY_CREATED, 0) for parts in recent),
        won=totals.get("deals_won", 0),
        lost=totals.get("deals_lost", 0),
        won_amount=totals.get(cells.REVENUE, 0),
        credited={quarter.id: _credited(by_day, quarter)},
        open_count=sum(_in_stage(totals, name) for name, _ in stages),
        open_amount=sum(_amount_in_stage(totals, name) for name, _ in stages),
        early_count=sum(_in_stage(totals, name) for name, early in stages if early),
        early_amount=sum(_amount_in_stage(totals, name) for name, early in stages if early),
    )


def _open_amounts(by_day: Mapping[str, Parts], today: str, plan: PlanIndex) -> tuple[dict[str, int], dict[str, int]]:
    known_names = [f"{cells.OPEN_AMOUNT}{stage.id}" for stage in plan.open_stages]
    unknown_names = [f"{cells.OPEN_UNKNOWN_AMOUNT}{stage.id}" for stage in plan.open_stages]
    known: dict[str, int] = {}
    unknown: dict[str, int] = {}
    for day in sorted(by_day):
        if day > today:
            break
        parts = by_day[day]
        for names, amounts in ((known_names, known), (unknown_names, unknown)):
            amount = 0
            for name in names:
                amount += parts.get(name, 0)
            if amount:
                amounts[day] = amount
    return known, unknown


def _credited(by_day: Mapping[str, Parts], quarter: Period) -> int:
    days = _days(quarter.start, quarter.end - timedelta(days=1))
    return sum(by_day[day].get(cells.REVENUE, 0) for day in days if day in by_day)


def _days(first: date, last: date) -> list[str]:
    return [date.fromordinal(number).isoformat() for number in range(first.toordinal(), last.toordinal() + 1)]


def _in_stage(parts: Parts, stage: str) -> int:
    return parts.get(f"{cells.OPEN}{stage}", 0) + parts.get(f"{cells.OPEN_UNKNOWN}{stage}", 0)


def _amount_in_stage(parts: Parts, stage: str) -> int:
    return parts.get(f"{cells.OPEN_AMOUNT}{stage}", 0) + parts.get(f"{cells.OPEN_UNKNOWN_AMOUNT}{stage}", 0)
