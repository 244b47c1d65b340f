"""Several workers on a real Kafka: shards move whole, and nothing moves with them but what the runtime opens."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import pytest
from faust.exceptions import ImproperlyConfigured
from faust.types import TP

from streams.batches import Batch
from streams.kafka.log import KafkaLog
from streams.log import Outgoing, TopicSpec
from tests.streams.kafka.members import Member, member, until


@pytest.fixture
async def topics(log: KafkaLog, unique: str) -> list[str]:
    names = [f"{unique}.{name}" for name in ("activities", "deals", "credits")]
    await log.declare([TopicSpec(name, "") for name in names], 4)
    return names


def is_whole(worker: Member, topics: list[str]) -> bool:
    """Whether it holds equal partition numbers of all topics."""
    return set(worker.shards) == set(topics) and len({frozenset(held) for held in worker.shards.values()}) == 1


async def test_workers_hold_equal_partition_numbers_of_all_topics_and_take_over_from_one_another(
    kafka: str, unique: str, topics: list[str]
) -> None:
    async with member(kafka, unique, topics) as first:
        await first.flowing(12)
        async with member(kafka, unique, topics) as second:
            await first.flowing(6)
            await second.flowing(6)
            assert is_whole(first, topics)
            assert is_whole(second, topics)
            assert first.shards[topics[0]] | second.shards[topics[0]] == {0, 1, 2, 3}
        began = time.monotonic()
        await first.flowing(12)
        assert time.monotonic() - began < 8  # the second left in order: no session had to expire


async def test_a_revocation_closes_everything_until_it_is_opened_again(
    log: KafkaLog, kafka: str, unique: str, topics: list[str]
) -> None:
    everything = [Outgoing(topic, p, b"k", b"%d" % i) for topic in topics for p in range(4) for i in range(100)]
    await log.append(everything)
    async with member(kafka, unique, topics) as first:
        await first.flowing(12)
        await first.consumer.open_partitions({TP(t, p): 0 for t in topics for p in range(4)}, 1)
        await until(lambda: sum(len(b.records) for b in first.batches) == 1200)
        async with member(kafka, unique, topics) as second:
            await first.flowing(6)
            await second.flowing(6)
            await log.append(everything)
            retained = next(iter(first.shards[topics[0]]))
            await first.consumer.open_partitions({TP(topics[0], retained): 90}, 2)
            await until(lambda: first.offsets(TP(topics[0], retained), 2) == list(range(90, 200)))
            assert sum(len(b.records) for b in first.batches) == 1200 + 110
            assert not second.batches


class Owner(Member):
    """A worker that reads on where the last owner of a partition stopped, and drops batches of earlier openings."""

    def __init__(
        self, kafka: str, group: str, topics: list[str], positions: dict[TP, int], openings: Iterator[int]
    ) -> None:
        super().__init__(kafka, group, topics)
        self.react = self._take
        self._positions, self._openings = positions, openings
        self._current: dict[TP, int] = {}
        self._opener: asyncio.Task[None] | None = None

    async def _assigned(self, _app: Any, assigned: set[TP], **_: Any) -> None:
        await super()._assigned(_app, assigned)
        self._opener = asyncio.create_task(self._open(assigned))

    async def _open(self, assigned: set[TP]) -> None:
        await until(lambda: self.consumer.flowing)
        opening = next(self._openings)
        self._current = dict.fromkeys(assigned, opening)
        await self.consumer.open_partitions({tp: self._positions.get(tp, 0) for tp in assigned}, opening)

    async def _revoked(self, _app: Any, revoked: set[TP], **_: Any) -> None:
        await super()._revoked(_app, revoked)
        self._current.clear()
        if self._opener is not None:
            self._opener.cancel()

    def _take(self, batch: Batch) -> None:
        tp = TP(batch.topic, batch.partition)
        if self._current.get(tp) == batch.opening:
            assert batch.records[0].offset == self._positions.get(tp, 0)
            self._positions[tp] = batch.records[-1].offset + 1


@asynccontextmanager
async def owner(*arguments: Any) -> AsyncIterator[Owner]:
    made = Owner(*arguments)
    await made.start()
    try:
        yield made
    finally:
        await made.app.stop()


async def test_every_record_is_read_once_while_workers_come_and_go(
    log: KafkaLog, kafka: str, unique: str, topics: list[str]
) -> None:
    positions: dict[TP, int] = {}
    shared = (kafka, unique, topics, positions, count(1))
    rounds = 0

    async def grow() -> None:
        nonlocal rounds
        rounds += 1
        await log.append([Outgoing(t, p, b"k", b"%d" % i) for t in topics for p in range(4) for i in range(3000)])

    async with owner(*shared) as first:
        await first.flowing(12)
        await grow()
        async with owner(*shared) as second:
            await grow()
            await second.flowing(6)
            async with owner(*shared) as third:
                await grow()
                await until(lambda: sum(map(len, third.shards.values())) in {3, 6})
                await grow()
            await grow()
        await grow()
    async with owner(*shared) as last:
        await last.flowing(12)
        await grow()
        await until(lambda: len(positions) == 12 and set(positions.values()) == {rounds * 3000})
    for worker in (first, second, third, last):
        assert not worker.app.crashed
    taken = {worker for worker in (first, second, third, last) if worker.batches}
    assert len(taken) >= 3


async def test_what_the_signals_say_is_right_when_they_come(kafka: str, unique: str, topics: list[str]) -> None:
    worker = Member(kafka, unique, topics)
    seen: list[tuple[str, bool, bool, bool]] = []

    async def note(kind: str, tps: set[TP]) -> None:
        consumer = worker.consumer
        seen.append((kind, consumer.assignment() == tps, consumer.flowing, bool(worker.app.rebalancing)))

    async def assigned(_app: object, assigned: set[TP], **_: object) -> None:
        await note("assigned", assigned)

    async def revoked(_app: object, revoked: set[TP], **_: object) -> None:
        await note("revoked", revoked)

    worker.app.on_partitions_assigned.connect(assigned, weak=False)  # type: ignore[arg-type] # Faust's signals promise nothing
    worker.app.on_partitions_revoked.connect(revoked, weak=False)  # type: ignore[arg-type] # Faust's signals promise nothing
    await worker.start()
    await worker.flowing(12)
    async with member(kafka, unique, topics) as second:
        await worker.flowing(6)
        await second.flowing(6)
    await worker.flowing(12)
    await worker.app.stop()
    # Revoked: everything that was held, still assigned, flow stopped. Assigned: all that is held now.
    assert seen[:2] == [("revoked", True, False, True), ("assigned", True, False, True)]
    assert seen[2:] == [("revoked", True, False, True), ("assigned", True, False, True)] * ((len(seen) - 2) // 2)
    generations = [generation for kind, generation, _ in worker.told if kind == "assigned"]
    assert generations == sorted(set(generations))


async def test_an_opening_that_a_revocation_overtakes_opens_nothing(
    log: KafkaLog, kafka: str, unique: str, topics: list[str]
) -> None:
    await log.append([Outgoing(topics[0], p, b"k", b"v") for p in range(4)])
    async with member(kafka, unique, topics) as worker:
        await worker.flowing(12)
        opening = asyncio.create_task(worker.consumer.open_partitions({TP(topics[0], p): 0 for p in range(4)}, 1))
        await asyncio.sleep(0)  # it asks the broker for the bounds
        await worker.consumer.on_partitions_revoked(set())
        await opening
        assert not worker.consumer._openings


async def test_faust_tables_are_refused(kafka: str, unique: str, topics: list[str]) -> None:
    worker = Member(kafka, unique, topics)
    worker.app.Table("counts")
    with pytest.raises(ImproperlyConfigured, match="carries no Faust tables"):
        await worker.consumer.subscribe(topics)
