"""The log as commands, readers and shards see it, whichever engine keeps it."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class Spot(NamedTuple):
    """A topic's partition."""

    topic: str
    partition: int


class Record(NamedTuple):
    """A committed record of the log; `timestamp` is milliseconds since 1970."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class Outgoing(NamedTuple):
    """A record to be written; a value of None deletes the key from a compacted topic."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None


@dataclass(frozen=True)
class TopicSpec:
    """A topic as it is created: one partition or one per shard, and what may be forgotten.

    `compact` keeps the last record of a key; `retention_ms` of -1 keeps everything; `lag_ms` protects young records.
    Where others write, `own_time` makes the log say when it took a record, whatever the writer says.
    """

    name: str
    about: str
    sharded: bool = True
    compact: bool = False
    retention_ms: int = -1
    lag_ms: int = 0
    own_time: bool = False


class LogError(Exception):
    """The log could not do what was asked; the message says what to do."""


class ShutOut(LogError):
    """A later owner has taken the shard over; nothing of this flush is durable."""


class FlushUnknown(LogError):
    """It is not known whether the flush was committed; the shard's memory is void."""


class Writer(Protocol):
    """The one writer of a shard: starting it shuts out every earlier one of the same name."""

    async def commit(self, records: Sequence[Outgoing], positions: Mapping[Spot, int]) -> list[int]:
        """Makes records and positions durable at once or not at all, and gives every record's offset.

        Raises ShutOut or FlushUnknown.
        """
        ...

    async def close(self) -> None:
        """Lets go of the shard without shutting anybody out."""
        ...


class Log(Protocol):
    """An append-only, partitioned, compacting log with transactions; everybody reads committed records only."""

    async def start(self) -> None:
        """Connects; raises LogError when the log is not to be had."""
        ...

    async def stop(self) -> None:
        """Disconnects."""
        ...

    async def declare(self, topics: Iterable[TopicSpec], shards: int) -> int:
        """Creates the topics that are missing; gives the number of shards, which an existing log decides."""
        ...

    async def append(self, records: Sequence[Outgoing], *, lasting: bool = True) -> list[int]:
        """Appends in order per partition and gives the offsets once everything is durable.

        Without `lasting` a power failure may take it back: for who appends it once more then.
        """
        ...

    async def ends(self, spots: Iterable[Spot]) -> dict[Spot, int]:
        """The offset after the last committed record, for each spot."""
        ...

    async def starts(self, spots: Iterable[Spot]) -> dict[Spot, int]:
        """The first offset that is still there, for each spot."""
        ...

    async def committed(self, spots: Iterable[Spot]) -> dict[Spot, int]:
        """The positions that flushes stored; a spot without one is left out."""
        ...

    def read(self, spot: Spot, start: int = 0, end: int | None = None) -> AsyncIterator[list[Record]]:
        """Committed records in order from `start` to `end` (default: the end as of now), in chunks.

        The embedded log has only the last record of each of a table's keys, and gives those in any order.
        """
        ...

    def tail(self, starts: Mapping[Spot, int]) -> AsyncIterator[list[Record]]:
        """Committed records of several spots from these offsets on, for ever, in chunks as they come."""
        ...

    async def writer(self, name: str) -> Writer:
        """A transactional writer of this name; every earlier one is shut out when this returns."""
        ...
