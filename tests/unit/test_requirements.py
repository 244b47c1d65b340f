from fractions import Fraction
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota.requirements import Rates, Totals, lead_days, leaders, rates, required, totals
from schemas.standings import Measure
from tests.unit.floor import PLAN
from tests.unit.past import past, the_period

OCTOBER = the_period("2026-10-01", "month", PLAN)
NONE = Totals({}, 0)
positive = st.fractions(min_value=Fraction(1, 100), max_value=1000, max_denominator=100)


@given(st.integers(0, 10**12), positive, positive, positive, positive)
def test_going_forward_again_gives_the_revenue_exactly(
    revenue: int, value: Fraction, chance: Fraction, meetings: Fraction, calls: Fraction
) -> None:
    found = required(revenue, Rates(value, chance, meetings, calls))
    assert found.calls_placed is not None
    assert found.calls_placed / prod((calls, meetings)) * chance * value == revenue


def test_300000_takes_so_much() -> None:
    """Deals of 2,500, a quarter won, two meetings for an opportunity, five calls for a meeting."""
    found = required(30_000_000, Rates(Fraction(250_000), Fraction(1, 4), Fraction(2), Fraction(5)))
    assert found.inputs() == {
        "calls_placed": 4800,
        "meetings_held": 960,
        "opportunities_created": 480,
        "deals_won": 120,
    }


def test_from_the_first_rate_on_that_is_not_known_nothing_is_said() -> None:
    found = required(100, Rates(Fraction(10), None, Fraction(2), Fraction(5))).inputs()
    assert [*found.values()] == [None, None, None, 10]


def test_few_deals_say_little_and_are_shrunk_to_everybody() -> None:
    own = Totals({"deals_won": 3, "deals_lost": 5}, 3_000)
    everybody = Totals({"deals_won": 220, "deals_lost": 780}, 110_000)
    found = rates(own, everybody)
    assert found.win_rate == Fraction(3 + 20 * Fraction(22, 100), 28)  # 0.264
    assert found.deal_value == Fraction(3_000 + 20 * 500, 23)


def test_without_meetings_or_calls_of_its_own_a_scope_has_everybodys_rates() -> None:
    everybody = Totals({"meetings_held": 40, "opportunities_created": 20, "calls_placed": 120}, 0)
    assert rates(NONE, everybody) == Rates(None, None, Fraction(2), Fraction(3))
    own = Totals({"meetings_held": 10, "opportunities_created": 10}, 0)
    assert rates(own, everybody).meetings_per_opportunity == 1
    assert rates(NONE, NONE) == Rates(None, None, None, None)


def test_totals_are_of_the_last_periods_of_all_the_scopes() -> None:
    known = past(PLAN, {"rep:ben": [100, 200], "rep:dan": [5]}, deals_won={"rep:ben": [1, 2]})
    found = totals(["rep:ben", "rep:dan"], OCTOBER, known)
    assert (found.revenue, found.count("deals_won"), found.count("calls_placed")) == (305, 3, 0)


@pytest.mark.parametrize(("earned", "leading"), [((1, 2, 3, 4), ("d",)), ((4, 4, 0, 0), ("a",)), ((0, 0, 0, 0), ())])
def test_leaders_are_the_quarter_of_those_who_sold_with_the_most(
    earned: tuple[int, ...], leading: tuple[str, ...]
) -> None:
    reps = {"a": "rep:anna-snelling", "b": "rep:ben", "c": "rep:cara", "d": "rep:dan"}
    known = past(PLAN, {scope: [value] for scope, value in zip(reps.values(), earned, strict=True)})
    assert leaders([*reps.values()], OCTOBER, known) == tuple(reps[name] for name in leading)


def test_the_lead_is_the_median_of_the_cycles_weighted_by_their_deals() -> None:
    known = past(PLAN, {"rep:ben": [1, 1, 1]})
    for month, (cycle, deals) in enumerate(((10.0, 1), (20.0, 5), (99.0, 1)), 1):
        period = the_period(f"2026-0{month}-01", "month", PLAN)
        found = known.at("rep:ben", period)
        assert found is not None
        found.metrics["cycle_days_median"] = Measure(cycle, n=deals)
    assert lead_days("rep:ben", OCTOBER, known) == 20
    assert lead_days("rep:dan", OCTOBER, known) is None
