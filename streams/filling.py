"""Where a stage gets its records from at a take-over: from its changelogs, or from the store beside the log."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Protocol

from quota.plans import PlanIndex
from streams import tables
from streams.log import Log, LogError, Record, Spot, TopicSpec
from streams.progress import STRIDE, Progress
from streams.stages.stage import Large, Stage
from streams.stores.packed import MemoryShelves
from streams.stores.shelf import Shelf

Entry = tuple[bytes, bytes]
MARKS = (tables.MARKS.name, tables.CLOCK_MARKS.name)


class Source(Protocol):
    """Has the tables of a shard."""

    async def entries(self, table: TopicSpec) -> Iterable[Entry]:
        """The last value of every key that was not deleted."""
        ...

    async def fill(self, stage: Stage, named: Sequence[TopicSpec], plan: PlanIndex | None, tick: int) -> None:
        """Gives a stage its records and has it derive what follows, under this plan and as of this tick."""
        ...


class LogTables:
    """Reads changelogs."""

    def __init__(self, log: Log, shard: int) -> None:
        """Of this shard."""
        self._log, self._shard, self._progress = log, shard, Progress(shard)

    async def entries(self, table: TopicSpec) -> Iterable[Entry]:
        """Every record of the table."""
        return (await self._values(table)).items()

    async def _values(self, table: TopicSpec) -> dict[bytes, bytes]:
        return await last_values(self._log, Spot(table.name, self._shard), self._progress)

    async def fill(self, stage: Stage, named: Sequence[TopicSpec], plan: PlanIndex | None, tick: int) -> None:
        """Loads every record, and installs."""
        take: Callable[[str, bytes, bytes], None] = stage.load
        if isinstance(stage, Large):
            shelves = MemoryShelves()
            stage.lodge(shelves)
            take = shelves.put
        for table in named:
            found = await self._values(table)
            total, steps = len(found), _loaded(take, table, _consumed(found))
            await self._progress.through(steps, f"records of {table.name} loaded", total)
        await _install(stage, plan, tick, self._progress)


class ShelfTables:
    """Reads a store; what is large stays there."""

    def __init__(self, shelf: Shelf, shard: int) -> None:
        """The store of this shard, which holds what the log holds."""
        self._shelf, self._progress = shelf, Progress(shard)

    async def entries(self, table: TopicSpec) -> Iterable[Entry]:
        """Every record of the table."""
        return self._shelf.entries(table.name)

    async def fill(self, stage: Stage, named: Sequence[TopicSpec], plan: PlanIndex | None, tick: int) -> None:
        """Lodges what is large and restores what was derived of it; loads and installs the rest.

        Where nothing was left that can be restored, it is derived and left first: so none of it stays in memory.
        """
        if isinstance(stage, Large):
            stage.lodge(self._shelf)
            few = self._shelf.few(stage.place.agent)
            if few is None:
                await _install(stage, plan, tick, self._progress)
                few = await left(stage, self._shelf, self._progress)
                stage.lodge(self._shelf)
            stage.restore(few, partial(self._shelf.chunks, stage.place.agent), plan, tick)
            return
        for table in named:
            steps = _loaded(stage.load, table, await self.entries(table))
            await self._progress.through(steps, f"records of {table.name} loaded")
        stage.install(plan, tick)


async def left(stage: Large, shelf: Shelf, progress: Progress) -> bytes:
    """Leaves on the shelf what a stage has derived, and gives what is small of it."""
    derived = stage.derived()
    for count in shelf.leave(stage.place.agent, derived):
        await progress.breathe(count, f"chunks of {stage.place.agent} stored")
    return derived.few


async def last_values(log: Log, table: Spot, progress: Progress) -> dict[bytes, bytes]:
    """The last value of every key that was not deleted; brokers give earlier ones too until they compact."""
    found: dict[bytes, bytes] = {}
    count = 0
    async for chunk in log.read(table):
        for record in chunk:
            if record.key is not None and record.value is not None:
                found[record.key] = record.value
            elif record.key is not None:
                require_no_mark(record)
                found.pop(record.key, None)
        count += len(chunk)
        if count > STRIDE:
            await progress.breathe(count, f"records of {table.topic} read")
    return found


def require_no_mark(deletion: Record) -> None:
    """Raises LogError where a mark was deleted: nothing of ours does that."""
    if deletion.topic in MARKS:
        message = f"{deletion.topic}[{deletion.partition}] holds a deleted mark: the log was changed by something else"
        raise LogError(message)


def _consumed(entries: dict[bytes, bytes]) -> Iterator[Entry]:
    # What is loaded is let go of: large tables are not held twice.
    while entries:
        yield entries.popitem()


def _loaded(take: Callable[[str, bytes, bytes], None], table: TopicSpec, entries: Iterable[Entry]) -> Iterator[None]:
    for key, value in entries:
        take(table.name, key, value)
        yield


async def _install(stage: Stage, plan: PlanIndex | None, tick: int, progress: Progress) -> None:
    if isinstance(stage, Large):
        await progress.through(stage.installing(plan, tick), f"steps of {stage.place.agent} recomputed")
    else:
        stage.install(plan, tick)
