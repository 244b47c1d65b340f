"""A real embedded log whose flushes and reads go wrong on demand, and a real worker on it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from enum import Enum
from pathlib import Path

from msgspec import json

from agents.worker import Worker, declare
from schemas.control import PlanMarker, Tick
from streams import topics
from streams.config import MEMORY
from streams.embedded.log import EmbeddedLog, EmbeddedWriter
from streams.log import FlushUnknown, LogError, Outgoing, Record, Spot
from streams.metrics.unmetered import UNMETERED, Unmetered
from streams.plan_reader import SPOT as PLAN
from streams.plans.records import plan_records
from streams.shards import Shards
from tests.runtime.history import MONDAY, SHARDS, History, plan

SECONDS = 20.0
CONTROL = Spot(topics.CONTROL.name, 0)


class Fate(Enum):
    """What becomes of a flush."""

    ABORTED = "nothing is durable, and the writer does not know"
    UNANSWERED = "everything is durable, and the writer does not know"
    KILLED_BEFORE = "the worker dies, nothing is durable"
    KILLED_AFTER = "the worker dies, everything is durable"


class FaultyLog(EmbeddedLog):
    """`fate` says what becomes of a writer's flush, the n-th of all; a `gate` holds up the next read of its topic."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.fate: Callable[[str, int], Fate | None] = lambda _name, _n: None
        self.flushes = 0
        self.dead = False
        self.kept_in = MEMORY
        self.writers: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}
        self.held_up = asyncio.Event()

    async def writer(self, name: str) -> EmbeddedWriter:
        self.check()
        self.writers.append(name)
        inner = await super().writer(name)
        return FaultyWriter(self, inner)

    def check(self) -> None:
        """Raises LogError once the worker is dead."""
        if self.dead:
            raise LogError("this worker was killed")

    async def read(self, spot: Spot, start: int = 0, end: int | None = None) -> AsyncIterator[list[Record]]:
        gate = self.gates.pop(spot.topic, None)
        if gate is not None:
            self.held_up.set()
            await gate.wait()
        async for chunk in super().read(spot, start, end):
            yield chunk


class FaultyWriter(EmbeddedWriter):
    """A shard's writer to which the log's fate happens."""

    def __init__(self, log: FaultyLog, inner: EmbeddedWriter) -> None:
        super().__init__(log, *inner._owner)
        self._faulty = log

    async def commit(self, records: Sequence[Outgoing], positions: Mapping[Spot, int]) -> list[int]:
        log = self._faulty
        log.check()
        log.flushes += 1
        fate = log.fate(self._owner[0], log.flushes)
        log.dead = fate in {Fate.KILLED_BEFORE, Fate.KILLED_AFTER}
        lost = fate in {Fate.ABORTED, Fate.KILLED_BEFORE}
        offsets = [] if lost else await super().commit(records, positions)
        log.check()
        if fate is not None:
            raise FlushUnknown(fate.value)
        return offsets


async def until(condition: Callable[[], bool]) -> None:
    """Returns once the condition holds; raises TimeoutError."""
    async with asyncio.timeout(SECONDS):
        while not condition():  # noqa: ASYNC110 - anything may make it true
            await asyncio.sleep(0.002)


async def reached(log: EmbeddedLog, condition: Callable[[], Awaitable[bool]]) -> None:
    """Returns once the log has come so far; raises TimeoutError."""
    async with asyncio.timeout(SECONDS):
        while True:
            seen = log.state
            if await condition():
                return
            await log.growth(seen)


@asynccontextmanager
async def started(path: Path) -> AsyncIterator[FaultyLog]:
    """A log with all topics."""
    log = FaultyLog(path)
    await log.start()
    await declare(log, SHARDS)
    try:
        yield log
    finally:
        await log.stop()


@asynccontextmanager
async def working(log: FaultyLog, meter: Unmetered = UNMETERED) -> AsyncIterator[tuple[Shards, "asyncio.Task[None]"]]:
    """A worker's shards, and the task that ends when the worker fails."""
    async with Worker(
        f"embedded://{log.path}", log, live=False, shards=SHARDS, meter=meter, store=log.kept_in
    ) as worker:
        assert worker.shards is not None
        run = asyncio.create_task(worker.run())
        try:
            yield worker.shards, run
        finally:
            run.cancel()
            await asyncio.gather(run, return_exceptions=True)


async def apply(log: EmbeddedLog, revision: int) -> None:
    """Writes a revision of the plan; its marker is another step."""
    records = plan_records(plan(revision), revision, MONDAY)
    await log.append([Outgoing(*PLAN, record.key, record.value) for record in records])


async def ask(log: EmbeddedLog, *steps: Tick | PlanMarker) -> int:
    """Appends ticks and markers to control and gives the offset of the last."""
    return (await log.append([Outgoing(*CONTROL, b"test", json.encode(step)) for step in steps]))[-1]


async def copied(log: EmbeddedLog, offset: int) -> None:
    """Returns once the clock has copied the control record at this offset."""

    async def done() -> bool:
        return (await log.committed([CONTROL])).get(CONTROL, 0) > offset

    await reached(log, done)


async def through(log: EmbeddedLog, number: int) -> None:
    """Returns once the tick of this number has come through to all messages."""
    left = set(range(SHARDS))
    async with asyncio.timeout(SECONDS):
        async for chunk in log.tail({Spot(topics.NOTIFICATIONS.name, shard): 0 for shard in range(SHARDS)}):
            said = [record for record in chunk if (record.value or b"").startswith(b'{"type":"tick"')]
            left -= {
                record.partition for record in said if json.decode(record.value or b"", type=Tick).number >= number
            }
            if not left:
                return


def _tick(record: Record) -> int:
    is_tick = (record.value or b"").startswith(b'{"type":"tick"')
    return json.decode(record.value or b"", type=Tick).number if is_tick else -1


async def as_history(log: EmbeddedLog) -> History:
    """What the source topics hold now, as a history that can be read calmly."""
    found: dict[Spot, list[Outgoing]] = {}
    for spot in [Spot(topic.name, shard) for topic in topics.SOURCES for shard in range(SHARDS)]:
        chunks = [chunk async for chunk in log.read(spot)]
        found[spot] = [Outgoing(*spot, record.key, record.value) for chunk in chunks for record in chunk]
    return History(found, [], 0)
