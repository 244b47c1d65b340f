"""What a scope's days add up to: what is open of them, by period, and for all time."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache

from quota.calendars import WorkCalendar
from quota.cells import LEAD, STATE, WON_DEAL, add, put
from quota.periods import Period, period_of
from schemas.credits import Parts

day_of = cache(date.fromisoformat)


def split(change: Mapping[str, int]) -> tuple[Parts, Parts, bool]:
    """What of a change is open deals, what counts in periods (no single won deals), and whether deals were won."""
    opened, rest, won = {}, {}, False
    for part, number in change.items():
        if "|" not in part:
            rest[part] = number
        elif part.startswith(STATE):
            opened[part] = number
        elif part.startswith(WON_DEAL):
            won = True
        else:
            rest[part] = number
    return opened, rest, won


def lasting(rest: Parts) -> Parts:
    """What of a period's parts counts for all time: all but leads; perhaps the parts themselves."""
    if any(part.startswith(LEAD) for part in rest):
        return {part: number for part, number in rest.items() if not part.startswith(LEAD)}
    return rest


def by_period(days: Mapping[str, Parts], kinds: Iterable[str], calendar: WorkCalendar) -> list[tuple[Period, Parts]]:
    """What days (YYYY-MM-DD → what counts in periods) add up to in every period of these kinds; days keep their dicts.

    Quarters are added up from months rather than from days, and so is every kind from the one before it if all of
    that one's periods each lie in one of its own.
    """
    found: list[tuple[Period, Parts]] = []
    finer = single = [(period_of("day", day_of(day), calendar), parts) for day, parts in days.items()]
    for kind in kinds:
        if kind == "day":
            finer = single
        else:
            sums = _rolled_up(finer, kind, calendar)
            finer = _rolled_up(single, kind, calendar) or [] if sums is None else sums
        found += finer
    return found


def _rolled_up(
    finer: Iterable[tuple[Period, Parts]], kind: str, calendar: WorkCalendar
) -> list[tuple[Period, Parts]] | None:
    """The sums of a kind; None if one of the finer periods lies in two of its."""
    periods: dict[str, Period] = {}
    sums: dict[str, Parts] = {}
    for period, parts in finer:
        whole = period_of(kind, period.start, calendar)
        if period.end > whole.end:
            return None
        periods[whole.id] = whole
        put(sums, whole.id, parts)
    return [(periods[name], parts) for name, parts in sums.items()]


def total(parts: Iterable[Parts]) -> Parts:
    """What counts for all time of the periods of one kind."""
    found: Parts = {}
    for each in parts:
        add(found, lasting(each))
    return found
