"""A real worker on a real embedded log: killed, shut out, rebalanced, stopped by bugs, and always exact."""

import asyncio
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import cast

import pytest
from faust.types import TP
from msgspec import DecodeError, json

from schemas.control import PlanMarker, Tick
from schemas.deals import DealChanged
from streams import tables, topics
from streams.batches import Batch
from streams.config import MEMORY
from streams.embedded.transport import Consumer
from streams.log import FlushUnknown, LogError, Outgoing, Record, Spot
from streams.partitioner import partition
from streams.shards import TRIES, Shards
from tests.runtime.faulty_log import (
    CONTROL,
    SECONDS,
    Fate,
    FaultyLog,
    apply,
    as_history,
    ask,
    copied,
    reached,
    started,
    through,
    until,
    working,
)
from tests.runtime.history import MONDAY, SHARDS, Fact, History, Past
from tests.runtime.outcome import outcome
from tests.runtime.schedules import asked, differences, numbers
from tests.runtime.world import calm

DEALS = topics.DEALS.name
SOURCES = {topic.name for topic in topics.SOURCES}
PAST = "past 3"
STORES = (MEMORY, "rocksdb")
KILLS = [(fate, flush) for flush in range(1, 13) for fate in (Fate.KILLED_BEFORE, Fate.KILLED_AFTER)]


def evening(day: int) -> Tick:
    return Tick(MONDAY + timedelta(days=day, hours=18))


def facts() -> list[Outgoing]:
    """The facts of a history, without its ticks and markers."""
    partitions = Past(PAST).history().partitions
    return [record for records in partitions.values() for record in records if record.key != b"control"]


async def feed(log: FaultyLog) -> int:
    """Facts between ticks and markers; gives the number of the last tick."""
    told = facts()
    await apply(log, 1)
    await copied(log, await ask(log, PlanMarker(1), evening(0)))
    await log.append(told[: len(told) // 2])
    await apply(log, 2)
    await copied(log, await ask(log, evening(1), PlanMarker(2), evening(2)))
    await log.append(told[len(told) // 2 :])
    return await ask(log, evening(3), Tick())


async def fed(path: Path) -> None:
    """Another process feeds the log and waits until everything has come through."""
    async with started(path) as log:
        await through(log, await feed(log))


async def assert_exact(log: FaultyLog) -> None:
    """The log has come to what a calm run over the same sources comes to, and the clock has copied everything once."""
    history = await as_history(log)
    assert differences(calm(history, each=False), await outcome(log)) == []
    asked_for = [record async for chunk in log.read(CONTROL) for record in chunk]
    for records in history.partitions.values():
        said = [json.decode(r.value or b"", type=Tick | PlanMarker) for r in records if r.key == b"control"]
        assert [step.number for step in said] == [record.offset for record in asked_for]


async def first(wanted: "asyncio.Task[None]", run: "asyncio.Task[None]") -> None:
    """Returns when what is wanted has happened; raises what made the worker fail before."""
    await asyncio.wait({wanted, run}, return_when=asyncio.FIRST_COMPLETED)
    await (run if run.done() else wanted)


async def killed(path: Path, fate: Fate, flush: int, store: str) -> bool:
    """A worker that dies at a flush, and another that takes over; whether it came to dying."""
    feeding = asyncio.create_task(fed(path))
    async with started(path) as log:
        log.kept_in = store
        log.fate = lambda _, n: fate if n == flush else None
        async with working(log) as (_, run):
            await asyncio.wait({feeding, run}, return_when=asyncio.FIRST_COMPLETED)
        died = log.dead
    async with started(path) as log:
        log.kept_in = store
        async with working(log) as (_, run):
            await first(feeding, run)
        await assert_exact(log)
    return died


def store_of(kind: str, path: Path) -> str:
    return MEMORY if kind == MEMORY else f"rocksdb:{path}.stores"


@pytest.mark.parametrize("store", STORES)
async def test_a_worker_that_is_killed_at_any_flush_counts_everything_once(tmp_path: Path, store: str) -> None:
    kills = KILLS if store == MEMORY else KILLS[1:12:3]
    paths = [(tmp_path / f"{flush}-{fate.name}", fate, flush) for fate, flush in kills]
    died = await asyncio.gather(*(killed(path, fate, flush, store_of(store, path)) for path, fate, flush in paths))
    assert all(dead for dead, (_, flush) in zip(died, kills, strict=True) if flush <= 6)


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("fate", [Fate.ABORTED, Fate.UNANSWERED])
async def test_a_flush_that_is_not_known_to_be_durable_voids_the_memory_and_is_read_again(
    tmp_path: Path, fate: Fate, store: str
) -> None:
    async with started(tmp_path / "log") as log:
        log.kept_in = store_of(store, log.path)
        log.fate = lambda _, n: fate if n % 3 == 2 else None
        async with working(log) as (_, run):
            await first(asyncio.create_task(fed(log.path)), run)
        assert len(log.writers) > 3  # at least one was taken over again
        await assert_exact(log)


async def test_a_shard_that_is_lost_in_every_flush_stops_the_worker_though_the_other_is_well(tmp_path: Path) -> None:
    async with started(tmp_path / "log") as log:
        log.fate = lambda name, _: Fate.ABORTED if name == "shard-0" else None
        keys = [
            next(k for k in map(str, range(99)) if partition(k.encode(), SHARDS) == shard) for shard in range(SHARDS)
        ]
        async with working(log) as (shards, run):
            async with asyncio.timeout(SECONDS):
                while not run.done():
                    flushed, lost = shards.owned[1].flushes, log.writers.count("shard-0")
                    await log.append([deal(f"{lost}-{key}", key) for key in keys])
                    await until(lambda: shards.owned[1].flushes > flushed)  # noqa: B023 - awaited here
                    await until(lambda: run.done() or log.writers.count("shard-0") > lost)  # noqa: B023 - awaited here
            with pytest.raises(FlushUnknown):
                run.result()
        assert log.writers.count("shard-0") == 1 + TRIES


def key_of(shard: int) -> str:
    """A key that belongs to a shard."""
    return next(key for key in map(str, range(99)) if partition(key.encode(), SHARDS) == shard)


def deal(name: str, key: str) -> Outgoing:
    """A won deal in the partition where it belongs."""
    fact = DealChanged(name, "crm", MONDAY, key, owner="anna", stage="won")
    return Outgoing(DEALS, partition(key.encode(), SHARDS), key.encode(), json.encode(fact))


async def test_a_load_that_a_rebalance_cancels_installs_nothing(tmp_path: Path) -> None:
    async with started(tmp_path / "log") as log:
        await apply(log, 1)
        log.gates[tables.DEALS.name] = gate = asyncio.Event()
        async with working(log) as (shards, run):
            await asyncio.wait_for(log.held_up.wait(), SECONDS)
            waiting = ({0, 1} - shards.owned.keys()).pop()
            await rebalance(shards)
            await until(lambda: waiting in shards.owned)
            owner = shards.owned[waiting]
            gate.set()
            await first(asyncio.create_task(fed(log.path)), run)
            assert shards.owned[waiting] is owner
        assert log.writers.count(f"shard-{waiting}") == 2
        await assert_exact(log)


async def rebalance(shards: Shards) -> None:
    """Everything is revoked and assigned again."""
    consumer = cast(Consumer, shards.consumer)
    await consumer._assign({tp.topic for tp in consumer.assignment()})


async def test_a_rebalance_in_the_middle_loses_and_repeats_nothing(tmp_path: Path) -> None:
    async with started(tmp_path / "log") as log:
        async with working(log) as (shards, run):
            feeding = asyncio.create_task(fed(log.path))
            for number in range(1, 6):
                await until(lambda: log.flushes >= number or feeding.done())  # noqa: B023 - awaited here
                await rebalance(shards)
            await first(feeding, run)
        await assert_exact(log)


async def test_a_shard_that_was_shut_out_is_taken_over_again(tmp_path: Path) -> None:
    async with started(tmp_path / "log") as log:
        async with working(log) as (shards, run):
            await until(lambda: shards.owned.keys() >= {0, 1})
            async with started(log.path) as other:
                await other.writer("shard-0")
            await first(asyncio.create_task(fed(log.path)), run)
        assert log.writers.count("shard-0") == 2
        await assert_exact(log)


async def test_a_batch_of_an_earlier_opening_is_ignored(tmp_path: Path) -> None:
    async with started(tmp_path / "log") as log, working(log) as (shards, _):
        await until(lambda: 0 in shards.owned)
        shard = shards.owned[0]
        record = Record(DEALS, 0, 0, 0, b"key", b"{}")
        shards.read(Batch(DEALS, 0, shard.opening - 1, [record]))
        shards.read(Batch(DEALS, 7, shard.opening, [record]))  # a shard that is not ours
        assert shard.positions[TP(DEALS, 0)] == 0
        shards.read(Batch(DEALS, 0, shard.opening, [record]))
        assert shard.positions[TP(DEALS, 0)] == 1


async def test_what_waits_is_not_jumped_over_by_a_batch_that_was_handed_out_before_a_revocation(tmp_path: Path) -> None:
    async with started(tmp_path / "log") as log, working(log) as (shards, _):
        await until(lambda: 0 in shards.owned)
        shard = shards.owned[0]
        marker = Record(DEALS, 0, 0, 0, b"control", json.encode(PlanMarker(1, 0, "control")))
        handed_out = Batch(DEALS, 0, shard.opening, [marker._replace(offset=1, value=json.encode(Tick()))])
        shards.read(Batch(DEALS, 0, shard.opening, [marker]))
        await shards._revoked(None, set())
        shards.read(handed_out)
        assert shard.positions[TP(DEALS, 0)] == 0


async def test_a_plan_marker_waits_for_the_plan_and_everything_behind_it_too(tmp_path: Path) -> None:
    async with started(tmp_path / "log") as log:
        async with working(log) as (shards, run):
            await copied(log, await ask(log, PlanMarker(1), evening(0)))
            await log.append(facts())
            last = await ask(log, evening(1))
            await copied(log, last)
            await until(lambda: all(shards.owned[n]._backlogs.keys() == SOURCES for n in range(SHARDS)))
            await apply(log, 1)
            await first(asyncio.create_task(through(log, last)), run)
        await assert_exact(log)


async def test_a_fact_in_the_wrong_partition_is_forwarded_and_counts_once(tmp_path: Path) -> None:
    wrong = [record._replace(partition=1 - record.partition) for record in facts() if record.topic == DEALS]
    async with started(tmp_path / "log") as log:
        await apply(log, 1)
        async with working(log) as (_, run):
            await copied(log, await ask(log, PlanMarker(1)))
            await log.append(wrong)
            await reached(log, partial(holds, log, 2 * len(wrong) + SHARDS))
            await first(asyncio.create_task(through(log, await ask(log, evening(4)))), run)
        assert await holds(log, 2 * len(wrong) + 2 * SHARDS)
        told: list[Fact] = [fact for fact in Past(PAST).history().facts if isinstance(fact, DealChanged)]
        assert numbers(await outcome(log)) == asked(History({}, told, 1))


async def holds(log: FaultyLog, count: int) -> bool:
    """Whether so many records are in all partitions of deals."""
    return sum((await log.ends(Spot(DEALS, shard) for shard in range(SHARDS))).values()) == count


async def test_an_internal_record_that_nobody_can_read_stops_the_worker(tmp_path: Path) -> None:
    async with started(tmp_path / "log") as log, working(log) as (_, run):
        await log.append([Outgoing(topics.CREDITS.name, 1, b"key", b'{"type":"credit"}')])
        with pytest.raises(DecodeError):
            await asyncio.wait_for(run, SECONDS)
        assert (await log.committed([Spot(topics.CREDITS.name, 1)])) == {}


async def test_a_position_before_the_beginning_of_the_log_stops_the_worker(tmp_path: Path) -> None:
    async with started(tmp_path / "log") as log:
        log.store.db.execute("UPDATE spots SET first = 3, next = 5 WHERE topic = ? AND part = 1", (DEALS,))
        async with working(log) as (_, run):
            with pytest.raises(LogError, match="begins at 3"):
                await asyncio.wait_for(run, SECONDS)


async def test_a_worker_that_leaves_flushes_what_it_has_read(tmp_path: Path) -> None:
    async with started(tmp_path / "log") as log:
        async with working(log) as (shards, _):
            await log.append(facts())
            spots = {tp for n in range(SHARDS) for tp in shards.owned[n].positions if tp.topic in SOURCES}
            ends = await log.ends(Spot(*tp) for tp in spots)
            await until(lambda: all(shards.owned[tp.partition].positions[tp] == ends[Spot(*tp)] for tp in spots))
        assert await log.committed(ends) == {spot: end for spot, end in ends.items() if end}
