import statistics
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota.suggestions import LAST, quantile, suggestion
from tests.unit.floor import PLAN
from tests.unit.past import past, the_period

OCTOBER = the_period("2026-10-01", "month", PLAN)
numbers = st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=40)


@given(numbers)
def test_the_middle_quantile_is_the_median(values: list[int]) -> None:
    assert quantile(values, Fraction(1, 2)) == statistics.median(map(Fraction, values))


@given(st.lists(st.integers(-(10**6), 10**6), min_size=2, max_size=40))
def test_the_80th_percentile_is_that_of_the_standard_library(values: list[int]) -> None:
    expected = statistics.quantiles(map(Fraction, values), n=5, method="inclusive")[3]
    assert quantile(values, Fraction(4, 5)) == expected


def test_of_nothing_there_is_no_quantile_and_no_suggestion() -> None:
    assert quantile([], Fraction(1, 2)) is None
    found = suggestion("rep:ben", "revenue", OCTOBER, past(PLAN, {}))
    assert (found.value, found.values) == (None, ())


def test_a_month_is_suggested_from_the_median_of_the_last_four() -> None:
    known = past(PLAN, {"rep:ben": [9999, 9999, 9999, 9999, 9999, 100, 400, 200, 300]})
    found = suggestion("rep:ben", "revenue", OCTOBER, known)
    assert (found.value, found.method, found.values) == (250, "median", (100, 400, 200, 300))
    assert found.periods == ("2026-06", "2026-07", "2026-08", "2026-09")
    assert suggestion("rep:ben", "revenue", OCTOBER, known, growth=Fraction(1, 10)).value == 275


def test_a_week_is_suggested_from_the_80th_percentile_of_the_last_twelve() -> None:
    week = the_period("2026-04-06", "week", PLAN)
    known = past(PLAN, {}, kind="week", calls_placed={"rep:ben": [*range(13)]})
    found = suggestion("rep:ben", "calls_placed", week, known)
    assert (len(found.values), found.method) == (LAST["p80"], "p80")
    assert found.value == 10  # of 1 to 12 it is 9.8


@pytest.mark.parametrize(("values", "expected"), [([1, 2], 2), ([2, 3], 2), ([-5, -5], 0)])
def test_a_half_goes_to_the_even_unit_and_nobody_owes_less_than_nothing(values: list[int], expected: int) -> None:
    known = past(PLAN, {"rep:ben": [*[None] * 7, *values]})
    assert suggestion("rep:ben", "revenue", OCTOBER, known).value == expected
