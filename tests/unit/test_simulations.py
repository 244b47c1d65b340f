from itertools import product
from math import exp, factorial, sqrt
from statistics import NormalDist

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quota.draws import Draws
from quota.simulations import DRAWS, Arrivals, Chance, _poisson, simulate

NONE = Arrivals(0, ())
ERROR = 4 * sqrt(0.25 / DRAWS)
"""Four standard errors of a share of that many draws."""
chances = st.lists(st.builds(Chance, st.integers(1, 10_000), st.floats(0, 1)), max_size=6)


@settings(max_examples=40)
@given(st.integers(0, 1000), chances, st.integers(1, 30_000))
def test_the_chance_is_the_sum_over_all_ways_in_which_deals_may_end(
    credited: int, deals: list[Chance], target: int
) -> None:
    expected = 0.0
    for ends in product((0, 1), repeat=len(deals)):
        total = credited + sum(deal.amount for deal, won in zip(deals, ends, strict=True) if won)
        weight = 1.0
        for deal, won in zip(deals, ends, strict=True):
            weight *= deal.probability if won else 1 - deal.probability
        expected += weight if total >= target else 0.0
    assert simulate(credited, deals, NONE, 0.0, target, "seed").reached == pytest.approx(expected, abs=ERROR)


@settings(max_examples=40)
@given(chances, st.floats(0, 20), st.floats(0, 1))
def test_the_percentiles_are_in_order_and_not_below_what_is_credited(
    deals: list[Chance], mean: float, spread: float
) -> None:
    found = simulate(500, deals, Arrivals(mean, (100, 200)), spread, None, "seed")
    assert 500 <= found.p10 <= found.p50 <= found.p90
    assert found.reached is None


def test_new_deals_come_as_a_poisson_number_of_the_usual_amounts() -> None:
    found = simulate(0, [], Arrivals(2.0, (100,)), 0.0, 100, "seed")
    assert found.reached == pytest.approx(1 - exp(-2), abs=ERROR)
    assert (found.p10, found.p50, found.p90) == (0, 200, 400)


@pytest.mark.parametrize("mean", [0.3, 4.0, 60.0])
def test_the_poisson_number_is_the_first_whose_probability_adds_up(mean: float) -> None:
    for uniform in (0.0, 0.1, 0.5, 0.9, 0.999):
        number = _poisson(uniform, mean)
        below = sum(exp(-mean) * mean**k / factorial(k) for k in range(number))
        assert below <= uniform + 1e-9
        assert below + exp(-mean) * mean**number / factorial(number) > uniform - 1e-9


def test_a_large_mean_is_as_good_as_normal() -> None:
    assert _poisson(0.5, 10_000.0) == 10_000
    assert _poisson(NormalDist().cdf(2.0), 10_000.0) == 10_200
    assert _poisson(0.0, 600.0) >= 0


def test_what_sells_well_sells_well_for_everybody() -> None:
    """With chances that move together the ends lie further apart, and the mean stays."""
    deals = [Chance(100, 0.3)] * 200
    alone, together = (simulate(0, deals, NONE, spread, 6000, "seed") for spread in (0.0, 0.4))
    assert together.p90 - together.p10 > 3 * (alone.p90 - alone.p10)


def test_the_same_question_has_the_same_answer_wherever_it_is_asked() -> None:
    found = simulate(10, [Chance(5, 0.5)], Arrivals(1.5, (3, 4)), 0.4, 15, "team:west|2017-Q4|2017-10-31")
    assert found == simulate(10, [Chance(5, 0.5)], Arrivals(1.5, (3, 4)), 0.4, 15, "team:west|2017-Q4|2017-10-31")
    assert [round(float(each), 6) for each in Draws("seed").take(3)] == [0.960492, 0.932696, 0.352755]


def test_numbers_lie_evenly_between_0_and_1() -> None:
    found = Draws("seed").take(10_000)
    assert 0 <= found.min() < 0.001
    assert 0.999 < found.max() < 1
    assert found.mean() == pytest.approx(0.5, abs=0.015)
