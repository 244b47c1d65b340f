"""The log in memory: transactions that are all or nothing, writers that are shut out, and flushes that go wrong."""

import asyncio
from bisect import bisect_left
from collections.abc import AsyncIterator, Coroutine, Generator, Iterable, Mapping, Sequence
from enum import Enum
from operator import attrgetter
from typing import Any, TypeVar

from streams.log import FlushUnknown, LogError, Outgoing, Record, ShutOut, Spot, TopicSpec

T = TypeVar("T")


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never has to wait, without an event loop."""
    try:
        work.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    work.close()
    raise AssertionError("this would have had to wait")


class Mishap(Enum):
    """What becomes of the next flush."""

    ABORTED = "nothing is durable"
    UNANSWERED = "everything is durable, but the writer is not told"


class Halt(Enum):
    """Where a flush stands still until it is resumed."""

    COLLECTED = "its records are collected, the log has none of them"
    COMMITTED = "the log has its records, the writer does not know yet"

    def __await__(self) -> Generator["Halt"]:
        yield self


class FakeLog:
    """What is durable; nothing here waits except a tail that has read everything, and a flush that is halted.

    `history` keeps every value of a table and its deletions, as a broker that has not compacted yet; otherwise the last
    value of each key is left. `gap` is how many offsets a commit takes behind its records, as transaction markers do.
    """

    def __init__(self, *, history: bool = False, gap: int = 0) -> None:
        self.records: dict[Spot, list[Record]] = {}
        self.mishap: Mishap | None = None
        self.halts: frozenset[Halt] = frozenset()
        """Where the next flush stands still."""
        self.commits = 0
        self.gap, self._history = gap, history
        self._compact: set[str] = set()
        self._ends: dict[Spot, int] = {}
        self._positions: dict[Spot, int] = {}
        self._epochs: dict[str, int] = {}
        self._grown = asyncio.Event()

    async def start(self) -> None:
        """There is nothing to connect to."""

    async def stop(self) -> None:
        """There is nothing to disconnect from."""

    async def declare(self, topics: Iterable[TopicSpec], shards: int) -> int:
        for topic in topics:
            if topic.compact and not topic.lag_ms:
                self._compact.add(topic.name)
            for partition in range(shards if topic.sharded else 1):
                self.records.setdefault(Spot(topic.name, partition), [])
        return shards

    async def append(self, records: Sequence[Outgoing], *, lasting: bool = True) -> list[int]:
        return self.write(records)

    def write(self, records: Sequence[Outgoing], gap: int = 0) -> list[int]:
        """Appends in order, leaves a gap behind, and gives the offsets."""
        offsets = []
        for topic, partition, key, value in records:
            spot = Spot(topic, partition)
            offset = self._ends.get(spot, 0)
            self.records[spot].append(Record(topic, partition, offset, 0, key, value))
            self._ends[spot] = offset + 1
            offsets.append(offset)
        for spot in {Spot(record.topic, record.partition) for record in records}:
            self._ends[spot] += gap
        self._grown.set()
        return offsets

    def store(self, positions: Mapping[Spot, int]) -> None:
        """Stores positions."""
        self._positions.update(positions)

    async def ends(self, spots: Iterable[Spot]) -> dict[Spot, int]:
        return {spot: self.end(spot) for spot in spots}

    def end(self, spot: Spot) -> int:
        """The offset after the last record and what follows it."""
        return self._ends.get(spot, 0)

    async def starts(self, spots: Iterable[Spot]) -> dict[Spot, int]:
        return dict.fromkeys(spots, 0)

    async def committed(self, spots: Iterable[Spot]) -> dict[Spot, int]:
        return {spot: self._positions[spot] for spot in spots if spot in self._positions}

    def grown(self, spot: Spot, start: int) -> bool:
        """Whether there is a record from this offset on."""
        records = self.records[spot]
        return bool(records) and records[-1].offset >= start

    def seen(self, spot: Spot, start: int = 0) -> list[Record]:
        """The records from an offset on; of a compacted table the last value of every key."""
        records = self.records[spot]
        if start:
            records = records[bisect_left(records, start, key=attrgetter("offset")) :]
        if spot.topic not in self._compact or self._history:
            return records
        last = {record.key: record for record in records}
        return [record for record in records if last[record.key] is record and record.value is not None]

    async def read(self, spot: Spot, start: int = 0, end: int | None = None) -> AsyncIterator[list[Record]]:
        found = [record for record in self.seen(spot, start) if end is None or record.offset < end]
        if found:
            yield found

    async def tail(self, starts: Mapping[Spot, int]) -> AsyncIterator[list[Record]]:
        at = dict(starts)
        while True:
            news = [found for spot, start in at.items() if (found := self.seen(spot, start))]
            for found in news:
                at[Spot(found[-1].topic, found[-1].partition)] = found[-1].offset + 1
                yield found
            if not news:
                self._grown.clear()
                await self._grown.wait()

    async def writer(self, name: str) -> "FakeWriter":
        self._epochs[name] = self._epochs.get(name, 0) + 1
        return FakeWriter(self, name, self._epochs[name])

    def check(self, name: str, epoch: int) -> None:
        """Raises ShutOut unless this is the last writer of its name."""
        if self._epochs[name] != epoch:
            raise ShutOut(f"writer {name} was shut out by a later owner")

    def abort(self, records: Sequence[Outgoing]) -> None:
        """What is left of an aborted commit: nothing."""


class FakeWriter:
    """A shard's writer; the mishap that the log has in store befalls its next commit."""

    def __init__(self, log: FakeLog, name: str, epoch: int) -> None:
        self._log, self._name, self._epoch = log, name, epoch

    async def commit(self, records: Sequence[Outgoing], positions: Mapping[Spot, int]) -> list[int]:
        mishap, self._log.mishap = self._log.mishap, None
        halts, self._log.halts = self._log.halts, frozenset()
        if Halt.COLLECTED in halts:
            await Halt.COLLECTED
        self._log.check(self._name, self._epoch)
        if mishap is Mishap.ABORTED:
            self._log.abort(records)
            raise FlushUnknown("the commit timed out, and was aborted")
        unknown = {Spot(record.topic, record.partition) for record in records} - self._log.records.keys()
        if unknown:
            raise LogError(f"this log has no {sorted(unknown)}")
        offsets = self._log.write(records, self._log.gap)
        self._log.store(positions)
        self._log.commits += 1
        if Halt.COMMITTED in halts:
            await Halt.COMMITTED
        if mishap is Mishap.UNANSWERED:
            raise FlushUnknown("the commit timed out, but was done")
        return offsets

    async def close(self) -> None:
        """Nothing is held open."""
