from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota.errors import InvalidRecord
from quota.spreads import Handed, hand_down, spread
from quota.weights import by_history, by_name, equal, listed, names
from schemas.plan import Rep, Team
from tests.unit.floor import PLAN, REPS, TEAMS, a_plan
from tests.unit.past import past, the_period

MAY = the_period("2026-05-01", "month", PLAN)
weights = st.dictionaries(
    st.sampled_from("abcdefgh"), st.fractions(min_value=0, max_value=1000, max_denominator=1000), min_size=1
)


def handed(*found: Handed) -> dict[str, int]:
    return {each.scope: each.target for each in found}


@given(st.integers(0, 10**15), weights, st.integers(1, 10_000))
def test_it_adds_up_to_the_target_whatever_the_weights(target: int, weighed: dict[str, Fraction], step: int) -> None:
    found = spread(target, weighed, step)
    assert sum(found.values()) == target
    assert found.keys() == weighed.keys()
    assert min(found.values()) >= 0


@given(st.integers(0, 10**15), weights)
def test_nobody_is_a_unit_from_the_exact_share(target: int, weighed: dict[str, Fraction]) -> None:
    total = sum(weighed.values())
    for child, number in spread(target, weighed).items():
        exact = target * weighed[child] / total if total else Fraction(target, len(weighed))
        assert abs(number - exact) < 1


@given(st.integers(0, 10**6), weights, st.integers(1, 500))
def test_who_weighs_more_never_gets_less(target: int, weighed: dict[str, Fraction], step: int) -> None:
    found = spread(target, weighed, step)
    for child in found:
        assert all(found[child] >= found[other] for other in found if weighed[child] > weighed[other])


@given(st.integers(0, 10**6), weights, st.integers(1, 500))
def test_all_but_one_get_whole_steps(target: int, weighed: dict[str, Fraction], step: int) -> None:
    assert sum(number % step != 0 for number in spread(target, weighed, step).values()) <= 1


def test_the_units_that_are_left_go_to_the_largest_remainders_and_then_by_id() -> None:
    assert spread(100, {"a": Fraction(1), "b": Fraction(1), "c": Fraction(1)}) == {"a": 34, "b": 33, "c": 33}
    assert spread(10, {"a": Fraction(1), "b": Fraction(2), "c": Fraction(4)}) == {"a": 1, "b": 3, "c": 6}
    assert spread(7, {"a": Fraction(0), "b": Fraction(0)}) == {"a": 4, "b": 3}


def test_what_cannot_be_spread_is_refused() -> None:
    for target, weighed in ((1, {}), (-1, {"a": Fraction(1)}), (1, {"a": Fraction(-1)})):
        with pytest.raises(InvalidRecord):
            spread(target, weighed)


def test_it_is_handed_down_through_teams_to_the_reps_who_end_the_period_in_them() -> None:
    """Anna is Dustin's in May; Dan is in no team; in July she has gone west."""
    found = [*hand_down(Handed("company", 0, Fraction(1), 401), MAY, equal(MAY, PLAN), PLAN, 9)]
    assert [(each.scope, each.depth) for each in found] == [
        ("company", 0),
        ("team:central", 1),
        ("team:dustin", 2),
        ("rep:anna-snelling", 3),
        ("rep:ben", 3),
        ("team:west", 1),
        ("rep:cara", 2),
        ("rep:dan", 1),
    ]
    assert handed(*found)["team:central"] == handed(*found)["team:dustin"] == 201
    assert sum(each.target for each in found if each.scope.startswith("rep:")) == 401
    july = the_period("2026-07-01", "month", PLAN)
    assert handed(*hand_down(Handed("team:west", 0, Fraction(1), 10), july, equal(july, PLAN), PLAN, 1)) == {
        "team:west": 10,
        "rep:anna-snelling": 5,
        "rep:cara": 5,
    }


def test_it_goes_no_further_down_than_asked() -> None:
    found = hand_down(Handed("company", 0, Fraction(1), 400), MAY, equal(MAY, PLAN), PLAN, 1)
    assert [each.scope for each in found] == ["company", "team:central", "team:west", "rep:dan"]


def test_who_has_left_or_not_yet_come_is_handed_nothing() -> None:
    plan = a_plan(reps=(*REPS, Rep("eve", "Eve", left="2026-05-01"), Rep("fay", "Fay", hired="2026-06-01")))
    scopes = {each.scope for each in hand_down(Handed("company", 0, Fraction(1), 1), MAY, equal(MAY, plan), plan, 9)}
    assert not {"rep:eve", "rep:fay"} & scopes
    assert "rep:dan" in scopes


def test_history_weighs_what_a_scope_came_to_before() -> None:
    known = past(PLAN, {"team:central": [900, 100, 100, 100], "team:west": [0, 0, 50, 50]})
    weigh = by_history("revenue", MAY, known, 2)
    assert [weigh(scope) for scope in ("team:central", "team:west", "rep:dan")] == [200, 100, 0]


def test_less_than_nothing_weighs_nothing() -> None:
    weigh = by_history("revenue", MAY, past(PLAN, {"team:west": [-100]}), 12)
    assert weigh("team:west") == 0


def test_a_weight_of_the_plan_counts_for_who_has_it_and_else_that_of_everybody_below() -> None:
    reps = tuple(Rep(each.id, each.name, each.teams, weights={"potential": "2.5"}) for each in REPS)
    teams = (*TEAMS[:2], Team("west", "West", weights={"potential": "7", "customers": "3"}))
    plan = a_plan(reps=reps, teams=teams)
    weigh = by_name("potential", MAY, plan)
    assert [weigh(scope) for scope in ("team:central", "team:west", "rep:dan")] == [5, 7, Fraction(5, 2)]
    assert names(plan) == ["customers", "potential"]
    assert listed({"rep:ben": Fraction(1)}, MAY, PLAN)("team:central") == 1
