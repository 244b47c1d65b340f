"""Periods: half-open spans of local days, and the ids by which people call them.

`2026-11-21`, `2026-W47`, `2026-11`, `2026-Q4`, `2026`; with a fiscal year that does not start in January, quarters and
years are `FY2026-Q1` and `FY2026`, named for the calendar year in which the fiscal year ends. Week 1 is the first with
at least four days in the year (ISO 8601, applied to the calendar's first weekday). In fiscal years of whole weeks
months are `FY2026-P03`. Periods of a table have the ids that it gives; before the first and after the last, periods of
the kind are those that the calendar has without the table, cut off where it begins or ends: `outside-month-2028-01-01`.
"""

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from quota.calendars import WorkCalendar
from quota.errors import InvalidRecord
from quota.tilings import OUTSIDE, PeriodTable, Tiling
from quota.whole_weeks import month_starts, year_of
from schemas.plan import FiscalWeeks

_HELP = "write 2026-11-21, 2026-W47, 2026-11, 2026-Q4 or 2026"
_FISCAL_HELP = "write 2026-11-21, 2026-W47, 2026-11, FY2026-Q4 or FY2026 (the fiscal year does not start in January)"
_WEEKS_HELP = "write 2026-11-21, 2026-W47, FY2026-P11, FY2026-Q4 or FY2026 (fiscal years are of whole weeks)"
_TABLE_HELP = "; or an id of the period table"
_WEEK = timedelta(days=7)
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True)
class Period:
    """The days from `start` (inclusive) to `end` (exclusive)."""

    kind: str
    id: str
    start: date
    end: date


def period_of(kind: str, day: date, calendar: WorkCalendar) -> Period:
    """The period of that kind in which the day lies; InvalidRecord for a kind that does not exist."""
    return _period(kind, day, calendar.tiling)


@lru_cache(maxsize=65536)
def parse_period(text: str, calendar: WorkCalendar) -> Period:
    """The period with that id under the calendar; InvalidRecord, with the ways to write one, if there is none."""
    table = calendar.tiling.table
    listed = table.named(text) if table else None
    if listed is not None:
        return period_of(*listed, calendar)
    for kind, pattern, day_in in _FORMS:
        match = pattern.fullmatch(text)
        if match is None:
            continue
        try:
            period = period_of(kind, day_in(match, calendar.tiling), calendar)
        except (ValueError, OverflowError):
            break
        if text in (period.id, fiscal_month(period, calendar)):
            return period
    message = f"{text!r} is not a period of calendar {calendar.id}: {_help(calendar.tiling)}"
    raise InvalidRecord(message)


def fiscal_month(period: Period, calendar: WorkCalendar) -> str | None:
    """The fiscal name of a calendar month (`FY2026-P03`), by which it may be asked for as well; else None."""
    tiling = calendar.tiling
    listed = tiling.table is not None and "month" in tiling.table
    if period.kind != "month" or tiling.weeks is not None or listed:
        return None
    number = (period.start.month - tiling.start_month) % 12 + 1
    return f"FY{_fiscal_year(period.start, tiling.start_month)}-P{number:02d}"


def _help(tiling: Tiling) -> str:
    rule = _WEEKS_HELP if tiling.weeks else _HELP if tiling.start_month == 1 else _FISCAL_HELP
    return rule + (_TABLE_HELP if tiling.table else "")


@lru_cache(maxsize=65536)
def _period(kind: str, day: date, tiling: Tiling) -> Period:
    if kind == "day":
        return Period(kind, day.isoformat(), day, day + timedelta(days=1))
    if kind == "week":
        return _week(day, tiling.first_weekday)
    if kind not in _MONTHS:
        message = f"{kind!r} is not a kind of period: use day, week, month, quarter or year"
        raise InvalidRecord(message)
    if tiling.table is not None and kind in tiling.table:
        return _in_table(kind, day, tiling.table, tiling)
    return _by_rule(kind, day, tiling)


def _in_table(kind: str, day: date, table: PeriodTable, tiling: Tiling) -> Period:
    row = table.row(kind, day)
    if row is not None:
        return Period(kind, row.id, row.start, row.end)
    period = _by_rule(kind, day, tiling)
    start, end = table.outside(kind, day, period.start, period.end)
    return Period(kind, f"{OUTSIDE}{kind}-{start.isoformat()}", start, end)


def _by_rule(kind: str, day: date, tiling: Tiling) -> Period:
    if tiling.weeks is not None:
        return _of_weeks(kind, day, tiling.weeks)
    start = tiling.start_month
    if kind == "month":
        return Period(kind, f"{day.year:04d}-{day.month:02d}", *_months(day.year, day.month, 1))
    if kind == "quarter":
        return _quarter(day, start)
    year = _fiscal_year(day, start)
    return Period(kind, f"{_prefix(start)}{year:04d}", *_months(year if start == 1 else year - 1, start, 12))


def _of_weeks(kind: str, day: date, weeks: FiscalWeeks) -> Period:
    year = year_of(day, weeks)
    starts = month_starts(year, weeks)
    length = _MONTHS[kind]
    number = (bisect_right(starts, day) - 1) // length
    part = {"month": f"-P{number + 1:02d}", "quarter": f"-Q{number + 1}", "year": ""}[kind]
    return Period(kind, f"FY{year:04d}{part}", starts[number * length], starts[(number + 1) * length])


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


def _day_in_week(match: re.Match[str], tiling: Tiling) -> date:
    fourth = date(int(match["year"]), 1, 4)
    first = fourth - timedelta(days=(fourth.weekday() - tiling.first_weekday) % 7)
    return first + (int(match["week"]) - 1) * _WEEK


def _day_in_quarter(match: re.Match[str], tiling: Tiling) -> date:
    return _fiscal_day(int(match["year"]), (int(match["quarter"]) - 1) * 3, tiling)


def _day_in_year(match: re.Match[str], tiling: Tiling) -> date:
    return _fiscal_day(int(match["year"]), 0, tiling)


def _day_in_fiscal_month(match: re.Match[str], tiling: Tiling) -> date:
    return _fiscal_day(int(match["year"]), int(match["month"]) - 1, tiling)


def _fiscal_day(year: int, months: int, tiling: Tiling) -> date:
    if tiling.weeks is not None:
        # A month that no year has leads into the next year, which is called otherwise.
        return month_starts(year, tiling.weeks)[min(months, 12)]
    start = tiling.start_month
    total = (year if start == 1 else year - 1) * 12 + start - 1 + months
    return date(total // 12, total % 12 + 1, 1)


_Form = tuple[str, re.Pattern[str], Callable[[re.Match[str], Tiling], date]]
_FORMS: tuple[_Form, ...] = (
    ("day", re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII), lambda match, _: date.fromisoformat(match[0])),
    ("week", re.compile(r"(?P<year>\d{4})-W(?P<week>\d{2})", re.ASCII), _day_in_week),
    ("month", re.compile(r"\d{4}-\d{2}", re.ASCII), lambda match, _: date.fromisoformat(f"{match[0]}-01")),
    ("month", re.compile(r"FY(?P<year>\d{4})-P(?P<month>\d{2})", re.ASCII), _day_in_fiscal_month),
    ("quarter", re.compile(r"(FY)?(?P<year>\d{4})-Q(?P<quarter>[1-4])", re.ASCII), _day_in_quarter),
    ("year", re.compile(r"(FY)?(?P<year>\d{4})", re.ASCII), _day_in_year),
    *(
        (kind, re.compile(rf"{OUTSIDE}{kind}-(?P<day>.+)", re.ASCII), lambda match, _: date.fromisoformat(match["day"]))
        for kind in _MONTHS
    ),
)
