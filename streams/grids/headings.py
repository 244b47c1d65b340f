"""Periods as people head columns with them: `2026-01`, `Jan 2026`, `01/2026`, `Q1 2026`, `FY26 Q1`, `2026`, dates."""

import re
from collections.abc import Iterator
from datetime import date, datetime

from quota.calendars import WorkCalendar
from quota.errors import InvalidRecord
from quota.periods import Period, parse_period
from streams.grids.grid import Cell

_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november")
MONTHS = (*_MONTHS, "december")
"""English names, of which three letters are enough."""
_YEAR = r"(?P<fiscal>FY ?)?(?P<year>\d{4}|'?\d{2})"
_BETWEEN = r"[ ./-]*"
_FORMS = tuple(
    re.compile(form, re.ASCII | re.IGNORECASE)
    for form in (
        # `Jan 26` may be a day in January.
        rf"(?P<name>[a-z]{{3,9}})\.?({_BETWEEN}(?=\d{{4}}|')|-){_YEAR}",
        rf"(?P<year>\d{{4}}){_BETWEEN}(?P<name>[a-z]{{3,9}})\.?",
        r"(?P<month>\d{1,2})[./-](?P<year>\d{4})",
        r"(?P<year>\d{4})[./-](?P<month>\d{1,2})",
        rf"Q(?P<quarter>[1-4]){_BETWEEN}{_YEAR}",
        rf"{_YEAR}{_BETWEEN}Q(?P<quarter>[1-4])",
        rf"{_YEAR}{_BETWEEN}P(?P<part>\d{{1,2}})",
        rf"P(?P<part>\d{{1,2}}){_BETWEEN}{_YEAR}",
        r"(?P<fiscal>FY ?)(?P<year>\d{2}|\d{4})",
    )
)


def period(cell: Cell, calendar: WorkCalendar, *, by_day: bool) -> Period:
    """The period that a heading names in a calendar; InvalidRecord, with the ways to write one, if it names none.

    A date is a day with `by_day`, else the month that it begins.
    """
    if isinstance(cell.value, date):
        name = (cell.value.date() if isinstance(cell.value, datetime) else cell.value).isoformat()
        return parse_period(name if by_day else name[:7], calendar)
    for name in _ids(cell.text):
        try:
            return parse_period(name, calendar)
        except InvalidRecord:
            continue
    return parse_period(cell.text, calendar)


def has_days(cells: list[Cell]) -> bool:
    """Whether the dates among headings are days: where every one begins a month they are months."""
    return any(isinstance(cell.value, date) and cell.value.day != 1 for cell in cells)


def _ids(text: str) -> Iterator[str]:
    """The ids that a heading may stand for."""
    yield text
    for form in _FORMS:
        match = form.fullmatch(text)
        if match is not None:
            yield _id(match.groupdict())


def _id(said: dict[str, str]) -> str:
    digits = said["year"].lstrip("'")
    year = f"{'FY' if said.get('fiscal') else ''}{'' if len(digits) == 4 else '20'}{digits}"
    if "name" in said:
        return f"{year}-{_month(said['name'].lower()):02d}"
    if "month" in said:
        return f"{year}-{int(said['month']):02d}"
    if "quarter" in said:
        return f"{year}-Q{said['quarter']}"
    return f"FY{year.removeprefix('FY')}-P{int(said['part']):02d}" if "part" in said else year


def _month(name: str) -> int:
    """The number of a month; 0 for what is none."""
    return next((number for number, month in enumerate(MONTHS, 1) if month.startswith(name)), 0)
