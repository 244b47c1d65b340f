"""Fiscal years of whole weeks: where they end, how long they and their months are, and what they are called."""

from calendar import monthrange
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota.calendars import WorkCalendar
from quota.errors import InvalidRecord
from quota.periods import Period, parse_period, period_of
from quota.whole_weeks import month_starts, year_of
from schemas.plan import Calendar, FiscalWeeks
from tests.unit.any_calendars import fiscal_weeks

SATURDAY = 5
NRF = FiscalWeeks("4-5-4", SATURDAY, 1, ends="nearest", named_for="start")
APPLE = FiscalWeeks("4-4-5", SATURDAY, 9)
days = st.dates(date(1971, 1, 1), date(2198, 12, 31))


def calendar(rule: FiscalWeeks) -> WorkCalendar:
    return WorkCalendar(Calendar("c", "UTC", fiscal=rule))


def year(name: str, rule: FiscalWeeks) -> tuple[date, date, int]:
    """The first and the last day of a fiscal year, and its weeks."""
    found = parse_period(name, calendar(rule))
    return found.start, found.end - timedelta(days=1), (found.end - found.start).days // 7


def distance(day: date, rule: FiscalWeeks, month: date) -> int:
    """How many days lie between a day and the end of the month, or more than can be where it must not be."""
    last = month.replace(day=monthrange(month.year, month.month)[1])
    if rule.ends == "last":
        return (last - day).days if day <= last else 1000
    return abs((last - day).days)


@given(day=days, rule=fiscal_weeks)
def test_a_year_ends_on_the_last_or_nearest_such_weekday_of_its_month(day: date, rule: FiscalWeeks) -> None:
    end = period_of("year", day, calendar(rule)).end - timedelta(days=1)
    middle = end.replace(day=15) if end.month == rule.month else (end - timedelta(days=10)).replace(day=15)
    assert middle.month == rule.month
    alike = [end + timedelta(days=7 * weeks) for weeks in range(-6, 7)]
    assert end.weekday() == rule.weekday
    assert min(alike, key=lambda each: distance(each, rule, middle)) == end


@given(day=days, rule=fiscal_weeks)
def test_a_year_has_52_or_53_whole_weeks_in_months_of_the_pattern(day: date, rule: FiscalWeeks) -> None:
    found = period_of("year", day, calendar(rule))
    starts = month_starts(int(found.id.removeprefix("FY")), rule)
    assert starts[0] <= day < starts[12]
    assert (found.start, found.end) == (starts[0], starts[12])
    weeks = [(end - start).days / 7 for start, end in pairwise(starts)]
    usual = [float(each) for each in rule.pattern.split("-")] * 4
    longer = [number for number, (has, had) in enumerate(zip(weeks, usual, strict=True), 1) if has != had]
    assert sum(weeks) in {52, 53}
    assert longer == ([rule.week_53] if sum(weeks) == 53 else [])
    assert all(weeks[month - 1] == usual[month - 1] + 1 for month in longer)


@given(day=days, rule=fiscal_weeks)
def test_quarters_are_three_months_and_years_four_quarters(day: date, rule: FiscalWeeks) -> None:
    ready = calendar(rule)
    year, quarter, month = (period_of(kind, day, ready) for kind in ("year", "quarter", "month"))
    months = [parse_period(f"{year.id}-P{number:02d}", ready) for number in range(1, 13)]
    quarters = [parse_period(f"{year.id}-Q{number}", ready) for number in range(1, 5)]
    assert [(each.start, each.end) for each in quarters] == [(months[n].start, months[n + 2].end) for n in (0, 3, 6, 9)]
    assert (months[0].start, months[11].end) == (year.start, year.end)
    assert month in months
    assert quarter in quarters


@given(day=days, rule=fiscal_weeks)
def test_years_are_counted_without_a_gap_and_named_for_the_year_in_which_they_mostly_lie(
    day: date, rule: FiscalWeeks
) -> None:
    number = year_of(day, rule)
    starts = month_starts(number, rule)
    assert year_of(starts[12], rule) == number + 1
    assert year_of(starts[0] - timedelta(days=1), rule) == number - 1
    closing = (starts[12] - timedelta(days=4)).year
    assert number == (closing - 1 if rule.named_for == "start" and rule.month != 12 else closing)


@pytest.mark.parametrize(
    ("name", "start", "end", "weeks"),
    [
        ("FY2012", date(2012, 1, 29), date(2013, 2, 2), 53),
        ("FY2017", date(2017, 1, 29), date(2018, 2, 3), 53),
        ("FY2022", date(2022, 1, 30), date(2023, 1, 28), 52),
        ("FY2023", date(2023, 1, 29), date(2024, 2, 3), 53),
        ("FY2024", date(2024, 2, 4), date(2025, 2, 1), 52),
    ],
)
def test_the_retail_years_are_those_of_the_nrf(name: str, start: date, end: date, weeks: int) -> None:
    assert year(name, NRF) == (start, end, weeks)


def test_the_retail_months_are_those_of_the_nrf() -> None:
    found = [parse_period(f"FY2024-P{number:02d}", calendar(NRF)).start for number in range(1, 5)]
    assert found == [date(2024, 2, 4), date(2024, 3, 3), date(2024, 4, 7), date(2024, 5, 5)]
    january = parse_period("FY2023-P12", calendar(NRF))
    assert january == Period("month", "FY2023-P12", date(2023, 12, 31), date(2024, 2, 4))


def test_years_that_end_on_the_last_saturday_are_named_for_the_year_in_which_they_end() -> None:
    assert year("FY2022", APPLE) == (date(2021, 9, 26), date(2022, 9, 24), 52)
    assert year("FY2023", APPLE) == (date(2022, 9, 25), date(2023, 9, 30), 53)
    assert year("FY2024", APPLE) == (date(2023, 10, 1), date(2024, 9, 28), 52)


def test_the_days_of_a_new_year_may_belong_to_the_fiscal_year_before() -> None:
    december = FiscalWeeks("4-4-5", 6, 12, ends="nearest")
    assert period_of("year", date(2027, 1, 3), calendar(december)).id == "FY2026"
    assert period_of("month", date(2027, 1, 3), calendar(december)).id == "FY2026-P12"
    assert period_of("quarter", date(2027, 1, 4), calendar(december)).id == "FY2027-Q1"


@pytest.mark.parametrize("text", ["FY2024-P13", "FY2024-P00", "FY2024-P99", "FY2024-Q5", "2024-03", "2024-Q1", "2024"])
def test_what_no_year_of_whole_weeks_has_is_refused_with_what_it_has(text: str) -> None:
    with pytest.raises(InvalidRecord, match="write 2026-11-21, 2026-W47, FY2026-P11, FY2026-Q4 or FY2026"):
        parse_period(text, calendar(NRF))


def test_days_and_weeks_stay_what_they_are() -> None:
    found = [period_of(kind, date(2026, 11, 21), calendar(NRF)).id for kind in ("day", "week")]
    assert found == ["2026-11-21", "2026-W47"]
