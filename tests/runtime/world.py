"""What may happen to workers, with the real hops, stages, shards and takeovers over a log in memory."""

import random
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from faust.types import TP
from msgspec import json

from agents.worker import ARROWS
from quota.plans import PlanIndex
from schemas.control import PlanMarker
from streams import tables, topics
from streams.batches import Batch
from streams.log import Log, LogError, Outgoing, Record, Spot
from streams.pacing import Pace
from streams.plan_reader import SPOT as PLAN
from streams.plan_reader import Plans
from streams.plans.records import plan_records
from streams.shard import Shard
from streams.takeover import take_hops
from tests.runtime.fake_log import FakeLog, at_once
from tests.runtime.history import MONDAY, SHARDS, History
from tests.runtime.outcome import Outcome, outcome

READ = tuple(arrow.reads.name for arrow in ARROWS)
MARKER = PlanMarker.__struct_config__.tag


class OpenLog(Log, Protocol):
    """A log that can be looked into without waiting."""

    def grown(self, spot: Spot, start: int) -> bool:
        """Whether there is a record from this offset on."""
        ...

    def seen(self, spot: Spot, start: int = 0) -> list[Record]:
        """The records from this offset on."""
        ...


class Consumer:
    """Which topics of a shard are held."""

    flowing = True

    def __init__(self) -> None:
        self.held: set[str] = set()

    async def open_partitions(self, positions: Mapping[TP, int], opening: int) -> None:
        """Everything is open."""

    drained = False

    def hold_partitions(self, tps: set[TP]) -> None:
        self.held |= {tp.topic for tp in tps}

    def release_partitions(self, tps: set[TP]) -> None:
        self.held -= {tp.topic for tp in tps}

    def close_partitions(self, tps: set[TP]) -> None:
        """Nothing is ever closed."""


class CompiledOnce(Plans):
    """A plan reader that shares what is compiled with every other one: it is a function of the plan alone."""

    _compiled: ClassVar[dict[bytes, PlanIndex]] = {}

    async def _note(self, chunk: list[Record]) -> None:
        known = {*self._known}
        await super()._note(chunk)
        for revision in {*self._known} - known:
            index = self._known[revision]
            self._known[revision] = self._compiled.setdefault(json.encode(index.plan), index)


class Owner:
    """One worker's hold on one shard."""

    def __init__(self, log: OpenLog, plans: Plans, number: int) -> None:
        self._log, self.number = log, number
        self._consumer = Consumer()
        writer = at_once(log.writer(f"shard-{number}"))
        readers = at_once(take_hops(log, ARROWS, number, SHARDS, plans))
        self.shard = Shard(number, 1, readers, writer, self._consumer, Pace(0.0))
        self.at = {tp.topic: position for tp, position in self.shard.positions.items()}
        self.flight: Coroutine[Any, Any, None] | None = None
        """The flush that stands still, if one does."""
        self._flushed: list[int] | None = None

    @property
    def held(self) -> set[str]:
        """The topics of which something waits."""
        return self._consumer.held

    def unread(self, topic: str) -> list[Record]:
        return self._log.seen(Spot(topic, self.number), self.at[topic]) if self.ready(topic) else []

    def ready(self, topic: str) -> bool:
        """Whether there is something to read that does not have to wait."""
        return topic not in self.held and self._log.grown(Spot(topic, self.number), self.at[topic])

    def step(self, topic: str, count: int) -> None:
        """Hands over the next records of a topic."""
        records = self.unread(topic)[:count]
        if records:
            self.at[topic] = records[-1].offset + 1
            self.shard.read(Batch(topic, self.number, 1, records))
            self.shard.pump()

    @property
    def busy(self) -> bool:
        """Whether a flush can begin that would write anything."""
        return self.flight is None and any(reader.changed for reader in self.shard.readers.values())

    @property
    def revised(self) -> bool:
        """Whether the plan has changed, not begun, since the last flush of this owner; asked once a flush."""
        before, now = self._flushed, [reader.mark.revision for reader in self.shard.readers.values()]
        self._flushed = now
        return before is not None and any(0 < old < new for old, new in zip(before, now, strict=True))

    def flush(self) -> None:
        """Flushes, and does not stand still."""
        self.begin()
        self.finish()

    def begin(self) -> None:
        """Begins a flush and lets it go as far as it comes."""
        self.flight = self.shard.flush()
        self.go_on()

    def go_on(self) -> None:
        """Lets the flush under way go as far as it comes, until it stands still again or has ended."""
        flight, self.flight = self.flight, None
        try:
            if flight is not None:
                flight.send(None)
                self.flight = flight
        except StopIteration:
            return

    def finish(self) -> None:
        """Lets the flush under way come to its end."""
        while self.flight is not None:
            self.go_on()

    def die(self) -> None:
        """The flush under way never goes on."""
        if self.flight is not None:
            self.flight.close()
            self.flight = None


class Worker:
    """A process: its plan reader, its shards, and whether it is frozen."""

    def __init__(self, log: OpenLog) -> None:
        self._log, self.owners, self.frozen = log, dict[int, Owner](), False
        self.plans = CompiledOnce(log)
        self._read = at_once(self.plans.read())
        self._news = self._follow()

    def _follow(self) -> AsyncIterator[list[Record]]:
        return self._log.tail({PLAN: self._read})

    def read_plan(self) -> None:
        """Reads on in the plan topic, and tries what waited for it."""
        while self._log.seen(PLAN, self._read):
            chunk = at_once(_next(self._news))
            self._read = chunk[-1].offset + 1
            at_once(self.plans._note(chunk))
        for owner in self.owners.values():
            owner.shard.pump()

    def take(self, number: int) -> None:
        """Takes a shard over; nobody tells the one who has it, but who has it himself waits for his own flush."""
        mine = self.owners.pop(number, None)
        with suppress(LogError):
            if mine is not None:
                mine.finish()
        self.read_plan()
        self.owners[number] = Owner(self._log, self.plans, number)

    def lost(self, owner: Owner) -> None:
        """What a worker does with a shard whose flush failed: its memory is void."""
        self.owners.pop(owner.number, None)


async def _next(stream: AsyncIterator[list[Record]]) -> list[Record]:
    return await anext(stream)


class World:
    """A log, what is still to be written into it by outsiders, and the workers on it."""

    def __init__(self, history: History, log: FakeLog, luck: random.Random) -> None:
        self.log, self.random = log, luck
        self._left = {spot: [*records] for spot, records in history.partitions.items()}
        self._plan, self._revision, self._closing = history.plan, 0, history.closing
        at_once(log.declare((*topics.ALL, *tables.ALL), SHARDS))

    def appear(self) -> Outgoing | None:
        """The next record of some source partition is written; a revision is in the plan topic before its markers."""
        spots = [spot for spot, left in self._left.items() if left]
        if not spots:
            return None
        record = self._left[self.random.choice(spots)].pop(0)
        self._write(record)
        return record

    def _write(self, record: Outgoing) -> None:
        if (record.value or b"").startswith(b'{"type":"plan_marker"'):
            self._apply(int((record.value or b"").split(b'"revision":')[1].split(b",")[0]))
        self.log.write([record])

    def _apply(self, revision: int) -> None:
        while self._revision < revision:
            self._revision += 1
            records = plan_records(self._plan(self._revision), self._revision, MONDAY)
            self.log.write([Outgoing(*PLAN, record.key, record.value) for record in records])

    def close(self) -> bool:
        """Writes the tick that comes when all is said, if there is one."""
        closing, self._closing = self._closing, None
        if closing is not None:
            self.log.write([Outgoing(*spot, b"control", json.encode(closing)) for spot in self._left])
        return closing is not None

    def outcome(self) -> Outcome:
        return at_once(outcome(self.log))


@dataclass(frozen=True)
class Calm:
    """How one worker reads everything: so many records at a time, with a flush after them when asked for.

    `wake` lets those whom it shuts out go on.
    """

    size: int
    flush: Callable[[], bool]
    wake: Callable[[], None] = lambda: None


def settle(world: World, how: Calm) -> None:
    """No more trouble: everything appears, one worker takes over and reads all of it."""
    while world.appear():
        pass
    worker = Worker(world.log)
    for number in range(SHARDS):
        worker.take(number)
    how.wake()
    work(worker, how)
    if world.close():
        work(worker, how)


def work(worker: Worker, how: Calm) -> None:
    """One worker reads and flushes until nothing is left."""
    while True:
        read = [_drained(owner, topic, how) for topic in READ for owner in worker.owners.values()]
        busy = [owner for owner in worker.owners.values() if owner.busy]
        for owner in busy:
            owner.flush()
        if not any(read) and not busy:
            return


def _drained(owner: Owner, topic: str, how: Calm) -> bool:
    count = 0
    while owner.ready(topic):
        before, count = owner.at[topic], count + 1
        owner.step(topic, how.size)
        assert owner.at[topic] > before
        if how.flush():
            owner.flush()
    return bool(count)


def calm(history: History, *, each: bool) -> Outcome:
    """What comes of it with one owner and one pass: with a flush for every record, or one for everything."""
    return calmed(history, each=each).outcome()


def calmed(history: History, *, each: bool) -> World:
    """The world after that."""
    world = World(history, FakeLog(), random.Random(0))
    settle(world, Calm(1, lambda: True) if each else Calm(1000, lambda: False))
    return world
