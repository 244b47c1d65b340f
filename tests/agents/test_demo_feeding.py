"""What the demo feeds, as a function of the clock and of what its log holds."""

from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import json

from schemas.activities import ActivitiesCorrected, Correction
from schemas.control import PlanMarker, Tick
from schemas.deals import DealChanged
from schemas.meetings import MeetingChanged
from streams import topics
from streams.demo.feeding import DAYS, Floor, Upcoming, upcoming
from streams.demo.inventory import Inventory, facts_in
from streams.log import Record
from streams.replay import AnyFact

NEW_YORK = ZoneInfo("America/New_York")
FLOOR = Floor(reps=2, seed=3)
NOW = datetime(2026, 3, 18, 15, 0, tzinfo=UTC)
NOTHING = Inventory()


def story(said: AnyFact) -> str | None:
    return said.deal if isinstance(said, DealChanged) else said.meeting if isinstance(said, MeetingChanged) else None


def after(run: list[AnyFact]) -> Inventory:
    """What a log holds to which a run has sent these."""
    stories = frozenset(name for each in run if (name := story(each)))
    return Inventory(len(run), run[0].occurred_at, run[-1].occurred_at, stories)


def first_run(now: datetime, end: datetime) -> list[AnyFact]:
    return [*upcoming(FLOOR, NOTHING, now).until(end)]


PAST = first_run(NOW, NOW)
LIVE = first_run(NOW, NOW + timedelta(minutes=10))


def test_the_past_is_the_weeks_up_to_now_in_the_order_of_time() -> None:
    moments = [each.occurred_at for each in PAST]
    assert moments == sorted(moments)
    assert timedelta(days=DAYS - 4) < NOW - moments[0] <= timedelta(days=DAYS + 1)
    assert NOW - moments[-1] < timedelta(hours=3)


def test_a_fact_is_handed_out_once_its_moment_has_come_and_only_once() -> None:
    coming = Upcoming(iter(LIVE))
    middle = LIVE[len(LIVE) // 2].occurred_at
    before = [*coming.until(middle)]
    assert before == [*takewhile(lambda each: each.occurred_at <= middle, LIVE)]
    assert coming.at > middle
    assert [*before, *coming.until(LIVE[-2].occurred_at)] == LIVE[:-1]


def test_what_quotaflow_itself_says_in_a_source_topic_is_no_fact_of_the_floor() -> None:
    said = (PAST[0], Tick(NOW), PlanMarker(1), ActivitiesCorrected((Correction("crm", "1", 1),), "activities/0"))
    chunk = [Record(topics.ACTIVITIES.name, 0, n, 0, b"", json.encode(each)) for n, each in enumerate(said)]
    assert facts_in(chunk) == [json.encode(PAST[0])]


@settings(deadline=None, max_examples=15)
@given(cut=st.integers(1, len(PAST) - 1))
def test_a_run_killed_in_the_past_goes_on_where_it_stopped_and_plays_the_same_floor(cut: int) -> None:
    rest = [*upcoming(FLOOR, after(PAST[:cut]), NOW).until(NOW)]
    again = [each for each in rest if each in PAST[:cut]]
    assert all(each.occurred_at == PAST[cut - 1].occurred_at for each in again)
    assert {each.id for each in PAST[:cut] + rest if not each.id.startswith("live")} == {each.id for each in PAST}


@settings(deadline=None, max_examples=15)
@given(stop=st.integers(0, 590), gap=st.one_of(st.integers(0, 300), st.integers(0, 40 * 86400)))
def test_after_a_break_nobody_owns_a_story_without_its_beginning(stop: int, gap: int) -> None:
    stopped = NOW + timedelta(seconds=stop)
    before = [each for each in LIVE if each.occurred_at <= stopped]
    began = stopped + timedelta(seconds=gap)
    rest = [*upcoming(FLOOR, after(before), began).until(began + timedelta(minutes=5))]
    begun: set[str] = set()
    for each in before + rest:
        if isinstance(each, DealChanged) and each.stage == "prospecting":
            begun.add(each.deal)
        elif isinstance(each, MeetingChanged) and each.state == "booked":
            begun.add(each.meeting)
        assert story(each) is None or story(each) in begun


@settings(deadline=None, max_examples=10)
@given(gap=st.integers(1, 20 * 86400))
def test_a_break_is_filled_with_what_the_floor_did_meanwhile(gap: int) -> None:
    began = NOW + timedelta(seconds=gap)
    filled = [*upcoming(FLOOR, after(PAST), began).until(began)]
    whole = {each.id for each in first_run_from(PAST[0].occurred_at, began)}
    assert {each.id for each in PAST + filled} == whole


def first_run_from(opened: datetime, end: datetime) -> list[AnyFact]:
    """The floor from its first fact on, as a run sees it that has nothing but that fact."""
    return [*upcoming(FLOOR, Inventory(1, opened, opened, frozenset()), end).until(end)]


@pytest.mark.parametrize(
    "now",
    [
        pytest.param("2026-01-01T00:05", id="just after New Year"),
        pytest.param("2026-03-08T03:30", id="the night of a changing clock"),
        pytest.param("2026-06-30T18:00", id="the last evening of a quarter"),
        pytest.param("2026-09-05T23:59", id="late on a Saturday"),
        pytest.param("2026-11-23T08:00", id="before work on a Monday"),
        pytest.param("2026-12-25T12:00", id="Christmas"),
    ],
)
def test_on_any_day_and_at_any_hour_a_deal_of_the_first_weeks_is_won(now: str) -> None:
    """An evening celebrates it and the next one ends that: an alert fires and resolves, whatever the others do."""
    moment = datetime.fromisoformat(now).replace(tzinfo=NEW_YORK)
    weeks = moment - timedelta(days=DAYS - 42)
    won = [
        each.occurred_at
        for each in upcoming(Floor(12, 1), NOTHING, moment).until(weeks)
        if isinstance(each, DealChanged) and each.stage == "won"
    ]
    assert won
