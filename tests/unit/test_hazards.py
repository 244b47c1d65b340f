"""The chance of a win by age, against its definition."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota.hazards import hazards_of
from schemas.standings import Baseline
from tests.unit.chances import baselines, between_by_definition, by_definition, taught

DAY = date(2026, 6, 30)


@given(baselines(), st.integers(0, 40), st.integers(0, 60))
def test_the_chance_is_its_definition_at_every_age_and_horizon(lessons: Baseline, age: int, days: int) -> None:
    assert hazards_of(lessons).chance(age, days) == pytest.approx(float(by_definition(lessons, age, days)), abs=1e-12)


@given(baselines(), st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_the_chance_between_two_horizons_is_the_difference_of_the_chances(
    lessons: Baseline, age: int, after: int, longer: int
) -> None:
    exact = between_by_definition(lessons, age, after, after + longer)
    assert hazards_of(lessons).between(age, after, after + longer) == pytest.approx(float(exact), abs=1e-12)


@given(baselines(), st.integers(0, 40), st.integers(0, 60))
def test_a_chance_is_a_probability_and_grows_with_the_days_given(lessons: Baseline, age: int, days: int) -> None:
    hazards = hazards_of(lessons)
    shorter, longer = hazards.chance(age, days), hazards.chance(age, days + 1)
    assert 0.0 <= shorter <= longer + 1e-12
    assert longer <= 1.0 + 1e-12


def test_a_deal_older_than_the_age_that_nobody_survived_has_a_chance_of_its_own() -> None:
    hazards = hazards_of(taught([9, 4, 4, 8, 2], [0, 1, 2, 2, 1], [0, 1, 2, 0, 0]))
    assert hazards.chance(0, 2) == pytest.approx(1 / 4 + 1 / 2 * 1 / 2)
    assert hazards.chance(0, 50) == pytest.approx(hazards.chance(0, 2))
    assert hazards.chance(2, 1) == pytest.approx(1 / 4)
    assert hazards.chance(2, 2) == pytest.approx(1 / 4 + 3 / 4 * 1 / 2)


def test_ages_beyond_the_last_share_one_daily_hazard() -> None:
    hazards = hazards_of(taught([100] * 200 + [1000], [0] * 200 + [10], [0] * 201))
    assert hazards.chance(199, 1) == pytest.approx(0.01)
    assert hazards.chance(730, 10) == pytest.approx(1 - 0.99**10)
    assert hazards.chance(190, 19) == pytest.approx(1 - 0.99**10)


def test_hundreds_of_hopeless_ages_leave_later_ones_exact() -> None:
    hazards = hazards_of(taught([100] * 201, [0] * 200 + [50], [0] + [99] * 199 + [0]))
    assert hazards.chance(0, 400) == 0.0
    assert hazards.chance(199, 1) == 0.5


def test_where_more_closed_than_were_known_the_chance_is_shared() -> None:
    assert hazards_of(taught([1, 1, 1], [0, 1, 0], [0, 1, 0])).chance(0, 1) == pytest.approx(1 / 2)


def test_lessons_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        hazards_of(taught([4, 4], [0, 1], [0]))


def test_without_a_single_deal_there_is_no_chance() -> None:
    assert hazards_of(taught([], [], [])).chance(0, 1000) == 0.0
    assert hazards_of(taught([0], [0], [0])).chance(3, 1000) == 0.0


@given(baselines(), st.integers(0, 40), st.integers(0, 30), st.integers(-20, 30))
def test_a_window_gives_the_chance_by_creation_day(lessons: Baseline, age: int, length: int, distance: int) -> None:
    start = DAY + timedelta(days=1 + distance)
    end = start + timedelta(days=length + max(0, -distance))
    until, after = max(0, (end - DAY).days - 1), max(0, distance)
    window = hazards_of(lessons).window(DAY, start, end)
    exact = between_by_definition(lessons, age, min(after, until), until)
    assert window[(DAY - timedelta(days=age)).isoformat()] == pytest.approx(float(exact), abs=1e-12)


@given(baselines(), st.integers(1, 12), st.integers(0, 6))
def test_arrivals_are_the_wins_of_one_deal_created_on_every_coming_day(
    lessons: Baseline, length: int, distance: int
) -> None:
    start = DAY + timedelta(days=1 + distance)
    window = hazards_of(lessons).window(DAY, start, start + timedelta(days=length))
    last, before = distance + length, distance
    exact = sum(between_by_definition(lessons, 0, max(0, before - u), last - u) for u in range(1, last + 1))
    assert window.arrivals == pytest.approx(float(exact), abs=1e-11)


def test_a_window_that_is_over_offers_nothing() -> None:
    hazards = hazards_of(taught([5, 5], [0, 5], [0, 0]))
    window = hazards.window(DAY, date(2026, 4, 1), date(2026, 7, 1))
    assert window["2026-06-01"] == 0.0
    assert window.arrivals == 0.0


def test_a_deal_dated_tomorrow_counts_as_new() -> None:
    hazards = hazards_of(taught([4, 4, 4], [0, 1, 2], [0, 0, 0]))
    window = hazards.window(DAY, date(2026, 7, 1), date(2026, 7, 2))
    assert window["2026-07-01"] == window["2026-06-30"] == 0.25


def test_a_window_is_prepared_once_for_all_scopes_and_shards() -> None:
    span = (DAY, date(2026, 7, 1), date(2026, 10, 1))
    one, same, other = (hazards_of(taught([4, 4], [0, won], [0, 0])).window(*span) for won in (1, 1, 2))
    assert one is same
    assert one is not other
