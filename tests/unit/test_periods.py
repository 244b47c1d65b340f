from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota.calendars import WorkCalendar
from quota.errors import InvalidRecord
from quota.periods import fiscal_month, parse_period, period_of
from schemas.plan import Calendar
from tests.unit.any_calendars import KINDS, calendars

kinds = st.sampled_from(KINDS)
days = st.dates(date(1990, 1, 1), date(2199, 12, 31)) | st.dates(date(2024, 1, 1), date(2027, 12, 31))
by_month = st.builds(lambda weekday, month: calendar(month, weekday), st.integers(0, 6), st.integers(1, 12))


def calendar(fiscal_start_month: int = 1, first_weekday: int = 0) -> WorkCalendar:
    return WorkCalendar(Calendar("c", "UTC", first_weekday=first_weekday, fiscal_start_month=fiscal_start_month))


@given(kind=kinds, day=days, calendar=calendars())
def test_periods_of_a_kind_tile_time_without_gap_or_overlap(kind: str, day: date, calendar: WorkCalendar) -> None:
    period = period_of(kind, day, calendar)
    after = period_of(kind, period.end, calendar)
    before = period_of(kind, period.start - timedelta(days=1), calendar)
    assert period.kind == kind
    assert period.start <= day < period.end
    assert after.start == period.end
    assert before.end == period.start
    assert len({before.id, period.id, after.id}) == 3
    assert period_of(kind, period.start, calendar) == period_of(kind, period.end - timedelta(days=1), calendar)


@given(kind=kinds, calendar=calendars(), second=st.integers(0, 2 * 366 * 86400))
def test_a_moment_lies_in_the_period_whose_bounds_surround_it(kind: str, calendar: WorkCalendar, second: int) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
    period = period_of(kind, calendar.local_day(moment), calendar)
    start, end = calendar.start_of(period.start), calendar.start_of(period.end)
    assert start.timestamp() <= moment.timestamp() < end.timestamp()


@given(kind=kinds, day=days, calendar=calendars())
def test_a_period_is_found_by_its_id(kind: str, day: date, calendar: WorkCalendar) -> None:
    period = period_of(kind, day, calendar)
    assert parse_period(period.id, calendar) == period
    assert parse_period(fiscal_month(period, calendar) or period.id, calendar) == period


@given(day=days)
def test_weeks_from_monday_are_those_of_iso_8601(day: date) -> None:
    year, week, _ = day.isocalendar()
    assert period_of("week", day, calendar()).id == f"{year:04d}-W{week:02d}"


@given(day=days, calendar=by_month)
def test_weeks_have_seven_days_quarters_three_months_and_years_four_quarters(day: date, calendar: WorkCalendar) -> None:
    week = period_of("week", day, calendar)
    assert (week.end - week.start).days == 7
    assert week.start.weekday() == calendar.tiling.first_weekday
    year = period_of("year", day, calendar)
    assert (year.start.month, year.start.day) == (calendar.tiling.start_month, 1)
    walk, quarters, months = year.start, [], 0
    while walk < year.end:
        quarters.append(period_of("quarter", walk, calendar))
        walk = quarters[-1].end
        month = quarters[-1].start
        while month < walk:
            month = period_of("month", month, calendar).end
            months += 1
    assert walk == year.end
    assert [quarter.id for quarter in quarters] == [f"{year.id}-Q{number}" for number in (1, 2, 3, 4)]
    assert months == 12


def test_ids_are_those_that_people_write() -> None:
    day = date(2026, 11, 21)
    found = [period_of(kind, day, calendar()).id for kind in KINDS]
    assert found == ["2026-11-21", "2026-W47", "2026-11", "2026-Q4", "2026"]


def test_a_fiscal_year_is_named_for_the_year_in_which_it_ends() -> None:
    april = calendar(fiscal_start_month=4)
    quarter = period_of("quarter", date(2026, 5, 1), april)
    assert (quarter.id, quarter.start, quarter.end) == ("FY2027-Q1", date(2026, 4, 1), date(2026, 7, 1))
    assert period_of("year", date(2026, 3, 31), april).id == "FY2026"
    assert period_of("year", date(2026, 4, 1), april).id == "FY2027"
    assert period_of("month", date(2026, 6, 1), april).id == "2026-06"
    assert parse_period("FY2027-P03", april) == period_of("month", date(2026, 6, 30), april)
    across = period_of("quarter", date(2027, 1, 31), calendar(fiscal_start_month=12))
    assert (across.id, across.start, across.end) == ("FY2027-Q1", date(2026, 12, 1), date(2027, 3, 1))


def test_a_year_may_have_53_weeks() -> None:
    last = parse_period("2026-W53", calendar())
    assert (last.start, last.end) == (date(2026, 12, 28), date(2027, 1, 4))
    sundays = period_of("week", date(2026, 1, 1), calendar(first_weekday=6))
    assert (sundays.id, sundays.start) == ("2025-W53", date(2025, 12, 28))


@pytest.mark.parametrize("first_weekday", range(7))
def test_a_week_is_found_by_its_number_whatever_day_it_begins_with(first_weekday: int) -> None:
    ready = calendar(first_weekday=first_weekday)
    for year in range(2020, 2034):
        first, second = (parse_period(f"{year}-W{number:02d}", ready) for number in (1, 2))
        assert first.start <= date(year, 1, 4) < first.end == second.start


@pytest.mark.parametrize(
    "text",
    [
        *("2026-02-30", "2026-11-21 ", "20261121", "9999-12-31"),
        *("2025-W53", "2026-W00", "2026-W54", "2026-W1", "2026-13", "2026-00", "2026-Q5", "0000"),
        *("FY2026", "FY2026-Q1", "FY2026-P13", "FY2026-P00", "Q4", "", "٢٠٢٦"),
    ],
)
def test_what_is_no_period_is_refused_with_the_ways_to_write_one(text: str) -> None:
    with pytest.raises(InvalidRecord, match="2026-W47"):
        parse_period(text, calendar())


def test_a_calendar_quarter_is_refused_where_the_fiscal_year_differs() -> None:
    with pytest.raises(InvalidRecord, match="FY2026-Q4"):
        parse_period("2026-Q4", calendar(fiscal_start_month=2))
    assert parse_period("FY2026-Q4", calendar(fiscal_start_month=2)).start == date(2025, 11, 1)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(InvalidRecord, match="decade"):
        period_of("decade", date(2026, 1, 1), calendar())
