"""The embedded log: the store behind the protocol that every engine keeps; writing is synchronous (docs/adr/0007)."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from streams.embedded.store import Store
from streams.log import LogError, Outgoing, Record, Spot, TopicSpec

POLL = 0.05
"""Seconds between two looks for what other processes appended, once the log has stood still for a while."""
QUICK = 0.002
"""The same while it grows: two processes that wait for one another take turns."""


class EmbeddedLog:
    """An append-only log in the file at `path`; several processes may use it, one of them as its worker."""

    def __init__(self, path: str | Path) -> None:
        """Nothing is opened before `start`."""
        self.path = Path(path)
        self._woken = asyncio.Event()
        self._nudges = 0
        self._grew = time.monotonic()
        self._store: Store | None = None
        self._write_store: Store | None = None

    @property
    def store(self) -> Store:
        """The reading connection; raises LogError before `start`."""
        if self._store is None:
            message = f"the log {self.path} has not been started"
            raise LogError(message)
        return self._store

    async def start(self) -> None:
        """Opens the file, creating it when it is missing."""
        if not self.path.parent.is_dir():
            message = f"the folder of {self.path} does not exist: create it, or name another file with --broker"
            raise LogError(message)
        self._store = Store(self.path)
        # A connection of its own, so that the reading one sees in its version that something was written.
        self._write_store = Store(self.path)

    async def stop(self) -> None:
        """Closes the file after the write under way."""
        if self._write_store is not None:
            self._write_store.close()
            self._write_store = None
        if self._store is not None:
            self._store.close()
            self._store = None

    def _writer_store(self) -> Store:
        if self._write_store is None:
            message = f"the log {self.path} has been closed"
            raise LogError(message)
        return self._write_store

    async def declare(self, topics: Iterable[TopicSpec], shards: int) -> int:
        """Creates the topics that are missing; gives the number of shards of the file."""
        store, wanted = self._writer_store(), list(topics)
        return store.declare(wanted, shards)

    async def append(self, records: Sequence[Outgoing], *, lasting: bool = True) -> list[int]:
        """Appends records in one transaction and gives their offsets."""
        return await self.transact(records, {}, None, lasting=lasting)

    async def transact(
        self,
        records: Sequence[Outgoing],
        positions: Mapping[Spot, int],
        owner: tuple[str, int] | None,
        *,
        lasting: bool = False,
    ) -> list[int]:
        """Appends records and stores positions in one transaction of this owner; raises ShutOut."""
        store, ts = self._writer_store(), int(time.time() * 1000)
        offsets = store.write(records, positions, ts, owner, lasting=lasting)
        self._woken.set()
        return offsets

    @property
    def state(self) -> tuple[int, int]:
        """Another one whenever somebody has written, or nudged those who wait."""
        return self.store.version(), self._nudges

    def nudge(self) -> None:
        """Lets those who wait for growth look again: what they may read has changed, though the file has not."""
        self._nudges += 1
        self._woken.set()

    async def ends(self, spots: Iterable[Spot]) -> dict[Spot, int]:
        """The next offset of each spot."""
        return self._column("next", spots)

    async def starts(self, spots: Iterable[Spot]) -> dict[Spot, int]:
        """The first offset that each spot still has."""
        return self._column("first", spots)

    async def committed(self, spots: Iterable[Spot]) -> dict[Spot, int]:
        """The stored position of each spot that has one."""
        return self._column("position", spots)

    def _column(self, name: str, spots: Iterable[Spot]) -> dict[Spot, int]:
        found = self.store.column(name)
        return {spot: found[spot] for spot in spots if spot in found}

    async def read(self, spot: Spot, start: int = 0, end: int | None = None) -> AsyncIterator[list[Record]]:
        """Records of [start, end) in chunks, of a table in any order; the end defaults to the end as of now.

        A spot that was not declared has none.
        """
        if spot not in self.store.ends():
            return
        if self.store.spot(spot)[1]:
            with closing(Store(self.path)) as apart:
                for chunk in apart.scan(spot, start, end):
                    yield chunk
            return
        last = self.store.column("next").get(spot, 0) if end is None else end
        while start < last and (chunk := self.store.read(spot, start, last)):
            yield chunk
            start = chunk[-1].offset + 1

    async def tail(self, starts: Mapping[Spot, int]) -> AsyncIterator[list[Record]]:
        """Records of several spots from these offsets on, for ever."""
        at = dict(starts)
        while True:
            # Taken first: what is written while others are read must wake us.
            seen = self.state
            for spot, end in (await self.ends(at)).items():
                async for chunk in self.read(spot, at[spot], end):
                    yield chunk
                at[spot] = max(at[spot], end)
            await self.growth(seen)

    async def growth(self, seen: tuple[int, int]) -> None:
        """Returns when the file may have grown, or somebody nudged, since the state was `seen`."""
        while self._store is not None and self.state == seen:
            try:
                # Not `wait_for`, which forgets that it was cancelled when the event is set in the same moment.
                async with asyncio.timeout(self._pause()):
                    await self._woken.wait()
            except TimeoutError:
                continue
            self._woken.clear()
        self._grew = time.monotonic()

    def _pause(self) -> float:
        """A quarter of the time that the log has stood still, within bounds."""
        return min(POLL, max(QUICK, (time.monotonic() - self._grew) / 4))

    async def writer(self, name: str) -> "EmbeddedWriter":
        """A writer of this name that shuts out all earlier ones."""
        return EmbeddedWriter(self, name, self._writer_store().take_over(name))

    async def forget(self, topics: Mapping[str, bool]) -> None:
        """Deletes what was read: topic → whether to keep the last record of every key."""
        store = self._writer_store()
        for topic, superseded_only in topics.items():
            store.forget(topic, superseded_only=superseded_only)


class EmbeddedWriter:
    """A shard's writer: each commit is one SQLite transaction that checks that nobody took over."""

    def __init__(self, log: EmbeddedLog, name: str, epoch: int) -> None:
        """Made by `EmbeddedLog.writer`."""
        self._log, self._owner = log, (name, epoch)

    async def commit(self, records: Sequence[Outgoing], positions: Mapping[Spot, int]) -> list[int]:
        """Makes records and positions durable at once; raises ShutOut after a later owner came."""
        return await self._log.transact(records, positions, self._owner)

    async def close(self) -> None:
        """Nothing is held open."""
