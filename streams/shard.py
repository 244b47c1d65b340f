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

SHARE = 1.0
"""A flush waits so many times as long as the last one took: what is touched in the meantime is written once."""
SLOWEST_FLUSH = 3.0
"""Seconds that facts wait at most for a flush."""
BUSY = 0.5
"""From this share of a core on, a worker is catching up: flushes get rarer, so that more is said and written once."""
BREATH, BREATHS = 0.02, 3
"""Seconds between two looks whether there is something to read, and how many that find nothing end a rest."""


class Reader(Protocol):
    """One topic's reader in a shard: a hop, or the clock."""

    position: int
    changed: bool
    urgent: bool
    """Whether somebody waits for what it has to write."""
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


class Load:
    """How busy this process has been since it was asked last."""

    def __init__(self) -> None:
        """Starts now."""
        self._seen = time.process_time(), time.monotonic()

    def share(self) -> float:
        """Seconds of computing per second."""
        before, self._seen = self._seen, (time.process_time(), time.monotonic())
        return (self._seen[0] - before[0]) / max(self._seen[1] - before[1], 1e-6)


class Shard:
    """The unit of ownership: everything its readers did since the last flush becomes durable together."""

    def __init__(
        self,
        number: int,
        opening: int,
        readers: dict[str, Reader],
        writer: Writer,
        consumer: Flow,
        pause: float,
        *,
        meter: Unmetered = UNMETERED,
    ) -> None:
        """`readers` by topic; `pause` is how many seconds a flush waits at least for more, 0 for never."""
        self.number, self.opening, self.readers, self.writer = number, opening, readers, writer
        self.flushes = 0
        self.void = self._busy = False
        self.waits: float | None = None
        """Since when (monotonic seconds) something that was read waits for a flush; None while nothing does."""
        self._meter = meter
        self._consumer, self._pause, self._took = consumer, pause, 0.0
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
        started = time.perf_counter()
        self._read(batch.topic, batch.records)
        self.pump()
        self._meter.read(batch.topic, len(batch.records), time.perf_counter() - started)

    def _read(self, topic: str, records: Sequence[Fetched]) -> bool:
        count = self.readers[topic].read(records)
        if count < len(records):
            self._backlogs[topic] = [*records[count:]]
            self._consumer.hold_partitions({TP(topic, self.number)})
        if self.readers[topic].changed:
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
            await self._wanted.wait()
            await self._gather()
            started = time.monotonic()
            # A commit that is under way is waited for, never cancelled: see `settle`.
            flush = asyncio.create_task(self.flush())
            flush.add_done_callback(_seen)
            await asyncio.shield(flush)
            self._took = time.monotonic() - started
            flushed()

    async def _gather(self) -> None:
        """Lets more come: what is touched again in the meantime is said and written once."""
        if not self._pause:
            return
        started, load, whole = time.monotonic(), Load(), Load()
        more = await self._rest(max(self._pause, min(SLOWEST_FLUSH, SHARE * self._took)))
        while more and load.share() > BUSY and time.monotonic() - started < SLOWEST_FLUSH:
            self._busy = True
            more = await self._rest(self._pause)
        self._busy = whole.share() > BUSY

    async def _rest(self, seconds: float) -> bool:
        """Lets time pass; tells whether to wait for more: not if somebody waits, or all there was is read."""
        end, idle = time.monotonic() + seconds, 0
        while (left := end - time.monotonic()) > 0:
            if await self._hurried(min(BREATH, left)):
                return False
            idle = idle + 1 if self._consumer.drained else 0
            if self._busy and idle == BREATHS:
                return False
        return True

    async def _hurried(self, seconds: float) -> bool:
        """Whether somebody waits for the next flush, or begins to within these seconds."""
        try:
            async with asyncio.timeout(seconds):
                return await self._urgent.wait()
        except TimeoutError:
            return False

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


def _seen(flush: asyncio.Task[None]) -> None:
    """Keeps asyncio from reporting the failure of a flush for which nobody waits any more: its shard is void."""
    if not flush.cancelled():
        flush.exception()
