"""The chance of a win by age, against its definition."""

from datetime import date, timedelta
from fractions import Fraction
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota.hazards import Hazards
from schemas.standings import Baseline

DAY = date(2017, 6, 30)


def baseline(reached: list[int], won_at: list[int], lost_at: list[int]) -> Baseline:
    return Baseline(
        day=DAY.isoformat(),
        reached=reached,
        won_at=won_at,
        lost_at=lost_at,
        won=sum(won_at),
        lost=sum(lost_at),
        won_amount=0,
    )


def by_definition(lessons: Baseline, age: int, days: int) -> Fraction:
    """F(a, h) term by term, in exact fractions."""
    last = len(lessons.reached) - 1
    chance, staying = Fraction(0), Fraction(1)
    for u in range(age + 1, age + days + 1):
        at = min(u, last)
        n = lessons.reached[at]
        if n:
            chance += staying * Fraction(lessons.won_at[at], n)
            staying *= 1 - Fraction(lessons.won_at[at] + lessons.lost_at[at], n)
    return chance


@st.composite
def baselines(draw: st.DrawFn) -> Baseline:
    ages = draw(
        st.lists(
            st.integers(0, 40).flatmap(
                lambda n: st.integers(0, n).flatmap(
                    lambda out: st.tuples(st.just(n), st.just(out), st.integers(0, out))
                )
            ),
            min_size=1,
            max_size=25,
        )
    )
    return baseline([n for n, _, _ in ages], [won for _, _, won in ages], [out - won for _, out, won in ages])


@given(baselines(), st.integers(0, 40), st.integers(0, 60))
def test_the_chance_is_its_definition_at_every_age_and_horizon(lessons: Baseline, age: int, days: int) -> None:
    assert Hazards(lessons).chance(age, days) == pytest.approx(float(by_definition(lessons, age, days)), abs=1e-12)


@given(baselines(), st.integers(0, 40), st.integers(0, 60), st.integers(0, 60))
def test_the_chance_between_two_horizons_is_the_difference_of_the_chances(
    lessons: Baseline, age: int, after: int, longer: int
) -> None:
    exact = by_definition(lessons, age, after + longer) - by_definition(lessons, age, after)
    assert Hazards(lessons).between(age, after, after + longer) == pytest.approx(float(exact), abs=1e-12)


@given(baselines(), st.integers(0, 40), st.integers(0, 40))
def test_a_chance_is_a_probability_and_grows_with_the_days_given(lessons: Baseline, age: int, days: int) -> None:
    hazards = Hazards(lessons)
    shorter, longer = hazards.chance(age, days), hazards.chance(age, days + 1)
    assert 0.0 <= shorter <= longer + 1e-12
    assert longer <= 1.0 + 1e-12


def test_a_deal_older_than_the_age_that_nobody_survived_has_a_chance_of_its_own() -> None:
    hazards = Hazards(baseline([9, 4, 4, 8, 2], [0, 1, 2, 2, 1], [0, 1, 2, 0, 0]))
    assert hazards.chance(0, 2) == pytest.approx(1 / 4 + 1 / 2 * 1 / 2)
    assert hazards.chance(0, 50) == pytest.approx(hazards.chance(0, 2))
    assert hazards.chance(2, 1) == pytest.approx(1 / 4)
    assert hazards.chance(2, 2) == pytest.approx(1 / 4 + 3 / 4 * 1 / 2)


def test_ages_beyond_the_last_share_one_daily_hazard() -> None:
    hazards = Hazards(baseline([100] * 200 + [1000], [0] * 200 + [10], [0] * 201))
    assert hazards.chance(199, 1) == pytest.approx(0.01)
    assert hazards.chance(730, 10) == pytest.approx(1 - 0.99**10)
    assert hazards.chance(190, 19) == pytest.approx(1 - 0.99**10)


def test_hundreds_of_hopeless_ages_leave_later_ones_exact() -> None:
    hazards = Hazards(baseline([100] * 201, [0] * 200 + [50], [0] + [99] * 199 + [0]))
    assert hazards.chance(0, 400) == 0.0
    assert hazards.chance(199, 1) == 0.5


def test_without_a_single_deal_there_is_no_chance() -> None:
    assert Hazards(baseline([], [], [])).chance(0, 1000) == 0.0
    assert Hazards(baseline([0], [0], [0])).chance(3, 1000) == 0.0


@given(baselines(), st.integers(0, 40), st.integers(0, 60), st.integers(-40, 30))
def test_a_window_gives_the_chance_by_creation_day(lessons: Baseline, age: int, length: int, distance: int) -> None:
    start = DAY + timedelta(days=1 + distance)
    end = start + timedelta(days=length + max(0, -distance))
    until, after = max(0, (end - DAY).days - 1), max(0, distance)
    window = Hazards(lessons).window(DAY, start, end)
    exact = by_definition(lessons, age, until) - by_definition(lessons, age, min(after, until))
    assert window[(DAY - timedelta(days=age)).isoformat()] == pytest.approx(float(exact), abs=1e-12)


@given(baselines(), st.integers(1, 40), st.integers(0, 20))
def test_arrivals_are_the_wins_of_one_deal_created_on_every_coming_day(
    lessons: Baseline, length: int, distance: int
) -> None:
    start = DAY + timedelta(days=1 + distance)
    window = Hazards(lessons).window(DAY, start, start + timedelta(days=length))
    last, before = distance + length, distance
    exact = sum(
        by_definition(lessons, 0, last - u) - by_definition(lessons, 0, max(0, before - u)) for u in range(1, last + 1)
    )
    assert window.arrivals == pytest.approx(float(exact), abs=1e-11)


def test_a_window_that_is_over_offers_nothing() -> None:
    hazards = Hazards(baseline([5, 5], [0, 5], [0, 0]))
    window = hazards.window(DAY, date(2017, 4, 1), date(2017, 7, 1))
    assert window["2017-06-01"] == 0.0
    assert window.arrivals == 0.0


def test_a_deal_dated_tomorrow_counts_as_new() -> None:
    hazards = Hazards(baseline([4, 4, 4], [0, 1, 2], [0, 0, 0]))
    window = hazards.window(DAY, date(2017, 7, 1), date(2017, 7, 2))
    assert window["2017-07-01"] == window["2017-06-30"] == 0.25


def test_a_window_is_prepared_once_for_all_scopes() -> None:
    hazards = Hazards(baseline([4, 4], [0, 1], [0, 0]))
    span = (DAY, date(2017, 7, 1), date(2017, 10, 1))
    assert hazards.window(*span) is hazards.window(*span)
    assert hazards.window(*span).arrivals < inf
