from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota.errors import InvalidRecord
from quota.facts import in_time
from quota.meetings import Meeting, contributions, entity, fold
from quota.recount import facts_of
from quota.shares import together
from schemas.fields import Origin
from schemas.meetings import MeetingChanged, MeetingRecord
from schemas.plan import Conversations, Metric
from tests.unit.floor import HERE, PLAN, a_plan, moments, noon, performers

changes = st.builds(
    MeetingChanged,
    id=st.sampled_from("abcdef"),
    source=st.sampled_from(["crm", "calendar"]),
    occurred_at=moments,
    meeting=st.just("m"),
    organizer=st.none() | performers,
    state=st.none() | st.sampled_from(["booked", "held", "no_show", "cancelled"]),
    starts_at=st.none() | moments,
    ends_at=st.none() | moments,
    lead=st.none() | st.sampled_from(["acme", "globex"]),
    version=st.integers(0, 2),
    quiet=st.booleans(),
    contact=st.none() | st.sampled_from(["ann", "bob"]),
    seniority=st.none() | st.sampled_from(["vp", "clerk"]),
    seconds=st.none() | st.sampled_from([60, 300]),
    two_way=st.none() | st.booleans(),
    meaningful=st.none() | st.booleans(),
)


def change(day: str, state: Any = None, organizer: str | None = None, **said: Any) -> MeetingChanged:
    number = said.pop("id", f"{day}-{state}")
    return MeetingChanged(number, "crm", noon(day), "m", organizer, state, **said)


def record(*received: MeetingChanged) -> MeetingRecord:
    folded = fold(None, [(fact, HERE) for fact in received])
    assert folded is not None
    return folded


def credited(*received: MeetingChanged) -> dict[tuple[str, str], dict[str, int]]:
    return contributions(record(*received), PLAN)


BOOKED = change("2026-05-04", "booked", "ben", lead="acme", ends_at=noon("2026-05-11"))

HELD = {"meetings_held": 1, "conversations": 1}


@given(received=st.lists(changes, min_size=1, max_size=8), data=st.data())
def test_order_and_repetition_do_not_matter(received: list[MeetingChanged], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(received + received))
    cut = data.draw(st.integers(1, len(shuffled)))
    first = record(*shuffled[:cut])
    rest = [(fact, HERE) for fact in shuffled[cut:]]
    second = (fold(first, rest) if rest else None) or first
    assert facts_of(second) == facts_of(record(*received))
    assert contributions(second, PLAN) == contributions(record(*received), PLAN)
    assert fold(second, [(fact, Origin("again", 1, 1)) for fact in received]) is None


@given(received=st.lists(changes, min_size=1, max_size=8))
def test_a_meeting_that_goes_on_adds_what_the_whole_of_it_adds(received: list[MeetingChanged]) -> None:
    whole = in_time(record(*received).changes)
    growing = Meeting("m", PLAN)
    for number, each in enumerate(whole):
        growing.hear(each)
        so_far = MeetingRecord("m", [(said, HERE) for said in whole[: number + 1]])
        assert together(growing.count()) == contributions(so_far, PLAN)


def test_a_meeting_is_keyed_by_itself_and_out_of_time_is_refused() -> None:
    assert entity(BOOKED) == "m"
    never = datetime(9999, 1, 1, tzinfo=UTC)
    with pytest.raises(InvalidRecord, match="starts_at"):
        entity(change("2026-05-04", "booked", starts_at=never))
    with pytest.raises(InvalidRecord, match="ends_at"):
        entity(change("2026-05-04", "booked", ends_at=never))
    with pytest.raises(InvalidRecord, match="occurred_at"):
        entity(MeetingChanged("1", "crm", datetime(1, 1, 1, tzinfo=UTC), "m"))


def test_a_booking_counts_on_its_day_also_when_the_meeting_is_cancelled() -> None:
    expected = {("rep:ben", "2026-05-04"): {"meetings_scheduled": 1}}
    assert credited(BOOKED) == expected
    assert credited(BOOKED, change("2026-05-05", "cancelled")) == expected


def test_a_meeting_held_counts_at_its_end_and_speaks_to_its_lead() -> None:
    assert credited(BOOKED, change("2026-05-12", "held")) == {
        ("rep:ben", "2026-05-04"): {"meetings_scheduled": 1},
        ("rep:ben", "2026-05-11"): {"meetings_held": 1, "conversations": 1, "lead|acme": 1},
    }


def test_a_meeting_moved_counts_at_its_new_end() -> None:
    moved = change("2026-05-06", ends_at=noon("2026-05-20"))
    assert ("rep:ben", "2026-05-20") in credited(BOOKED, moved, change("2026-05-21", "held"))


def test_a_meeting_held_without_a_known_end_or_lead_counts_when_it_was_said() -> None:
    assert credited(change("2026-05-12", "held", "ben")) == {("rep:ben", "2026-05-12"): HELD}


def test_a_missed_meeting_counts_when_it_was_said_and_speaks_to_nobody() -> None:
    assert credited(BOOKED, change("2026-05-12", "no_show")) == {
        ("rep:ben", "2026-05-04"): {"meetings_scheduled": 1},
        ("rep:ben", "2026-05-12"): {"no_shows": 1},
    }


def test_the_last_state_decides_and_saying_it_again_moves_nothing() -> None:
    held, missed = change("2026-05-12", "held"), change("2026-05-13", "no_show")
    assert credited(BOOKED, missed, held, change("2026-05-14", "no_show", id="again")) == credited(BOOKED, held, missed)
    assert credited(BOOKED, held, change("2026-05-15", "booked")) == credited(BOOKED)


def test_booking_again_is_no_second_booking() -> None:
    assert credited(BOOKED, change("2026-05-08", "booked", "cara")) == credited(BOOKED)


def test_each_count_goes_to_the_organizer_in_force_then() -> None:
    handed_over = change("2026-05-06", organizer="cara")
    found = credited(BOOKED, handed_over, change("2026-05-12", "held"))
    assert found == {
        ("rep:ben", "2026-05-04"): {"meetings_scheduled": 1},
        ("rep:cara", "2026-05-11"): {"meetings_held": 1, "conversations": 1, "lead|acme": 1},
    }


def test_before_an_organizer_is_named_the_first_one_counts() -> None:
    late, later = change("2026-05-06", organizer="ben"), change("2026-05-07", organizer="dan")
    expected = {("rep:ben", "2026-05-04"): {"meetings_scheduled": 1}}
    assert credited(change("2026-05-04", "booked"), late, later) == expected


def test_an_organizer_is_in_force_from_the_moment_he_is_named() -> None:
    booked = change("2026-05-04", "booked", "ben")
    assert set(credited(change("2026-05-03", organizer="dan"), booked)) == {("rep:ben", "2026-05-04")}


def test_an_unknown_organizer_leaves_the_meeting_unassigned_until_the_plan_knows_him() -> None:
    booked = record(change("2026-05-04", "booked", "zoe"))
    assert set(contributions(booked, PLAN)) == {("unassigned", "2026-05-04")}
    plan = a_plan(reps=(*PLAN.plan.reps, type(PLAN.plan.reps[0])("zoe", "Zoe")))
    assert set(contributions(booked, plan)) == {("rep:zoe", "2026-05-04")}


def test_the_day_is_that_of_the_organizers_calendar() -> None:
    evening = datetime(2026, 5, 4, 23, tzinfo=UTC)
    booked = MeetingChanged("1", "crm", evening, "m", "cara", "booked")
    assert set(credited(booked)) == {("rep:cara", "2026-05-05")}
    assert set(credited(MeetingChanged("1", "crm", evening, "m", "ben", "booked"))) == {("rep:ben", "2026-05-04")}


def test_a_meeting_without_any_state_counts_nothing() -> None:
    assert credited(change("2026-05-04", organizer="ben")) == {}


CELL = "rep:ben", "2026-05-11"


@pytest.mark.parametrize(
    ("minutes", "seconds", "counted"),
    [(5, None, True), (4, None, False), (60, 299, False), (1, 300, True), (-30, None, False), (None, None, False)],
)
def test_a_meeting_of_unknown_length_is_as_long_as_from_its_start_to_its_end(
    minutes: int | None, seconds: int | None, *, counted: bool
) -> None:
    start = None if minutes is None else noon("2026-05-11") - timedelta(minutes=minutes)
    at = noon("2026-05-11")
    booked = MeetingChanged("1", "crm", at, "m", "ben", "booked", starts_at=start, ends_at=at, contact="ann")
    said = credited(booked, MeetingChanged("2", "crm", at + timedelta(minutes=1), "m", state="held", seconds=seconds))
    talk = {"talk|meaningful_conversations|2026-05-11|ann": 1} if counted else {}
    assert said[CELL] == {"meetings_scheduled": 1, "meetings_held": 1, "conversations": 1, **talk}


def test_a_meeting_in_which_nobody_answered_is_held_and_no_conversation() -> None:
    at = noon("2026-05-11")
    said = MeetingChanged("1", "crm", at, "m", "ben", "held", lead="acme", contact="ann", seconds=900, two_way=False)
    assert credited(said)[CELL] == {"meetings_held": 1}


def test_a_meeting_is_with_whom_it_was_said_to_be_last_and_what_is_said_of_a_contact_is_of_that_one() -> None:
    plan = a_plan(metrics=(Metric("vp_talks", conversations=Conversations(0, ("vp",))),))
    first = change("2026-05-11", "held", "ben", contact="ann", seniority="vp", meaningful=True)
    other = change("2026-05-12", contact="bob")
    assert contributions(record(first), plan)[CELL]["talk|vp_talks|2026-05-11|ann"] == 1
    assert contributions(record(first, other), plan)[CELL] == {
        **HELD,
        "talk|meaningful_conversations|2026-05-11|bob": 1,
    }
