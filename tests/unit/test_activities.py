from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from itertools import groupby
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json
from msgspec.structs import replace

from quota import activities
from quota.activities import CORRECTION, chapter, contributions, entity, fold, performer_of, whose_day
from quota.errors import InvalidRecord
from schemas.activities import Activity, ActivityBucket, Done
from schemas.conversations import Conversation
from schemas.fields import Origin
from tests.unit.floor import BERLIN, CHICAGO, HERE, PLAN, moments, performers

KINDS = {
    "call_placed": "calls_placed",
    "call_connected": "calls_connected",
    "email_sent": "emails_sent",
    "chat": "chats",
    "linkedin_touch": "linkedin_touches",
    "proposal_sent": "proposals_sent",
    "application": "applications",
    "form": "applications",
}

details: dict[str, st.SearchStrategy[Any]] = {
    "contact": st.none() | st.sampled_from(["c1", "c2"]),
    "seniority": st.none() | st.sampled_from(["vp", "VP"]),
    "seconds": st.none() | st.sampled_from([299, 300]),
    "two_way": st.none() | st.booleans(),
    "meaningful": st.none() | st.booleans(),
}
facts = st.builds(
    Activity,
    id=st.sampled_from("abcdef"),
    source=st.sampled_from(["crm", "phone"]),
    occurred_at=moments,
    performer=performers,
    activity=st.sampled_from([*KINDS, "nap"]),
    lead=st.none() | st.sampled_from(["acme", "globex"]),
    version=st.integers(0, 2),
    quiet=st.booleans(),
    **details,
)
same_bucket = st.lists(
    facts.map(
        lambda fact: replace(fact, source="crm", performer="ben", occurred_at=fact.occurred_at.replace(2026, 3, 7))
    ),
    min_size=1,
    max_size=8,
)


def call(
    fact_id: str = "1",
    at: datetime = datetime(2026, 3, 7, 15, tzinfo=UTC),
    activity: str = "call_placed",
    version: int = 0,
) -> Activity:
    return Activity(fact_id, "crm", at, "ben", activity, version=version)


def bucket(*received: Activity) -> ActivityBucket:
    record = fold(None, [(fact, HERE) for fact in received])
    assert record is not None
    return record


def said(record: ActivityBucket | None) -> dict[str, tuple[datetime, str, str | Conversation | None, int]]:
    return (
        {}
        if record is None
        else {key: (d.occurred_at, d.activity, d.lead, d.version) for key, d in record.done.items()}
    )


def test_a_bucket_is_a_performer_of_a_source_on_a_utc_day() -> None:
    late = datetime(2026, 3, 7, 22, tzinfo=timezone(timedelta(hours=-6)))
    assert entity(call(at=late)) == "crm|ben|2026-03-08"


@given(fact=facts)
def test_the_key_of_a_bucket_tells_whose_it_is(fact: Activity) -> None:
    assert performer_of(entity(fact)) == f"{fact.source}|{fact.performer}"
    day = fact.occurred_at.astimezone(UTC).date()
    assert whose_day(entity(fact)) == (fact.source, fact.performer, day.toordinal())
    assert chapter(entity(fact)) == str(day)
    assert chapter(f"{CORRECTION.decode()}{fact.source}|{fact.id}") == ""
    assert not entity(fact).encode().startswith(CORRECTION)


@given(source=st.text(min_size=1), performer=st.text(min_size=1))
def test_whatever_the_names_are_the_key_tells_them(source: str, performer: str) -> None:
    fact = Activity("1", source, datetime(2026, 3, 7, 15, tzinfo=UTC), performer, "chat")
    assert whose_day(entity(fact))[:2] == (source, performer)


def test_an_activity_out_of_time_is_refused() -> None:
    with pytest.raises(InvalidRecord, match="occurred_at"):
        entity(call(at=datetime(9999, 12, 31, tzinfo=UTC)))


@given(received=same_bucket, data=st.data())
def test_the_order_of_receipt_does_not_matter(received: list[Activity], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(received))
    cut = data.draw(st.integers(0, len(shuffled)))
    first = fold(None, [(fact, HERE) for fact in shuffled[:cut]]) if cut else None
    rest = [(fact, HERE) for fact in shuffled[cut:]]
    second = (fold(first, rest) if rest else None) or first
    assert said(second) == said(bucket(*received))


@given(received=same_bucket)
def test_what_is_known_already_is_nothing_new(received: list[Activity]) -> None:
    record = bucket(*received)
    assert fold(record, [(fact, Origin("again", 1, 1)) for fact in received]) is None


@given(received=same_bucket, more=same_bucket)
def test_folding_changes_no_record_that_was_given_to_it(received: list[Activity], more: list[Activity]) -> None:
    record = bucket(*received)
    before = dict(record.done)
    fold(record, [(fact, HERE) for fact in more])
    assert record.done == before


def test_the_highest_version_counts_and_a_repeated_fact_keeps_its_first_origin() -> None:
    first, again = Origin("t", 0, 1), Origin("t", 0, 2)
    record = fold(None, [(call(), first), (call(), again), (call(version=1, activity="chat"), again), (call(), first)])
    assert record is not None
    assert record.done["crm|1"].activity == "chat"
    assert record.done["crm|1"].origin == again
    repeated = fold(None, [(call(), first), (call(), again)])
    assert repeated is not None
    assert repeated.done["crm|1"].origin == first


def test_of_one_version_with_two_contents_the_same_one_wins_in_any_order() -> None:
    one, other = call(activity="chat"), call(activity="email_sent")
    assert said(bucket(one, other)) == said(bucket(other, one))
    assert said(bucket(one, other))["crm|1"][1] == "email_sent"


def test_ranks_order_versions_before_contents() -> None:
    low, high = bucket(call(activity="zzz")).done["crm|1"], bucket(call(activity="aaa", version=1)).done["crm|1"]
    assert activities.rank(low) < activities.rank(high)


def counted(received: list[Activity]) -> Counter[tuple[str, str, str]]:
    """(scope, local day, component) of each activity, counted one by one."""
    reps = {
        ("crm", "A. Snelling"): "anna-snelling",
        "anna-snelling": "anna-snelling",
        "ben": "ben",
        "Cara": "cara",
        "dan": "dan",
    }
    found: Counter[tuple[str, str, str]] = Counter()
    for fact in received:
        rep = reps.get((fact.source, fact.performer)) or reps.get(fact.performer)
        zone = BERLIN if rep == "cara" else CHICAGO
        cell = (f"rep:{rep}" if rep else "unassigned", str(fact.occurred_at.astimezone(zone).date()))
        found[*cell, KINDS.get(fact.activity, "unknown_activity")] += 1
        if fact.activity in {"call_connected", "chat"} and fact.two_way is not False:
            found[*cell, "conversations"] += 1
            if fact.lead:
                found[*cell, f"lead|{fact.lead}"] += 1
            if fact.contact and (fact.meaningful or fact.seconds == 300):
                found[*cell, f"talk|meaningful_conversations|{cell[1]}|{fact.contact}"] += 1
    return found


@given(received=st.lists(facts, max_size=25, unique_by=lambda fact: (fact.source, fact.id)))
def test_contributions_are_a_plain_count_by_performer_and_local_day(received: list[Activity]) -> None:
    found: Counter[tuple[str, str, str]] = Counter()
    for _, together in groupby(sorted(received, key=entity), key=entity):
        for (scope, day), parts in contributions(bucket(*together), PLAN).items():
            assert parts
            found.update({(scope, day, component): number for component, number in parts.items()})
    assert found == counted(received)


def test_a_record_grows_only_by_what_is_told_of_a_conversation() -> None:
    plain = json.encode(activities.done_by(replace(call(activity="chat"), lead="acme"), HERE))
    assert plain == b'["2026-03-07T15:00:00Z","chat","acme",0,["facts",0,0]]'
    told = replace(call(activity="chat"), lead="acme", contact="ann", seniority="vp", seconds=420, two_way=True)
    stored = json.encode(activities.done_by(told, HERE))
    assert stored == plain.replace(b'"acme"', b'["ann","vp",null,420,true,null,"acme"]')
    assert [json.decode(each, type=Done).version for each in (plain, stored)] == [0, 0]
    # What nobody would count is not kept.
    assert activities.done_by(replace(told, activity="email_sent"), HERE).lead == "acme"


@given(received=st.lists(facts, max_size=12, unique_by=lambda fact: (fact.source, fact.id)), data=st.data())
def test_taking_an_activity_out_takes_out_what_it_added(received: list[Activity], data: st.DataObject) -> None:
    mine = [replace(fact, source="crm", performer="ben") for fact in received]
    mine = [fact for fact in mine if entity(fact) == entity(mine[0])]
    kept = data.draw(st.lists(st.sampled_from(mine), unique=True)) if mine else []
    total: Counter[tuple[str, str, str]] = Counter()
    for fact in mine:
        total.update(cell_parts(fact))
    for fact in mine:
        if fact not in kept:
            total.subtract(cell_parts(fact))
    assert +total == counted([*{(fact.source, fact.id): fact for fact in kept}.values()])


def cell_parts(fact: Activity) -> Counter[tuple[str, str, str]]:
    found = contributions(bucket(fact), PLAN)
    return Counter({(*cell, component): number for cell, parts in found.items() for component, number in parts.items()})
