"""The recount of `quotaflow verify` comes to what plain loops over all facts come to, in whatever order they are."""

import random

import pytest

from quota.money import minor_units
from quota.plans import PlanIndex
from quota.recount import Fact, Received, Recount, credited, recorded
from schemas.activities import Activity
from schemas.deals import DealChanged
from schemas.fields import Origin
from schemas.meetings import MeetingChanged
from tests.runtime.history import MONDAY, Past
from tests.runtime.oracle import totals

KINDS = (Activity, MeetingChanged, DealChanged)
SEEDS = [f"recount-{number}" for number in range(60)]


def recount(facts: list[Fact], plan: PlanIndex) -> Recount:
    received: list[Received] = [(fact, Origin("t", 0, number)) for number, fact in enumerate(facts)]
    kinds = [[each for each in received if isinstance(each[0], kind)] for kind in KINDS]
    return Recount([credited(recorded(each).values(), plan) for each in kinds], plan)


@pytest.mark.parametrize("seed", SEEDS)
def test_it_comes_to_what_the_oracle_adds_up(seed: str) -> None:
    history, luck = Past(seed, facts=30).history(), random.Random(seed)
    plan = PlanIndex(history.plan(history.revisions))
    found = recount(luck.sample(history.facts * 2, len(history.facts) * 2), plan)
    expected = totals(history)
    assert {key for key, numbers in expected.items() if any(numbers.values())} <= found.periods()
    for (scope, period), numbers in expected.items():
        metrics = found.standing(scope, period, MONDAY).metrics
        for metric, number in numbers.items():
            value = metrics[metric].value
            assert (minor_units(value, "USD") if isinstance(value, str) else value) == number, (scope, period, metric)


@pytest.mark.parametrize("seed", SEEDS[:10])
def test_a_fact_less_is_noticed(seed: str) -> None:
    history = Past(seed, facts=30).history()
    plan = PlanIndex(history.plan(history.revisions))
    whole = recount(history.facts, plan)
    calls = [f for f in history.facts if isinstance(f, Activity)]
    once = [fact for fact in calls if sum(other.id == fact.id for other in calls) == 1]
    short = recount([fact for fact in history.facts if fact is not once[0]], plan)
    keys = [(scope, name) for scope, name in whole.periods() if scope in {"company", "unassigned"}]
    assert any(whole.standing(*key, MONDAY) != short.standing(*key, MONDAY) for key in keys)
