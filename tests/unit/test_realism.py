import math
import random
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from quota.realism import DRAWS, fairness, judged, realism
from quota.reconciliations import is_lower
from schemas.plan import Quota
from tests.unit.floor import PLAN, a_plan
from tests.unit.past import past, the_period

ERROR = 4 * math.sqrt(0.25 / DRAWS)
"""Four standard errors of a share of that many draws."""
amounts = st.lists(st.integers(0, 1000), min_size=4, max_size=6)


@given(amounts, st.integers(1, 3000))
def test_the_chance_is_the_share_of_all_ways_in_which_history_may_repeat(own: list[int], quota: int) -> None:
    ways = [sum(each) >= quota for each in product(own, repeat=3)]
    found = realism(quota, 3, own, [], "seed")
    assert found.chance == pytest.approx(sum(ways) / len(ways), abs=ERROR)


@given(amounts, st.integers(1, 1000))
def test_peers_count_as_much_as_four_own_periods(own: list[int], quota: int) -> None:
    """Peers whose mean is the own one are taken as they are."""
    peers = [sum(own), 0] if sum(own) else [0, 0]
    scaled = [value * len(own) and value * 2 / len(own) for value in peers]
    own_share = sum(value >= quota for value in own) / len(own)
    peer_share = sum(value >= quota for value in scaled) / 2
    weight = len(own) / (len(own) + 4)
    expected = weight * own_share + (1 - weight) * peer_share
    found = realism(quota, 1, own, [peers], "seed").chance
    assert found is not None
    assert abs(found - expected) < ERROR or any(abs(value - quota) < 1e-6 for value in scaled)


def test_the_same_question_has_the_same_answer_and_another_seed_other_draws() -> None:
    own = [100, 200, 300, 400, 500]
    assert realism(900, 3, own, [], "a") == realism(900, 3, own, [], "a")
    assert len({realism(900, 3, own, [], str(seed)).chance for seed in range(10)}) > 1


def test_the_draws_are_those_of_the_generator_wherever_it_runs() -> None:
    assert realism(900, 3, [100, 200, 300, 400, 500], [[7, 8]], "rep:ben|revenue|2026-10").chance == 0.5245


@pytest.mark.parametrize(("quota", "verdict"), [(1000, "unrealistic"), (300, "realistic"), (1, "too_easy")])
def test_a_quota_is_unrealistic_realistic_or_too_easy(quota: int, verdict: str) -> None:
    assert realism(quota, 1, [100, 200, 300, 400, 500], [], "seed").verdict == verdict


def test_what_asks_for_nothing_has_no_chance_to_be_too_easy() -> None:
    found = realism(0, 1, [0, 0, 0, 0, 0], [], "seed")
    assert (found.chance, found.verdict) == (None, "no_target")


@given(amounts, st.integers(1, 1000))
def test_where_less_is_better_the_chance_is_that_of_not_more(own: list[int], quota: int) -> None:
    more, less = realism(quota + 1, 1, own, [], "seed"), realism(quota, 1, own, [], "seed", lower=True)
    assert more.chance is not None
    assert less.chance == pytest.approx(1 - more.chance)


def test_a_quota_of_which_less_is_better_is_judged_so_and_without_one_the_metric_says() -> None:
    known = past(PLAN, {}, deals_lost={"rep:ben": [10] * 9}, deals_won={"rep:ben": [10] * 9})
    month = the_period("2026-10-01", "month", PLAN)
    assert judged("rep:ben", "deals_lost", month, 11, known, lower=True).chance == 1
    assert judged("rep:ben", "deals_lost", month, 9, known, lower=True).chance == 0
    lost = Quota("q", "rep:ben", "deals_lost", "month", "9", direction="lower")
    won = Quota("q", "rep:ben", "deals_won", "month", "9", direction="lower")
    assert [is_lower("rep:ben", metric, month, PLAN) for metric in ("deals_lost", "deals_won")] == [True, False]
    assert is_lower("rep:ben", "deals_won", month, a_plan(won))
    assert not is_lower("rep:ben", "deals_lost", month, a_plan(replace(lost, direction="higher")))


def test_of_three_periods_nothing_is_said() -> None:
    found = realism(1, 1, [1, 2], [[3]], "seed")
    assert (found.chance, found.verdict, found.own, found.peers) == (None, "too_little_history", 2, 1)


def test_a_newcomer_is_judged_by_peers_alone() -> None:
    assert realism(250, 1, [], [[100, 200], [300, 400]], "seed").chance == pytest.approx(0.5, abs=ERROR)


def test_a_peer_who_never_sold_says_nothing_of_somebody_who_did() -> None:
    own = [100, 200, 300, 400]
    assert realism(200, 1, own, [[0, 0, 0]], "seed") == realism(200, 1, own, [], "seed")
    assert realism(1, 1, [], [[0, 0], [5, 5]], "seed").chance == pytest.approx(0.5, abs=ERROR)


def test_a_quarter_is_drawn_as_three_months_where_months_are_kept() -> None:
    known = past(PLAN, {"rep:ben": [100] * 9, "rep:anna-snelling": [10_000] * 9})
    quarter = the_period("2026-10-01", "quarter", PLAN)
    assert judged("rep:ben", "revenue", quarter, 300, known).chance == 1
    assert judged("rep:ben", "revenue", quarter, 301, known).chance == 0
    only = a_plan(company=PLAN.plan.company.__class__("Acme", "USD", calendar="chicago", periods=("quarter",)))
    found = judged("rep:ben", "revenue", quarter, 300, past(only, {"rep:ben": [300] * 3}, kind="quarter"))
    assert (found.chance, found.own) == (None, 3)


def test_attainment_that_follows_the_size_of_the_territory_is_named() -> None:
    people = [f"rep-{number}" for number in range(20)]
    sizes = {who: float(number) for number, who in enumerate(people)}
    with_size = fairness({who: 0.5 + sizes[who] / 20 for who in people}, sizes)
    assert with_size.relation == pytest.approx(1)
    assert with_size.related
    mixed = [*people]
    random.Random(3).shuffle(mixed)
    without = fairness({who: 0.5 + place / 20 for place, who in enumerate(mixed)}, sizes)
    assert not without.related


def test_people_are_counted_in_bands_and_one_who_meets_it_exactly_has_reached_it() -> None:
    found = fairness({"a": 0.49, "b": 0.5, "c": 0.8, "d": 1.0, "e": 1.2, "f": 1.0}, {})
    assert (found.people, found.reached, found.bands) == (6, 3, (1, 1, 1, 2, 1))
    assert (found.relation, found.related) == (None, False)
    assert found.spread == pytest.approx(1.0 - 0.575)


def test_where_all_are_alike_nothing_is_related() -> None:
    same = dict.fromkeys("abcd", 1.0)
    assert fairness(same, {"a": 1, "b": 2, "c": 3, "d": 4}).relation is None
    assert fairness({}, {}).people == 0
