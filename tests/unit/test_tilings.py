"""Tables of periods: what they list, what lies outside, and what is wrong with some."""

from datetime import date

import pytest

from quota.calendars import WorkCalendar
from quota.errors import InvalidRecord
from quota.periods import Period, fiscal_month, parse_period, period_of
from quota.tilings import flaws
from schemas.plan import Calendar, FiscalWeeks, TablePeriod

MONTHS = (
    TablePeriod("P1", "month", "2026-01-05", "2026-02-02"),
    TablePeriod("P2", "month", "2026-02-02", "2026-03-09"),
)
YEAR = TablePeriod("short", "year", "2026-02-01", "2026-11-30")


def calendar(*table: TablePeriod, start: int = 1, weeks: FiscalWeeks | None = None) -> WorkCalendar:
    return WorkCalendar(Calendar("c", "UTC", fiscal_start_month=start, fiscal=weeks, period_table=table))


def test_a_day_lies_in_the_period_that_the_table_says() -> None:
    ready = calendar(*MONTHS[::-1])
    for day in (date(2026, 1, 5), date(2026, 2, 1)):
        assert period_of("month", day, ready) == Period("month", "P1", date(2026, 1, 5), date(2026, 2, 2))
    assert period_of("month", date(2026, 2, 2), ready).id == "P2"
    assert parse_period("P2", ready) == Period("month", "P2", date(2026, 2, 2), date(2026, 3, 9))
    assert fiscal_month(parse_period("P2", ready), ready) is None


def test_outside_the_table_periods_are_the_calendars_cut_off_where_it_begins_and_ends() -> None:
    ready = calendar(*MONTHS)
    found = [period_of("month", day, ready) for day in (date(2026, 1, 4), date(2026, 3, 9), date(2026, 4, 1))]
    assert found == [
        Period("month", "outside-month-2026-01-01", date(2026, 1, 1), date(2026, 1, 5)),
        Period("month", "outside-month-2026-03-09", date(2026, 3, 9), date(2026, 4, 1)),
        Period("month", "outside-month-2026-04-01", date(2026, 4, 1), date(2026, 5, 1)),
    ]
    assert [parse_period(each.id, ready) for each in found] == found


def test_a_year_may_be_cut_off_at_both_ends_of_a_short_table() -> None:
    ready = calendar(YEAR)
    before, within, after = (period_of("year", date(2026, month, 1), ready) for month in (1, 6, 12))
    assert (before.id, before.end) == ("outside-year-2026-01-01", date(2026, 2, 1))
    assert within.id == "short"
    assert (after.id, after.start, after.end) == ("outside-year-2026-11-30", date(2026, 11, 30), date(2027, 1, 1))


def test_kinds_that_the_table_lacks_are_those_of_the_rest_of_the_calendar() -> None:
    day = date(2026, 2, 10)
    april, weeks = calendar(YEAR, start=4), calendar(*MONTHS, weeks=FiscalWeeks("4-4-5", 5, 9))
    assert [period_of(kind, day, april).id for kind in ("month", "quarter", "year")] == [
        "2026-02",
        "FY2026-Q4",
        "short",
    ]
    assert parse_period("FY2026-P11", april).id == "2026-02"
    assert [period_of(kind, day, weeks).id for kind in ("month", "quarter", "year")] == ["P2", "FY2026-Q2", "FY2026"]
    assert period_of("month", date(2026, 4, 1), weeks).id == "outside-month-2026-03-29"


@pytest.mark.parametrize(
    "text", ["P3", "2026-01", "FY2026-P01", "outside-month-2026-01-05", "outside-month-2026-02-30", "outside-week-x"]
)
def test_what_is_not_in_the_table_is_refused_with_the_ways_to_write_it(text: str) -> None:
    with pytest.raises(InvalidRecord, match="or an id of the period table"):
        parse_period(text, calendar(*MONTHS))


def test_calendars_of_the_same_rules_share_what_is_known_of_their_periods() -> None:
    one, other = calendar(*MONTHS), calendar(*MONTHS)
    assert one is not other
    assert one.tiling is other.tiling
    assert calendar().tiling is not one.tiling


@pytest.mark.parametrize(
    ("table", "flaw"),
    [
        ([MONTHS[0], TablePeriod("P2", "month", "2026-02-03", "2026-03-09")], "there is a gap between two periods"),
        ([MONTHS[0], TablePeriod("P2", "month", "2026-02-01", "2026-03-09")], "there is an overlap between two"),
        ([*MONTHS, TablePeriod("P2", "year", "2026-01-01", "2027-01-01")], "the id 'P2' is given twice"),
        ([TablePeriod("P1", "month", "2026-02-02", "2026-02-02")], "not after its start 2026-02-02"),
        ([TablePeriod("2026-Q1", "month", "2026-01-01", "2026-04-01")], "'2026-Q1' is called like a quarter"),
        ([TablePeriod("2026-02", "year", "2026-01-01", "2027-01-01")], "'2026-02' is called like a month"),
        ([TablePeriod("2026", "quarter", "2026-01-01", "2027-01-01")], "'2026' is called like a year"),
        ([TablePeriod("2026-W01", "quarter", "2026-01-01", "2027-01-01")], "called like a week"),
        ([TablePeriod("2026-01-01", "year", "2026-01-01", "2027-01-01")], "called like a day"),
        ([TablePeriod("outside-x", "year", "2026-01-01", "2027-01-01")], "like a period outside the table"),
    ],
)
def test_a_table_with_a_flaw_is_refused_and_says_which(table: list[TablePeriod], flaw: str) -> None:
    assert [what for _, what in flaws(table) if flaw in what]
    with pytest.raises(InvalidRecord, match="calendar c, period_table: ") as refused:
        calendar(*table)
    assert flaw in str(refused.value)


def test_a_table_may_call_periods_as_rules_do() -> None:
    table = (
        TablePeriod("FY2026-P01", "month", "2026-01-05", "2026-02-02"),
        TablePeriod("FY2026-Q1", "quarter", "2026-01-05", "2026-04-06"),
        TablePeriod("FY2026", "year", "2026-01-05", "2027-01-04"),
    )
    assert [parse_period(row.id, calendar(*table)).kind for row in table] == ["month", "quarter", "year"]
