"""The benchmark's workload is what its README says: the same facts for a seed, in the stated shares and sizes."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import json

from bench.floor import FIRST, STAGES, TEAM_SIZE, opening, over, plan
from bench.selling import WORKDAY, Fact
from bench.workload import Workload, outgoing
from quota.plans import PlanIndex
from schemas.activities import Activity
from schemas.deals import DealChanged
from schemas.meetings import MeetingChanged
from streams import topics

SMALL = Workload(facts=20_000, days=30, reps=200)


@pytest.fixture(scope="module")
def facts() -> list[list[Fact]]:
    return list(SMALL.by_day())


def every(facts: list[list[Fact]]) -> list[Fact]:
    return [fact for day in facts for fact in day]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2000), st.integers(1, 40), st.integers(1, 60), st.integers(0, 9))
def test_a_workload_has_as_many_facts_and_days_as_asked_for(count: int, days: int, reps: int, seed: int) -> None:
    found = list(Workload(count, days, reps, seed).by_day())
    assert len(found) == days
    assert len(every(found)) == count


def test_a_seed_makes_the_same_facts_again_and_another_makes_others(facts: list[list[Fact]]) -> None:
    assert list(SMALL.by_day()) == facts
    assert list(Workload(SMALL.facts, SMALL.days, SMALL.reps, seed=2).by_day()) != facts


def test_of_ten_facts_seven_are_activities_one_is_of_a_meeting_and_two_are_of_deals(facts: list[list[Fact]]) -> None:
    shares = Counter(type(fact) for fact in every(facts))
    assert shares[Activity] == pytest.approx(0.7 * SMALL.facts, rel=0.02)
    assert shares[MeetingChanged] == pytest.approx(0.1 * SMALL.facts, rel=0.02)
    assert shares[DealChanged] == pytest.approx(0.2 * SMALL.facts, rel=0.02)


def test_a_fact_has_200_to_400_bytes_and_on_average_260(facts: list[list[Fact]]) -> None:
    sizes = [len(json.encode(fact)) for fact in every(facts)]
    assert min(sizes) >= 200
    assert max(sizes) <= 400
    assert sum(sizes) / len(sizes) == pytest.approx(265, abs=10)


def test_no_two_facts_have_one_id(facts: list[list[Fact]]) -> None:
    assert len({(fact.source, fact.id) for fact in every(facts)}) == SMALL.facts


def test_facts_come_in_the_order_of_their_moments_and_before_the_tick_of_their_day(facts: list[list[Fact]]) -> None:
    for day, found in enumerate(facts):
        moments = [fact.occurred_at for fact in found]
        assert moments == sorted(moments)
        assert all(moment <= over(day) for moment in moments)


def test_activities_lie_in_the_working_hours_of_who_performs_them(facts: list[list[Fact]]) -> None:
    for day, found in enumerate(facts):
        for fact in found:
            if isinstance(fact, Activity):
                begins = opening(day, int(fact.performer[4:9]))
                assert begins <= fact.occurred_at < begins + timedelta(seconds=WORKDAY)


def test_a_day_of_the_weekend_brings_nearly_nothing(facts: list[list[Fact]]) -> None:
    for day, found in enumerate(facts):
        weekend = (FIRST + timedelta(days=day)).weekday() > 4
        assert (len(found) < SMALL.facts / SMALL.days / 10) == weekend


def test_deals_go_through_all_stages_and_meetings_through_all_states(facts: list[list[Fact]]) -> None:
    stages = {fact.stage for fact in every(facts) if isinstance(fact, DealChanged)}
    states = {fact.state for fact in every(facts) if isinstance(fact, MeetingChanged)}
    assert {stage.id for stage in STAGES} <= stages
    assert states == {"booked", "held", "no_show", "cancelled", None}


def test_a_deal_and_a_meeting_are_changed_more_than_once(facts: list[list[Fact]]) -> None:
    deals = Counter(fact.deal for fact in every(facts) if isinstance(fact, DealChanged))
    meetings = Counter(fact.meeting for fact in every(facts) if isinstance(fact, MeetingChanged))
    assert deals.total() / len(deals) > 3
    assert meetings.total() / len(meetings) > 1.7


def test_the_plan_knows_everybody_who_is_named_by_any_source(facts: list[list[Fact]]) -> None:
    index = PlanIndex(plan(SMALL.reps))
    named = {(fact.source, fact.performer) for fact in every(facts) if isinstance(fact, Activity)}
    named |= {(f.source, f.organizer) for f in every(facts) if isinstance(f, MeetingChanged) and f.organizer}
    named |= {(f.source, f.owner) for f in every(facts) if isinstance(f, DealChanged) and isinstance(f.owner, str)}
    assert {index.rep(source, name) for source, name in named} == {rep.id for rep in index.plan.reps}


def test_two_thousand_reps_are_in_a_hundred_teams_on_three_levels() -> None:
    index = PlanIndex(plan(2000))
    assert len({rep.teams[0].team for rep in index.plan.reps}) == 2000 / TEAM_SIZE == 100
    assert {len(index.ancestors(rep.id, FIRST.isoformat())) for rep in index.plan.reps} == {4}
    assert {rule.kind for rule in index.plan.rules} == {"early_stage_shortage", "behind_pace", "deal_won"}


def test_a_fact_goes_to_the_topic_of_its_kind_with_the_key_that_agents_expect(facts: list[list[Fact]]) -> None:
    keys = {Activity: "performer", MeetingChanged: "meeting", DealChanged: "deal"}
    spots = {Activity: topics.ACTIVITIES, MeetingChanged: topics.MEETINGS, DealChanged: topics.DEALS}
    for fact in facts[0]:
        sent = outgoing(fact, 4)
        assert sent.topic == spots[type(fact)].name
        assert sent.key == getattr(fact, keys[type(fact)]).encode()
        assert json.decode(sent.value or b"", type=type(fact)) == fact
