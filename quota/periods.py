"""Periods: half-open spans of local days, and the ids by which people call them.

`2026-11-21`, `2026-W47`, `2026-11`, `2026-Q4`, `2026`; with a fiscal year that does not start in January, quarters and
years are `FY2026-Q1` and `FY2026`, named for the calendar year in which the fiscal year ends. Week 1 is the first with
at least four days in the year (ISO 8601, applied to the calendar's first weekday).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from quota.calendars import WorkCalendar
from quota.errors import InvalidRecord

_HELP = "write 2026-11-21, 2026-W47, 2026-11, 2026-Q4 or 2026"
_FISCAL_HELP = "write 2026-11-21, 2026-W47, 2026-11, FY2026-Q4 or FY2026 (the fiscal year does not start in January)"
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Period:
    """The days from `start` (inclusive) to `end` (exclusive)."""

    kind: str
    id: str
    start: date
    end: date


def period_of(kind: str, day: date, calendar: WorkCalendar) -> Period:
    """The period of that kind in which the day lies; InvalidRecord for a kind that does not exist."""
    return _period(kind, day, calendar.first_weekday, calendar.fiscal_start_month)


@lru_cache(maxsize=65536)
def parse_period(text: str, calendar: WorkCalendar) -> Period:
    """The period with that id under the calendar; InvalidRecord, with the ways to write one, if there is none."""
    for kind, pattern, day_in in _FORMS:
        match = pattern.fullmatch(text)
        if match is None:
            continue
        try:
            period = period_of(kind, day_in(match, calendar), calendar)
        except (ValueError, OverflowError):
            break
        if text in (period.id, fiscal_month(period, calendar)):
            return period
    wanted = _HELP if calendar.fiscal_start_month == 1 else _FISCAL_HELP
    message = f"{text!r} is not a period of calendar {calendar.id}: {wanted}"
    raise InvalidRecord(message)


def fiscal_month(period: Period, calendar: WorkCalendar) -> str | None:
    """The fiscal name of a month (`FY2026-P03`), by which it may be asked for as well; None for other kinds."""
    if period.kind != "month":
        return None
    number = (period.start.month - calendar.fiscal_start_month) % 12 + 1
    return f"FY{_fiscal_year(period.start, calendar.fiscal_start_month)}-P{number:02d}"


@lru_cache(maxsize=65536)
def _period(kind: str, day: date, first_weekday: int, fiscal_start: int) -> Period:
    match kind:
        case "day":
            return Period(kind, day.isoformat(), day, day + timedelta(days=1))
        case "week":
            return _week(day, first_weekday)
        case "month":
            return Period(kind, f"{day.year:04d}-{day.month:02d}", *_months(day.year, day.month, 1))
        case "quarter":
            return _quarter(day, fiscal_start)
        case "year":
            year = _fiscal_year(day, fiscal_start)
            first = year if fiscal_start == 1 else year - 1
            return Period(kind, f"{_prefix(fiscal_start)}{year:04d}", *_months(first, fiscal_start, 12))
    message = f"{kind!r} is not a kind of period: use day, week, month, quarter or year"
    raise InvalidRecord(message)


def _week(day: date, first_weekday: int) -> Period:
    start = day - timedelta(days=(day.weekday() - first_weekday) % 7)
    # The fourth day lies in the year that holds most of the week.
    middle = start + timedelta(days=3)
    number = (middle.timetuple().tm_yday - 1) // 7 + 1
    return Period("week", f"{middle.year:04d}-W{number:02d}", start, start + _WEEK)


def _quarter(day: date, fiscal_start: int) -> Period:
    offset = (day.month - fiscal_start) % 12
    name = f"{_prefix(fiscal_start)}{_fiscal_year(day, fiscal_start):04d}-Q{offset // 3 + 1}"
    months = day.year * 12 + day.month - 1 - offset % 3
    return Period("quarter", name, *_months(months // 12, months % 12 + 1, 3))


def _months(year: int, month: int, length: int) -> tuple[date, date]:
    last = year * 12 + month - 1 + length
    return date(year, month, 1), date(last // 12, last % 12 + 1, 1)


def _fiscal_year(day: date, fiscal_start: int) -> int:
    return day.year + 1 if fiscal_start != 1 and day.month >= fiscal_start else day.year


def _prefix(fiscal_start: int) -> str:
    return "" if fiscal_start == 1 else "FY"


def _day_in_week(match: re.Match[str], calendar: WorkCalendar) -> date:
    fourth = date(int(match["year"]), 1, 4)
    first = fourth - timedelta(days=(fourth.weekday() - calendar.first_weekday) % 7)
    return first + (int(match["week"]) - 1) * _WEEK


def _day_in_quarter(match: re.Match[str], calendar: WorkCalendar) -> date:
    return _fiscal_day(int(match["year"]), (int(match["quarter"]) - 1) * 3, calendar)


def _day_in_year(match: re.Match[str], calendar: WorkCalendar) -> date:
    return _fiscal_day(int(match["year"]), 0, calendar)


def _day_in_fiscal_month(match: re.Match[str], calendar: WorkCalendar) -> date:
    return _fiscal_day(int(match["year"]), int(match["month"]) - 1, calendar)


def _fiscal_day(year: int, months: int, calendar: WorkCalendar) -> date:
    start = calendar.fiscal_start_month
    total = (year if start == 1 else year - 1) * 12 + start - 1 + months
    return date(total // 12, total % 12 + 1, 1)


_Form = tuple[str, re.Pattern[str], Callable[[re.Match[str], WorkCalendar], date]]
_FORMS: tuple[_Form, ...] = (
    ("day", re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII), lambda match, _: date.fromisoformat(match[0])),
    ("week", re.compile(r"(?P<year>\d{4})-W(?P<week>\d{2})", re.ASCII), _day_in_week),
    ("month", re.compile(r"\d{4}-\d{2}", re.ASCII), lambda match, _: date.fromisoformat(f"{match[0]}-01")),
    ("month", re.compile(r"FY(?P<year>\d{4})-P(?P<month>\d{2})", re.ASCII), _day_in_fiscal_month),
    ("quarter", re.compile(r"(FY)?(?P<year>\d{4})-Q(?P<quarter>[1-4])", re.ASCII), _day_in_quarter),
    ("year", re.compile(r"(FY)?(?P<year>\d{4})", re.ASCII), _day_in_year),
)
