"""Periods as people head columns with them."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota.calendars import WorkCalendar
from quota.errors import InvalidRecord
from quota.periods import period_of
from schemas.plan import Calendar, FiscalWeeks
from streams.grids.grid import Cell, Value, letters
from streams.grids.headings import has_days, period
from tests.unit.any_calendars import KINDS, calendars

PLAIN = WorkCalendar(Calendar("c", "UTC"))
APRIL = WorkCalendar(Calendar("c", "UTC", fiscal_start_month=4))
WEEKS = WorkCalendar(Calendar("c", "UTC", fiscal=FiscalWeeks("4-4-5", 5, 9)))


def named(value: Value, calendar: WorkCalendar = PLAIN, *, by_day: bool = False) -> str:
    return period(Cell(1, 1, value), calendar, by_day=by_day).id


@given(day=st.dates(date(1990, 1, 1), date(2099, 1, 1)), kind=st.sampled_from(KINDS), calendar=calendars())
def test_every_id_is_a_heading(day: date, kind: str, calendar: WorkCalendar) -> None:
    wanted = period_of(kind, day, calendar)
    assert period(Cell(1, 1, wanted.id), calendar, by_day=False) == wanted


@given(
    day=st.dates(date(2000, 1, 1), date(2099, 1, 1)),
    form=st.sampled_from(["%b %Y", "%B %Y", "%b-%y", "%b '%y", "%Y %b", "%b. %Y", "%m/%Y", "%Y/%m", "%Y.%m", "%B%Y"]),
)
def test_a_month_is_a_heading_in_every_form(day: date, form: str) -> None:
    for text in (day.strftime(form), day.strftime(form).upper(), day.strftime(form).lower()):
        assert named(text) == f"{day:%Y-%m}"


@pytest.mark.parametrize(
    ("value", "calendar", "wanted"),
    [
        ("Q1 2026", PLAIN, "2026-Q1"),
        ("2026 Q4", PLAIN, "2026-Q4"),
        ("q2/26", PLAIN, "2026-Q2"),
        ("Sept 2026", PLAIN, "2026-09"),
        (2026, PLAIN, "2026"),
        (2026.0, PLAIN, "2026"),
        ("FY26 Q1", APRIL, "FY2026-Q1"),
        ("Q1 FY2026", APRIL, "FY2026-Q1"),
        ("FY 2026", APRIL, "FY2026"),
        ("FY26", APRIL, "FY2026"),
        ("FY2026 P3", APRIL, "2025-06"),
        ("Jan 2026", APRIL, "2026-01"),
        ("P3 FY26", WEEKS, "FY2026-P03"),
        ("P03 2026", WEEKS, "FY2026-P03"),
        (date(2026, 1, 1), PLAIN, "2026-01"),
        (datetime(2026, 1, 1), PLAIN, "2026-01"),  # noqa: DTZ001 - as spreadsheets have it
    ],
)
def test_other_forms_are_read_too(value: Value, calendar: WorkCalendar, wanted: str) -> None:
    assert named(value, calendar) == wanted


@pytest.mark.parametrize(
    ("value", "calendar"),
    [
        *[
            (text, PLAIN)
            for text in ("Total", "Jan", "Jan 26", "26-Jan", "13/2026", "Foo 2026", "Q5 2026", "FY26", "Ja 2026")
        ],
        *[("Q1 2026", APRIL), ("2026", APRIL), ("Jan 2026", WEEKS), (date(2026, 1, 1), WEEKS), (True, PLAIN)],
    ],
)
def test_what_may_be_something_else_is_refused_with_the_ways_to_write_it(value: Value, calendar: WorkCalendar) -> None:
    with pytest.raises(InvalidRecord, match="is not a period of calendar c: write 2026-11-21"):
        named(value, calendar)


def test_dates_are_days_where_one_of_them_begins_no_month() -> None:
    months = [Cell(1, n, date(2026, n, 1)) for n in (1, 2)]
    assert not has_days([*months, Cell(1, 3, "Total")])
    assert has_days([*months, Cell(1, 3, date(2026, 1, 2))])
    assert named(date(2026, 1, 1), by_day=True) == "2026-01-01"


def test_columns_are_called_as_spreadsheets_call_them() -> None:
    assert [letters(n) for n in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]
