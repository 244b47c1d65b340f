"""Seasons in fiscal years of whole weeks and in tables of periods."""

from datetime import date
from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from quota.calendars import WorkCalendar
from quota.catalogue import BUILT_IN
from quota.periods import period_of
from quota.targets import Given, effective
from schemas.plan import Calendar, FiscalWeeks, Quota
from tests.unit.any_calendars import fiscal_weeks, tables

MONTHS = ("5", "6", "7", "8", "9", "10", "11", "12", "13", "4", "3", "12")
QUARTERS = ("10", "20", "30", "40")
RETAIL = FiscalWeeks("4-4-5", weekday=5, month=1, named_for="start", week_53=12)


def asked(season: tuple[str, ...], day: date, calendar: Calendar) -> list[tuple[date, int]]:
    """Where the pieces of a year's target of 100 euros begin, and their cents."""
    quota, ready = Quota("q", "company", "revenue", "year", "100", "EUR", season=season), WorkCalendar(calendar)
    found = effective(quota, period_of("year", day, ready), Given(BUILT_IN["revenue"], "EUR", ready))
    assert found.amount == found.base == 100_00
    return [(piece.start, piece.amount) for piece in found.pieces]


def test_twelve_weights_are_the_twelve_months_of_a_fiscal_year_of_whole_weeks() -> None:
    calendar = Calendar("retail", "America/Chicago", fiscal=RETAIL)
    found = asked(MONTHS, date(2026, 6, 1), calendar)
    assert [amount for _, amount in found] == [int(weight) * 100 for weight in MONTHS]
    starts = [start for start, _ in found]
    assert {start.weekday() for start in starts} == {6}
    assert [(after - before).days // 7 for before, after in pairwise(starts)] == [4, 4, 5] * 3 + [4, 4]


@given(weeks=fiscal_weeks, day=st.dates(date(2020, 1, 1), date(2040, 1, 1)))
def test_every_fiscal_year_of_whole_weeks_has_a_part_for_each_weight(weeks: FiscalWeeks, day: date) -> None:
    calendar = Calendar("any", "UTC", fiscal=weeks)
    for season, kind in ((MONTHS, "month"), (QUARTERS, "quarter")):
        found = asked(season, day, calendar)
        assert [amount for _, amount in found] == [int(weight) * 100 for weight in season]
        assert all(period_of(kind, start, WorkCalendar(calendar)).start == start for start, _ in found)


@given(table=tables(), day=st.dates(date(2020, 1, 1), date(2035, 1, 1)), season=st.sampled_from([MONTHS, QUARTERS]))
def test_a_table_of_periods_takes_nothing_of_the_target_away(
    table: tuple[object, ...], day: date, season: tuple[str, ...]
) -> None:
    found = asked(season, day, Calendar("any", "UTC", period_table=table))  # type: ignore[arg-type] # of TablePeriod
    assert len(found) in {1, len(season)}
    assert sum(Fraction(amount) for _, amount in found) == 100_00
