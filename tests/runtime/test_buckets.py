"""Buckets as bytes: what is put behind them is what encoding them anew would make, and none outgrows a log record."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from quota.activities import fold
from quota.plans import PlanIndex
from schemas.activities import Activity, ActivityBucket
from schemas.dead_letters import DeadLetter
from schemas.fields import Origin
from streams import tables, topics
from streams.log import Outgoing, Record
from streams.stages.activities import Activities
from streams.stages.stage import Place
from tests.runtime.history import plan

NOON = datetime(2026, 3, 30, 12, tzinfo=UTC)
SMALL = 900
ODD = b' {"done": {"crm|0":["2026-03-30T12:00:00Z","chat",null,0,["t",0,1]]}, "performer": "anna", "source": "crm"} '
KEY = "crm|anna|2026-03-30"

facts = st.builds(
    Activity,
    id=st.sampled_from(["1", "2", 'a"b', "\x00é", "]]}}"]),
    source=st.sampled_from(["crm", "crm|a"]),
    occurred_at=st.integers(0, 90_000).map(lambda seconds: NOON + timedelta(seconds=seconds)),
    performer=st.sampled_from(["anna", 'b"n', "]]}}"]),
    activity=st.sampled_from(["chat", "nap"]),
    lead=st.none() | st.sampled_from(["acme", '"']),
    version=st.integers(0, 1),
)


def stage() -> Activities:
    made = Activities(Place("activities", 0, 1, lambda _: 0))
    made.install(PlanIndex(plan(1)), -1)
    return made


def take(stage: Activities, offset: int, fact: Activity) -> None:
    stage.take(fact, Record(topics.ACTIVITIES.name, 0, offset, 0, b"", json.encode(fact)), -1)


def flushed(stage: Activities, table: dict[str, bytes]) -> list[DeadLetter]:
    """Keeps what a flush stores, and gives what it sets aside."""
    said: list[Outgoing] = [*stage.owed(), *stage.stored()]
    for record in said:
        if record.topic == tables.ACTIVITIES.name:
            assert record.key is not None
            table.pop(record.key.decode(), None)
            if record.value is not None:
                table[record.key.decode()] = record.value
    return [json.decode(each.value or b"", type=DeadLetter) for each in said if each.topic == topics.DEAD_LETTERS.name]


@given(batches=st.lists(st.lists(facts, max_size=6), max_size=6))
def test_a_bucket_that_grew_has_the_bytes_of_one_that_is_encoded_anew(batches: list[list[Activity]]) -> None:
    made, table, offset = stage(), dict[str, bytes](), 0
    for batch in batches:
        for fact in batch:
            offset += 1
            take(made, offset, fact)
        assert flushed(made, table) == []
        assert {key: value for key, value in made.records.items() if not key.startswith("|")} == {
            key: value for key, value in table.items() if not key.startswith("|")
        }
    for key, value in table.items():
        if not key.startswith("|"):
            bucket = json.decode(value, type=ActivityBucket)
            assert json.encode(bucket) == value
            assert bucket.done


def test_a_record_that_looks_otherwise_is_taken_for_what_it_says() -> None:
    made, table = stage(), {KEY: ODD}
    made.load(tables.ACTIVITIES.name, KEY.encode(), ODD)
    made.install(PlanIndex(plan(1)), -1)
    for offset, name in enumerate(["0", "1"]):
        take(made, offset, Activity(name, "crm", NOON, "anna", "chat"))
    flushed(made, table)
    before = json.decode(ODD, type=ActivityBucket)
    new = Activity("1", "crm", NOON, "anna", "chat"), Origin(topics.ACTIVITIES.name, 0, 1)
    assert json.decode(table[KEY], type=ActivityBucket) == fold(before, [new])
    assert made.cells["rep:anna", "2026-03-30"]["chats"] == 2


@pytest.mark.parametrize("flushes", [False, True])
@pytest.mark.parametrize("corrected", [False, True])
def test_what_no_longer_fits_is_set_aside_one_by_one_and_nothing_is_lost(
    monkeypatch: pytest.MonkeyPatch, *, flushes: bool, corrected: bool
) -> None:
    for module in ("streams.stages.buckets", "streams.quarantine"):
        monkeypatch.setattr(f"{module}.LARGEST_ENTITY", SMALL)
    made, table, letters = stage(), dict[str, bytes](), list[DeadLetter]()
    for offset in range(20):
        take(made, offset, Activity(f"{offset:02}", "crm", NOON, "anna", "chat", version=int(corrected)))
        letters += flushed(made, table) if flushes else []
    letters += flushed(made, table)
    kept = json.decode(table[KEY], type=ActivityBucket).done
    assert len(table[KEY]) <= SMALL < len(table[KEY]) + len(json.encode(kept["crm|00"])) + 12
    assert sorted([*kept, *(f"crm|{json.decode(letter.raw, type=Activity).id}" for letter in letters)]) == [
        f"crm|{offset:02}" for offset in range(20)
    ]
    assert {letter.reason.partition(f", over {SMALL}: ")[2] for letter in letters} == {
        "its source repeats events under new ids"
    }
    assert made.cells["rep:anna", "2026-03-30"]["chats"] == len(kept)
