"""How the days of a calendar are put together to weeks, months, quarters and years: by a rule, or by a table."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from quota.errors import InvalidRecord
from schemas.plan import Calendar, FiscalWeeks, TablePeriod

OUTSIDE = "outside-"
"""How the id of a period begins that lies before or after all of its kind in the table."""
_LOOKS = {
    "day": r"\d{4}-\d{2}-\d{2}",
    "week": r"\d{4}-W\d{2}",
    "month": r"\d{4}-\d{2}|FY\d{4}-P\d{2}",
    "quarter": r"(FY)?\d{4}-Q\d",
    "year": r"(FY)?\d{4}",
    "period outside the table": rf"{OUTSIDE}.*",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A period of a table: the days from `start` (inclusive) to `end` (exclusive)."""

    id: str
    start: date
    end: date


class PeriodTable:
    """The periods that a plan lists, by kind; those of a kind follow one another without gap.

    Raises InvalidRecord where they do not, or where an id is taken.
    """

    def __init__(self, periods: Sequence[TablePeriod]) -> None:
        for _, flaw in flaws(periods):
            raise InvalidRecord(flaw)
        self._rows: dict[str, list[Row]] = {}
        self._named = {period.id: (period.kind, date.fromisoformat(period.start)) for period in periods}
        for period in sorted(periods, key=_start):
            row = Row(period.id, date.fromisoformat(period.start), date.fromisoformat(period.end))
            self._rows.setdefault(period.kind, []).append(row)

    def __contains__(self, kind: str) -> bool:
        """Whether it lists periods of the kind."""
        return kind in self._rows

    def row(self, kind: str, day: date) -> Row | None:
        """The period in which the day lies; None before the first and after the last."""
        rows = self._rows[kind]
        row = rows[max(0, bisect_right(rows, day, key=_row_start) - 1)]
        return row if row.start <= day < row.end else None

    def outside(self, kind: str, day: date, start: date, end: date) -> tuple[date, date]:
        """The span around a day that is not in the table, without the days that are."""
        rows = self._rows[kind]
        first, last = rows[0].start, rows[-1].end
        return (start, min(end, first)) if day < first else (max(start, last), end)

    def named(self, name: str) -> tuple[str, date] | None:
        """The kind and the first day of the period with that id."""
        return self._named.get(name)


@dataclass(frozen=True, slots=True, eq=False)
class Tiling:
    """The rules of one calendar; two of the same rules are one object, so that they are told apart quickly."""

    first_weekday: int
    start_month: int
    weeks: FiscalWeeks | None
    table: PeriodTable | None


def tiling_of(calendar: Calendar) -> Tiling:
    """The tiling of a calendar; InvalidRecord for one whose table has a flaw."""
    try:
        return _tiling(calendar.first_weekday, calendar.fiscal_start_month, calendar.fiscal, calendar.period_table)
    except InvalidRecord as problem:
        message = f"calendar {calendar.id}, period_table: {problem}"
        raise InvalidRecord(message) from problem


@lru_cache(maxsize=1024)
def _tiling(weekday: int, month: int, weeks: FiscalWeeks | None, table: tuple[TablePeriod, ...]) -> Tiling:
    return Tiling(weekday, month, weeks, PeriodTable(table) if table else None)


def flaws(periods: Sequence[TablePeriod]) -> Iterator[tuple[TablePeriod, str]]:
    """Every period of a table that does not fit, with the reason."""
    taken: set[str] = set()
    last: dict[str, TablePeriod] = {}
    for period in sorted(periods, key=_start):
        if period.id in taken:
            yield period, f"the id {period.id!r} is given twice"
        taken.add(period.id)
        for kind, look in _LOOKS.items():
            if kind != period.kind and re.fullmatch(look, period.id, re.ASCII):
                yield period, f"the {period.kind} {period.id!r} is called like a {kind}"
        if period.end <= period.start:
            yield period, f"the {period.kind} {period.id!r} ends on {period.end}, not after its start {period.start}"
        before = last.get(period.kind)
        if before is not None and before.end != period.start:
            what = "a gap" if before.end < period.start else "an overlap"
            there = f"{before.id!r} ends before {before.end} and {period.id!r} starts on {period.start}"
            yield period, f"there is {what} between two periods of kind {period.kind}: {there}"
        last[period.kind] = period


def _start(period: TablePeriod) -> str:
    return period.start


def _row_start(row: Row) -> date:
    return row.start
