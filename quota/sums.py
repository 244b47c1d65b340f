"""What a scope's days add up to: what is open of them, by period, and for all time."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import NamedTuple

from quota.calendars import WorkCalendar
from quota.cells import LOST_AGE, REVENUE, STATE, WON_AGE, WON_DEAL, put
from quota.periods import Period, period_of
from schemas.credits import Parts

day_of = cache(date.fromisoformat)
_CLOSINGS = frozenset({"deals_won", "deals_lost", REVENUE})
_AGES = (WON_AGE, LOST_AGE)
_SHORT = 5
_MARKED = frozenset(part[:_SHORT] for part in (*STATE, WON_DEAL, *_AGES, *_CLOSINGS))
"""How all components begin that count not only in periods: most begin otherwise, and are looked at no further."""


class Split(NamedTuple):
    """What of a change is open deals, what counts in periods, what of that for all time, and whether deals were won.

    For all time counts how many deals closed, at what age and for how much; single won deals count in none of these.
    """

    opened: Parts
    rest: Parts
    closed: Parts
    won: bool


def split(change: Mapping[str, int]) -> Split:
    """Sorts the components of a cell, or of its change, by where they count."""
    marked = [part for part in change if part[:_SHORT] in _MARKED]
    rest = {**change}
    opened, closed, won = {}, {}, False
    for part in marked:
        if part.startswith(STATE):
            opened[part] = rest.pop(part)
        elif part.startswith(WON_DEAL):
            won = True
            del rest[part]
        elif part in _CLOSINGS or part.startswith(_AGES):
            closed[part] = rest[part]
    return Split(opened, rest, closed, won)


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
