"""One shard in memory: its readers, what waits, and the flush that makes it durable."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

from faust.types import TP

from schemas.marks import Mark
from streams.batches import Batch, Fetched, Flow
from streams.log import Outgoing, Spot, Writer
from streams.metrics.unmetered import UNMETERED, Unmetered
from streams.pacing import Pace, within
from streams.wall_clock import now

SILENCE = 25.0
"""Seconds that the mark of a reader with nothing to say waits at most for a flush.

They are longer than between the rarest ticks: it becomes durable with what the next tick says.
"""


class Reader(Protocol):
    """One topic's reader in a shard: a hop, or the clock."""

    position: int
    changed: bool
    urgent: bool
    """Whether somebody waits for what it has to write."""
    silent: bool
    """Whether it has read nothing but ticks and markers since the last flush, and has nothing to say."""
    facts: int
    """How many facts it has read."""

    @property
    def mark(self) -> Mark:
        """Where it stands."""
        ...

    def read(self, records: Sequence[Fetched]) -> int:
        """How many records were read; the rest has to wait."""
        ...

    def flush(self) -> list[Outgoing]:
        """What is to be written."""
        ...


class Shard:
    """The unit of ownership: everything its readers did since the last flush becomes durable together."""

    def __init__(
        self,
        number: int,
        opening: int,
        readers: dict[str, Reader],
        writer: Writer,
        consumer: Flow,
        pace: Pace,
        *,
        meter: Unmetered = UNMETERED,
    ) -> None:
        """`readers` by topic."""
        self.number, self.opening, self.readers, self.writer = number, opening, readers, writer
        self.flushes = 0
        self.void = False
        self.waits: float | None = None
        """Since when (monotonic seconds) something that was read waits for a flush; None while nothing does."""
        self._meter = meter
        self._consumer, self.pace, self._took = consumer, pace, 0.0
        self._backlogs: dict[str, list[Fetched]] = {}
        self._wanted, self._urgent = asyncio.Event(), asyncio.Event()
        self._flushing = asyncio.Lock()
        self._stored: dict[str, int] = {topic: reader.position for topic, reader in readers.items()}
        self._counted = self._facts()

    @property
    def positions(self) -> dict[TP, int]:
        """Where every reader goes on."""
        return {TP(topic, self.number): reader.position for topic, reader in self.readers.items()}

    @property
    def flowing(self) -> dict[TP, int]:
        """Where every reader goes on that does not wait by the rules."""
        return {tp: at for tp, at in self.positions.items() if tp.topic not in self._backlogs}

    def read(self, batch: Batch) -> None:
        """Takes a batch; what has to wait goes to the topic's backlog, and the partition pauses."""
        if batch.opening != self.opening:
            return
        if batch.topic in self._backlogs:
            self._backlogs[batch.topic] += batch.records
            return
        started, facts = time.perf_counter(), self.readers[batch.topic].facts
        self._read(batch.topic, batch.records)
        if self.readers[batch.topic].facts > facts:
            self.pace.met(now().timestamp() - batch.records[0].timestamp / 1000)
        self.pump()
        self._meter.read(batch.topic, len(batch.records), time.perf_counter() - started)

    def _read(self, topic: str, records: Sequence[Fetched]) -> bool:
        count = self.readers[topic].read(records)
        if count < len(records):
            self._backlogs[topic] = [*records[count:]]
            self._consumer.hold_partitions({TP(topic, self.number)})
        if self.readers[topic].changed and not self.readers[topic].silent:
            self._wanted.set()
            self.waits = self.waits or time.monotonic()
        if self.readers[topic].urgent:
            self._urgent.set()
        return count == len(records)

    def pump(self) -> None:
        """Tries what waits, as long as it gets on; topics of which nothing waits any more are fetched again."""
        tried = -1
        while self._backlogs and (come := sum(reader.position for reader in self.readers.values())) != tried:
            tried = come
            for topic in [*self._backlogs]:
                if self._read(topic, self._backlogs.pop(topic)):
                    self._consumer.release_partitions({TP(topic, self.number)})

    def touch(self, topic: str) -> None:
        """Flushes soon what a topic's reader has to write, though it has read nothing."""
        self.readers[topic].changed = True
        self._wanted.set()

    def forget_backlogs(self) -> None:
        """What was fetched but not read is fetched again."""
        self._backlogs.clear()

    async def flush_forever(self, flushed: Callable[[], None]) -> None:
        """Flushes whenever something was read, after a pause that lasts longer while the worker is busy."""
        while True:
            if not await within(SILENCE, self._wanted) and not any(reader.changed for reader in self.readers.values()):
                continue
            await self.pace.gather(self._urgent, self._took, lambda: self._consumer.drained)
            await self.pace.turns.acquire()
            started = time.monotonic()
            # A commit that is under way is waited for, never cancelled: see `settle`.
            flush = asyncio.create_task(self.flush())
            flush.add_done_callback(self._ended)
            await asyncio.shield(flush)
            self._took = time.monotonic() - started
            flushed()

    def _ended(self, flush: asyncio.Task[None]) -> None:
        """Gives the turn to the next one.

        It keeps asyncio from reporting the failure of a flush for which nobody waits any more: its shard is void.
        """
        self.pace.turns.release()
        if not flush.cancelled():
            flush.exception()

    async def flush(self) -> None:
        """Makes everything read so far durable, with its positions, at once; raises ShutOut or FlushUnknown.

        Whatever it raises, the shard is void: its memory is ahead of what is durable.
        """
        async with self._flushing:
            self._wanted.clear()
            self._urgent.clear()
            self.void, started = True, time.monotonic()
            out = [record for reader in self.readers.values() if reader.changed for record in reader.flush()]
            moved = {t: r.position for t, r in self.readers.items() if r.position != self._stored[t]}
            facts = self._facts()
            if out or moved:
                await self.writer.commit(out, {Spot(topic, self.number): at for topic, at in moved.items()})
                self._stored |= moved
                self.flushes += 1
                self._committed(facts, out, started)
            self.void = False
            self.waits = started if self._wanted.is_set() else None

    def _facts(self) -> Counter[str]:
        return Counter({topic: reader.facts for topic, reader in self.readers.items()})

    def _committed(self, facts: Counter[str], out: Sequence[Outgoing], started: float) -> None:
        new, self._counted = facts - self._counted, facts
        self._meter.flushed(new, out, time.monotonic() - started)

    async def settle(self) -> bool:
        """Waits for the flush under way and tells whether the memory is still good."""
        async with self._flushing:
            return not self.void
