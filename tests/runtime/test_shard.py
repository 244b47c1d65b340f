"""What waits in a shard, and when it goes on."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from msgspec import json

from schemas.control import Tick
from schemas.dead_letters import DeadLetter
from schemas.marks import Mark
from streams import tables, topics
from streams.batches import Batch, Fetched
from streams.hop import AHEAD, Hop
from streams.log import Outgoing, Record, Spot
from streams.pacing import BREATH, Pace
from streams.shard import Shard
from tests.runtime.fake_log import FakeLog, at_once
from tests.runtime.history import SHARDS
from tests.runtime.world import READ, Consumer, Owner, Worker

DEALS = topics.DEALS.name
LONG = 3600.0
"""Seconds of a pause that no test waits for."""


@pytest.fixture
def log() -> FakeLog:
    made = FakeLog()
    at_once(made.declare((*topics.ALL, *tables.ALL), SHARDS))
    return made


def tick(log: FakeLog, topic: str, shard: int, *numbers: int) -> None:
    log.write([Outgoing(topic, shard, b"control", json.encode(Tick(None, n, "control"))) for n in numbers])


def owners(log: FakeLog) -> list[Owner]:
    worker = Worker(log)
    for shard in range(SHARDS):
        worker.take(shard)
    return [worker.owners[shard] for shard in range(SHARDS)]


def work(both: list[Owner]) -> None:
    """Everybody reads and flushes until nothing is left to do."""
    while any(owner.unread(topic) or owner.busy for owner in both for topic in READ):
        for owner in both:
            for topic in READ:
                owner.step(topic, 1000)
            owner.flush()


def ticks(both: list[Owner]) -> set[int]:
    """The last complete tick of every hop."""
    return {reader.mark.tick for owner in both for reader in owner.shard.readers.values()}


def test_a_source_that_is_too_far_ahead_waits_and_goes_on_when_the_others_have_come(log: FakeLog) -> None:
    numbers, both = range(3 * AHEAD), owners(log)
    tick(log, DEALS, 0, *numbers)
    work(both)
    assert both[0].shard.readers[DEALS].position == AHEAD
    assert both[0].held == {DEALS}
    for spot in [Spot(topic.name, shard) for topic in topics.SOURCES for shard in range(SHARDS)]:
        if spot != Spot(DEALS, 0):
            tick(log, *spot, *numbers)
    work(both)
    assert ticks(both) == {numbers[-1]}
    assert {owner.number: owner.held for owner in both} == {0: set(), 1: set()}


@pytest.mark.parametrize("numbers", [(5 * AHEAD,), (0, 1, 5 * AHEAD, 5 * AHEAD + 1, 20 * AHEAD)])
def test_ticks_that_are_far_apart_do_not_wait_for_ticks_that_do_not_exist(
    log: FakeLog, numbers: tuple[int, ...]
) -> None:
    both = owners(log)
    for topic in topics.SOURCES:
        for shard in range(SHARDS):
            tick(log, topic.name, shard, *numbers)
    work(both)
    assert ticks(both) == {numbers[-1]}


class Chained:
    """A reader whose records wait until the next reader has read as many."""

    changed = urgent = silent = False
    facts = 0

    def __init__(self, after: "Chained | None") -> None:
        self.position, self._after = 0, after
        self.open = after is not None

    @property
    def mark(self) -> Mark:
        return Mark("", self.position)

    def read(self, records: Sequence[Fetched]) -> int:
        if not self.open or (self._after is not None and self._after.position <= self.position):
            return 0
        self.position += len(records)
        return len(records)

    def flush(self) -> list[Outgoing]:
        return []


def test_what_waits_for_something_that_waits_goes_on_with_it(log: FakeLog) -> None:
    last = Chained(None)
    middle = Chained(last)
    readers = {"first": Chained(middle), "middle": middle, "last": last}
    consumer = Consumer()
    shard = Shard(0, 1, dict(readers), at_once(log.writer("shard-0")), consumer, Pace(0.0))
    for topic in readers:
        shard.read(Batch(topic, 0, 1, [Record(topic, 0, 0, 0, None, None)]))
    assert consumer.held == {"first", "middle", "last"}
    last.open = True
    shard.pump()
    assert consumer.held == set()
    assert [reader.position for reader in readers.values()] == [1, 1, 1]


@pytest.mark.parametrize(("at", "soon"), [(None, True), (datetime(2026, 3, 2, 18, tzinfo=UTC), False)])
async def test_a_flush_waits_for_more_unless_somebody_waits_for_it(
    log: FakeLog, at: datetime | None, *, soon: bool
) -> None:
    reader = owners(log)[0].shard.readers[DEALS]
    shard = Shard(0, 1, {DEALS: reader}, await log.writer("shard-0"), Consumer(), Pace(LONG))
    flushed = asyncio.Event()
    flushing = asyncio.create_task(shard.flush_forever(flushed.set))
    shard.read(Batch(DEALS, 0, 1, [Record(DEALS, 0, 0, 0, b"control", json.encode(Tick(at, 3, "control")))]))
    if soon:
        await flushed.wait()
    else:
        await asyncio.wait({flushing}, timeout=2 * BREATH)
    assert (flushed.is_set(), reader.mark.tick) == (soon, 3)
    flushing.cancel()


def test_a_hop_reads_no_record_twice(log: FakeLog) -> None:
    tick(log, DEALS, 0, 3, 4)
    owner = owners(log)[0]
    hop = owner.shard.readers[DEALS]
    assert isinstance(hop, Hop)
    records = owner.unread(DEALS)
    assert [hop.read(records[:1]), hop.read(records), hop.read(records[:1])] == [1, 2, 1]
    assert (hop.position, hop.tick) == (2, 4)


UNUSABLE = {
    "is no JSON": b"{",
    "has a name that is not UTF-8": b'{"type":"deal_changed","id":"a","source":"b","deal":"d1","x\xff":1,'
    b'"occurred_at":"2026-03-30T12:00:00Z"}',
    "speaks like the clock": b'{"type":"tick","deal":"d1"}',
    "is not UTF-8": b'{"type":"deal_changed","id":"\xff\xfe"}',
    "lacks fields": b'{"type":"deal_changed","id":"f1"}',
    "is of no known type": b'{"type":"rumour"}',
    "has no value": None,
    "is too large": b'{"type":"deal_changed","id":"' + b"x" * (70 * 1024) + b'"}',
    "is nested too deeply": b"[" * 60_000,
}


@pytest.mark.parametrize("value", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_what_cannot_be_used_is_set_aside_with_its_origin_and_what_follows_counts(
    log: FakeLog, value: bytes | None
) -> None:
    log.write([Outgoing(DEALS, 0, b"d1", value)])
    tick(log, DEALS, 0, 0)
    both = owners(log)
    both[0].step(DEALS, 2)
    both[0].flush()
    assert both[0].shard.readers[DEALS].mark.tick == 0
    (kept,) = log.records[Spot(topics.DEAD_LETTERS.name, 0)]
    letter = json.decode(kept.value or b"", type=DeadLetter)
    assert (letter.id, kept.key) == (f"{DEALS}/0/0", f"{DEALS}/0/0".encode())
    assert len(letter.raw) + letter.truncated == len(value or b"")
    assert letter.raw == (value or b"")[: len(letter.raw)]
    assert letter.reason
    assert len(kept.value or b"") < 64 * 1024


async def test_a_mark_waits_for_the_next_flush_where_nothing_was_said(log: FakeLog) -> None:
    readers, messages = owners(log)[0].shard.readers, topics.NOTIFICATIONS.name
    shard = Shard(
        0, 1, {DEALS: readers[DEALS], messages: readers[messages]}, await log.writer("shard-0"), Consumer(), Pace(0.0)
    )
    flushed = asyncio.Event()
    flushing = asyncio.create_task(shard.flush_forever(flushed.set))
    value = json.encode(Tick(None, 3, "notifications/0"))
    shard.read(Batch(messages, 0, 1, [Record(messages, 0, 0, 0, b"notifications", value)]))
    await asyncio.wait({flushing}, timeout=2 * BREATH)
    assert (flushed.is_set(), readers[messages].mark.tick) == (False, 3)
    value = json.encode(Tick(None, 3, "control"))
    shard.read(Batch(DEALS, 0, 1, [Record(DEALS, 0, 0, 0, b"control", value)]))
    await flushed.wait()
    spots = [Spot(DEALS, 0), Spot(messages, 0)]
    assert await log.committed(spots) == dict.fromkeys(spots, 1)
    flushing.cancel()
