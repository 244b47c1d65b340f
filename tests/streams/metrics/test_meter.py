"""What the meter counts, on a real worker whose flushes go wrong and on batches that come twice."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from msgspec import json

from agents.worker import ARROWS, READERS
from schemas.control import PlanMarker
from streams import tables, topics
from streams.batches import Batch
from streams.log import Outgoing, Spot
from streams.metrics.exposition import exposition
from streams.metrics.meter import Meter
from streams.metrics.process import ProcessMetrics
from streams.pacing import Pace
from streams.plan_reader import Plans
from streams.shard import Shard
from streams.takeover import take_hops
from tests.runtime.fake_log import FakeLog, at_once
from tests.runtime.faulty_log import Fate, apply, ask, copied, started, through, working
from tests.runtime.history import SHARDS
from tests.runtime.test_shards import DEALS, deal, evening, facts
from tests.runtime.world import Consumer
from tests.streams.metrics.parsing import Labels, families, in_turns, of

UNUSABLE = [Outgoing(DEALS, 0, b"d1", b"{"), Outgoing(DEALS, 1, b"d1", b""), Outgoing(DEALS, 0, b"d1", b"\xff")]


def topic(name: str) -> Labels:
    return frozenset({("topic", name)})


@pytest.mark.parametrize("fate", [None, Fate.ABORTED])
async def test_a_fact_and_a_dead_letter_count_once_however_often_their_shard_is_read_again(
    tmp_path: Path, fate: Fate | None
) -> None:
    meter, told = Meter(READERS), facts()
    async with started(tmp_path / "log") as log:
        log.fate = lambda _, n: fate if n % 3 == 2 else None
        async with working(log, meter):
            await apply(log, 1)
            await copied(log, await ask(log, PlanMarker(1), evening(0)))
            await log.append(told)
            await log.append(UNUSABLE)
            await through(log, await ask(log, evening(1)))
    shown = await exposition(meter.registry.collect())
    expected = Counter(record.topic for record in told)
    assert of(shown, "quotaflow_facts_read_total") == {topic(name): expected[name] for name in expected}
    assert of(shown, "quotaflow_dead_letters_total")[topic(DEALS)] == len(UNUSABLE)
    failed = sum(of(shown, "quotaflow_flushes_failed_total").values())
    assert bool(failed) is (fate is not None)
    assert sum(of(shown, "quotaflow_takeovers_total").values()) == SHARDS + 1 + failed


@pytest.fixture
def log() -> FakeLog:
    made = FakeLog()
    at_once(made.declare((*topics.ALL, *tables.ALL), SHARDS))
    return made


def shard(log: FakeLog, meter: Meter) -> Shard:
    readers = at_once(take_hops(log, ARROWS, 0, SHARDS, Plans(log)))
    return Shard(0, 1, readers, at_once(log.writer("shard-0")), Consumer(), Pace(0.0), meter=meter)


def test_a_batch_that_comes_twice_is_handed_over_twice_and_its_facts_count_once(log: FakeLog) -> None:
    meter = Meter(READERS)
    log.write([deal("a", "d1")._replace(partition=0), deal("b", "d1")._replace(partition=0)])
    owner, batch = shard(log, meter), Batch(DEALS, 0, 1, log.seen(Spot(DEALS, 0)))
    for each in (batch, batch, batch._replace(opening=0)):
        owner.read(each)
    before = shown_by(meter)
    assert of(before, "quotaflow_facts_read_total")[topic(DEALS)] == 0
    at_once(owner.flush())
    shown = shown_by(meter)
    agent = frozenset({("agent", "deals")})
    assert of(shown, "quotaflow_facts_read_total")[topic(DEALS)] == 2
    assert of(shown, "quotaflow_records_read_total")[agent] == 4
    assert of(shown, "quotaflow_batch_records_sum")[agent] == 4
    assert of(shown, "quotaflow_processing_seconds_count")[agent] == 2
    assert of(shown, "quotaflow_flush_seconds_count") == {frozenset(): 1}
    written = sum(len(records) for records in log.records.values()) - 2
    assert of(shown, "quotaflow_flush_records_sum") == {frozenset(): written}


def shown_by(meter: Meter) -> bytes:
    """The meter's exposition, which waits for nothing but its turn."""
    return in_turns(exposition(meter.registry.collect()))


def test_what_was_read_waits_for_a_flush_and_then_no_longer(log: FakeLog) -> None:
    owner = shard(log, Meter(READERS))
    assert owner.waits is None
    log.write([Outgoing(DEALS, 0, b"d1", json.encode(evening(0)))])
    owner.read(Batch(DEALS, 0, 1, log.seen(Spot(DEALS, 0))))
    assert owner.waits is not None
    at_once(owner.flush())
    assert owner.waits is None


class Slow:
    """A writer whose commits are let through one by one."""

    def __init__(self) -> None:
        self.asked, self.let = asyncio.Event(), asyncio.Event()

    async def commit(self, records: Sequence[Outgoing], positions: Mapping[Spot, int]) -> list[int]:
        self.asked.set()
        await self.let.wait()
        return [0] * len(records)

    async def close(self) -> None:
        """Nothing is held."""


async def test_what_is_read_while_a_flush_is_under_way_waits_for_the_next_one(log: FakeLog) -> None:
    owner, writer = shard(log, Meter(READERS)), Slow()
    owner.writer = writer
    log.write([deal("a", "d1")._replace(partition=0), deal("b", "d1")._replace(partition=0)])
    first, second = log.seen(Spot(DEALS, 0))
    owner.read(Batch(DEALS, 0, 1, [first]))
    since = owner.waits
    flush = asyncio.create_task(owner.flush())
    await writer.asked.wait()
    assert owner.waits == since
    owner.read(Batch(DEALS, 0, 1, [second]))
    writer.let.set()
    await flush
    assert since is not None
    assert owner.waits is not None
    assert owner.waits >= since
    await owner.flush()
    assert owner.waits is None


def test_a_topic_without_a_named_agent_is_counted_under_its_own_name() -> None:
    meter = Meter({})
    meter.read(DEALS, 3, 0.1)
    assert of(shown_by(meter), "quotaflow_records_read_total") == {frozenset({("agent", DEALS)}): 3}


async def test_a_process_that_is_no_worker_tells_of_itself() -> None:
    found = families(await ProcessMetrics()())
    assert {"quotaflow_build", "process_resident_memory_bytes"} <= {name.removesuffix("_info") for name in found}
    assert not [name for name in found if name.startswith("quotaflow_") and "build" not in name]


def test_what_has_not_happened_yet_stands_at_0() -> None:
    shown = shown_by(Meter(READERS))
    for name in ("quotaflow_facts_read_total", "quotaflow_dead_letters_total"):
        assert of(shown, name) == {topic(source.name): 0 for source in topics.SOURCES}
    agents = {frozenset({("agent", name)}) for name in READERS.values()}
    assert of(shown, "quotaflow_records_read_total").keys() == agents
    assert not [line for line in shown.splitlines() if b"_created" in line]
