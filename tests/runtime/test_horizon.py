"""How far ahead a fact may lie: more than that after the log took it, it is set aside, whoever reads it and when."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import json

from agents.worker import ARROWS
from schemas.activities import Activity
from schemas.control import PlanMarker
from schemas.credits import Credit, Parts
from schemas.dead_letters import DeadLetter
from schemas.deals import DealChanged
from schemas.meetings import MeetingChanged
from streams import tables, topics
from streams.config import HORIZON_DAYS
from streams.hop import Hop
from streams.log import Outgoing, Record
from streams.partitioner import partition
from streams.plan_reader import SPOT, Plans
from streams.plans.records import plan_records
from streams.takeover import take_hops
from tests.runtime.fake_log import FakeLog, at_once
from tests.runtime.history import MONDAY, SHARDS, Fact, plan

TAKEN = datetime(2026, 3, 30, 12, tzinfo=UTC)
LATEST = TAKEN + timedelta(days=HORIZON_DAYS)
LATER = LATEST + timedelta(seconds=1)


def hops(key: bytes, *, horizon: int = HORIZON_DAYS, wrong: bool = False) -> dict[str, Hop]:
    """The readers of the key's shard, or of another one."""
    log = FakeLog()
    at_once(log.declare((*topics.ALL, *tables.ALL), SHARDS))
    log.write([Outgoing(*SPOT, record.key, record.value) for record in plan_records(plan(1), 1, MONDAY)])
    plans = Plans(log)
    at_once(plans.read())
    shard = (partition(key, SHARDS) + wrong) % SHARDS
    readers = at_once(take_hops(log, ARROWS, shard, SHARDS, plans, horizon=horizon))
    return {topic: reader for topic, reader in readers.items() if isinstance(reader, Hop)}


def read(hop: Hop, facts: Sequence[Fact], taken: datetime = TAKEN) -> list[Outgoing]:
    """What a reader that is under the first plan says of facts that the log took then."""
    values = [json.encode(PlanMarker(1, 0, "control")), *map(json.encode, facts)]
    at = int(taken.timestamp() * 1000)
    hop.read([Record(hop.flow.topic, hop.place.shard, n, at, b"key", value) for n, value in enumerate(values)])
    return hop.flush()


def letters(said: Sequence[Outgoing]) -> list[DeadLetter]:
    name = topics.DEAD_LETTERS.name
    return [json.decode(each.value or b"", type=DeadLetter) for each in said if each.topic == name]


def days(said: Sequence[Outgoing]) -> dict[str, Parts]:
    """What is credited to Anna."""
    found = [json.decode(each.value or b"") for each in said if each.topic == topics.CREDITS.name]
    credits_ = [json.decode(json.encode(each), type=Credit) for each in found if each["type"] == "credit"]
    return {day: parts for credit in credits_ for day, parts in credit.cells.get("rep:anna", {}).items()}


def call(at: datetime, name: str = "c") -> Activity:
    return Activity(name, "phone", at, "anna", "call_placed")


TOO_FAR = [
    (topics.ACTIVITIES.name, b"anna", "occurred_at", call(LATER)),
    (topics.MEETINGS.name, b"m", "occurred_at", MeetingChanged("1", "mail", LATER, "m", "anna", "booked")),
    (topics.DEALS.name, b"d", "occurred_at", DealChanged("1", "crm", LATER, "d", owner="anna", stage="won")),
    (topics.DEALS.name, b"d", "created_at", DealChanged("1", "crm", TAKEN, "d", owner="anna", created_at=LATER)),
]


@pytest.mark.parametrize(("topic", "key", "field", "fact"), TOO_FAR)
def test_a_fact_beyond_the_horizon_is_set_aside_with_its_bytes_and_what_to_do(
    topic: str, key: bytes, field: str, fact: Fact
) -> None:
    said = read(hops(key)[topic], [fact])
    (letter,) = letters(said)
    assert letter.raw == json.encode(fact)
    assert letter.reason.startswith(
        f"{field} is 2027-03-31T12:00:01+00:00: over 366 days after it was received at 2026-"
    )
    assert "QUOTAFLOW_HORIZON_DAYS" in letter.reason
    assert letter.traceback is None
    assert days(said) == {}


def test_a_fact_at_the_horizon_counts_on_its_day_and_so_does_one_of_long_ago() -> None:
    facts = [call(LATEST, "far"), call(datetime(1970, 1, 1, tzinfo=UTC), "epoch"), call(LATER, "farther")]
    said = read(hops(b"anna")[topics.ACTIVITIES.name], facts)
    assert days(said) == {"2027-03-31": {"calls_placed": 1}, "1970-01-01": {"calls_placed": 1}}
    assert [json.decode(letter.raw)["id"] for letter in letters(said)] == ["farther"]


@pytest.mark.parametrize("year", [1, 1900, 1969, 2200, 9999])
def test_a_fact_of_a_year_that_no_calendar_counts_is_set_aside_by_name(year: int) -> None:
    said = read(hops(b"anna")[topics.ACTIVITIES.name], [call(TAKEN.replace(year=year))])
    assert [letter.reason.partition(" is ")[0].split()[-1] for letter in letters(said)] == ["occurred_at"]
    assert days(said) == {}


def test_it_is_the_time_of_the_log_that_counts_and_a_horizon_may_be_set() -> None:
    assert letters(read(hops(b"anna")[topics.ACTIVITIES.name], [call(LATER)], TAKEN + timedelta(days=1))) == []
    short = hops(b"anna", horizon=30)[topics.ACTIVITIES.name]
    said = read(short, [call(TAKEN + timedelta(days=31), "over"), call(TAKEN + timedelta(days=30), "within")])
    assert [json.decode(letter.raw)["id"] for letter in letters(said)] == ["over"]
    assert letters(read(hops(b"anna", horizon=366 * 100)[topics.ACTIVITIES.name], [call(LATER)])) == []


def test_a_fact_beyond_the_horizon_is_set_aside_where_it_was_received_also_in_a_wrong_partition() -> None:
    said = read(hops(b"anna", wrong=True)[topics.ACTIVITIES.name], [call(LATER), call(LATEST, "fine")])
    assert [json.decode(letter.raw)["id"] for letter in letters(said)] == ["c"]
    forwarded = [each.value for each in said if each.topic == topics.ACTIVITIES.name]
    assert forwarded == [json.encode(call(LATEST, "fine"))]
