"""Fiscal years of whole weeks (4-4-5, 4-5-4, 5-4-4): which day each of their months begins with."""

from calendar import monthrange
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate

from schemas.plan import FiscalWeeks

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
_LONG_YEAR = 53 * _WEEK
_HALF_A_WEEK = 3


def year_of(day: date, rule: FiscalWeeks) -> int:
    """The number by which the fiscal year of the day is called."""
    over = sum(_closing_day(year, rule) < day for year in (day.year - 1, day.year))
    return day.year - 1 + over - _ahead(rule)


@lru_cache(maxsize=4096)
def month_starts(year: int, rule: FiscalWeeks) -> tuple[date, ...]:
    """The first days of the twelve fiscal months of a year, and the first day after it."""
    closing = year + _ahead(rule)
    first, end = (_closing_day(each, rule) + _DAY for each in (closing - 1, closing))
    lengths = [int(weeks) for weeks in rule.pattern.split("-")] * 4
    if end - first == _LONG_YEAR:
        lengths[rule.week_53 - 1] += 1
    return tuple(first + weeks * _WEEK for weeks in accumulate(lengths, initial=0))


def _closing_day(year: int, rule: FiscalWeeks) -> date:
    """The last day of the fiscal year that the rule's month of this calendar year closes."""
    month_end = date(year, rule.month, monthrange(year, rule.month)[1])
    since = (month_end.weekday() - rule.weekday) % 7
    last = month_end - timedelta(days=since)
    return last + _WEEK if rule.ends == "nearest" and since > _HALF_A_WEEK else last


def _ahead(rule: FiscalWeeks) -> int:
    """How many years the calendar year of the end is ahead of the one that names the fiscal year."""
    return int(rule.named_for == "start" and rule.month != 12)
