"""The simulated floor is a pure function of its seed, and busy enough for quotas and alerts."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quota.plans import PlanIndex
from schemas.activities import Activity
from schemas.deals import DealChanged
from schemas.meetings import MeetingChanged
from streams.plans import load
from streams.replay import AnyFact, fact
from streams.simulate import between, floor, live, people
from streams.simulate.hours import ZONE

END = datetime(2026, 11, 21, 20, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def past() -> list[AnyFact]:
    return list(floor(12, 120, 7, END))


@pytest.fixture(scope="module")
def plan(root: Path) -> PlanIndex:
    return PlanIndex(load(root / "deploy" / "examples" / "demo"))


def test_the_same_seed_gives_the_same_floor_and_another_seed_another(past: list[AnyFact]) -> None:
    assert list(floor(12, 120, 7, END)) == past
    assert list(floor(12, 120, 8, END)) != past


def test_facts_come_in_order_of_time_within_the_days_asked_for(past: list[AnyFact]) -> None:
    assert all(one.occurred_at <= other.occurred_at for one, other in pairwise(past))
    assert END - timedelta(days=120) <= past[0].occurred_at
    assert past[-1].occurred_at < END


def test_every_fact_has_an_identity_of_its_own_and_fits_the_wire(past: list[AnyFact]) -> None:
    said = [*past, *live(12, 7, END, END + timedelta(minutes=20))]
    assert len({item.id for item in said}) == len(said)
    assert {fact(item, quiet=True).topic for item in said} == {
        "sales.activities.v1",
        "sales.meetings.v1",
        "sales.deals.v1",
    }


@settings(deadline=None, max_examples=10)
@given(cuts=st.lists(st.integers(0, 30 * 86400), min_size=1, max_size=4).map(sorted), seed=st.integers(0, 9))
def test_stretches_of_the_past_join_without_gap_or_overlap(cuts: list[int], seed: int) -> None:
    start = END - timedelta(days=30)
    edges = [start, *(start + timedelta(seconds=cut) for cut in cuts), END]
    joined = [item for a, b in pairwise(edges) for item in between(5, seed, a, b, opened=start)]
    assert joined == list(floor(5, 30, seed, END))


@settings(deadline=None, max_examples=10)
@given(cuts=st.lists(st.floats(0, 120), max_size=5).map(sorted))
def test_live_stretches_join_without_gap_or_overlap(cuts: list[float]) -> None:
    edges = [END, *(END + timedelta(seconds=cut) for cut in cuts), END + timedelta(seconds=120)]
    joined = [item for a, b in pairwise(edges) for item in live(12, 7, a, b)]
    assert joined == live(12, 7, END, END + timedelta(seconds=120))


def test_a_minute_of_live_has_calls_and_within_five_a_deal_is_won() -> None:
    minute = live(12, 7, END, END + timedelta(minutes=1))
    assert any(isinstance(item, Activity) and item.activity == "call_placed" for item in minute)
    later = live(12, 7, END, END + timedelta(minutes=5))
    assert any(isinstance(item, DealChanged) and item.stage == "won" for item in later)


def test_people_work_on_weekdays_from_nine_to_six(past: list[AnyFact]) -> None:
    begun = [item.occurred_at.astimezone(ZONE) for item in past if isinstance(item, Activity | DealChanged)]
    assert {moment.weekday() for moment in begun} == set(range(5))
    assert {moment.hour for moment in begun} <= set(range(9, 19))


def test_the_demo_plan_knows_everybody_and_every_stage(past: list[AnyFact], plan: PlanIndex) -> None:
    assert {rep.id for rep in plan.plan.reps} == {person.id for person in people(12)}
    for item in past:
        if isinstance(item, DealChanged) and isinstance(item.owner, str):
            assert plan.rep(item.source, item.owner)
        if isinstance(item, DealChanged):
            assert isinstance(item.stage, str)
            assert plan.stage(item.stage)
        if isinstance(item, Activity):
            assert plan.rep(item.source, item.performer)
            assert plan.metrics_of(item.activity)


def test_conversations_are_with_somebody_and_some_are_meaningful(past: list[AnyFact]) -> None:
    calls = [item for item in past if isinstance(item, Activity) and item.activity == "call_connected"]
    talks = [call for call in calls if call.two_way]
    assert 0.8 < len(talks) / len(calls) < 1
    assert all(call.contact and call.seniority and call.role for call in talks)
    assert 0.2 < sum((call.seconds or 0) >= 300 for call in talks) / len(talks) < 0.4
    assert len({call.seniority for call in talks}) == 4
    assert not any(item.seconds for item in past if isinstance(item, Activity) and item.activity == "email_sent")


def test_a_deal_walks_through_its_stages_to_one_end(past: list[AnyFact], plan: PlanIndex) -> None:
    lives: defaultdict[str, list[str]] = defaultdict(list)
    for item in past:
        if isinstance(item, DealChanged):
            lives[item.deal].append(str(item.stage))
    order = [stage.id for stage in plan.plan.pipelines[0].stages]
    for stages in lives.values():
        steps = stages[:-1] if stages[-1] == "lost" else stages
        assert steps == order[: len(steps)]
    ends = Counter(stages[-1] for stages in lives.values())
    assert ends["won"] > 60
    assert ends["lost"] > ends["won"]


def test_a_won_deal_took_weeks_and_left_a_margin(past: list[AnyFact]) -> None:
    opened = {item.deal: item for item in past if isinstance(item, DealChanged) and item.stage == "prospecting"}
    won = [item for item in past if isinstance(item, DealChanged) and item.stage == "won"]
    assert 14 <= median((item.occurred_at - opened[item.deal].occurred_at).days for item in won) <= 30
    for item in won:
        assert item.amount
        assert item.cost
        assert 0 < item.cost.minor_units < item.amount.minor_units


def test_meetings_are_booked_and_then_held_missed_or_cancelled(past: list[AnyFact]) -> None:
    states: defaultdict[str, list[str]] = defaultdict(list)
    for item in past:
        if isinstance(item, MeetingChanged):
            states[item.meeting].append(str(item.state))
    assert all(story[0] == "booked" for story in states.values())
    assert {story[1] for story in states.values() if len(story) == 2} == {"held", "no_show", "cancelled"}


def test_a_team_that_neglects_prospecting_opens_few_deals_for_weeks(past: list[AnyFact], plan: PlanIndex) -> None:
    weeks: Counter[int] = Counter()
    for item in past:
        if isinstance(item, DealChanged) and item.stage == "prospecting" and isinstance(item.owner, str):
            day = item.occurred_at.date()
            if "team:denver" in plan.ancestors(item.owner, day.isoformat()):
                weeks[(END.date() - day).days // 7] += 1
    inner = [weeks[week] for week in range(1, 16)]
    assert min(sum(inner[at : at + 3]) for at in range(12)) <= 5
    assert max(sum(inner[at : at + 3]) for at in range(12)) >= 35


def test_names_stay_apart_on_a_large_floor() -> None:
    assert len({person.id for person in people(2000)}) == 2000
    assert people(2000)[:12] == people(12)
