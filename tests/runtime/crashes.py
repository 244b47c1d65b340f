"""A worker on a real embedded log that can be stopped after any write, and go on from what was durable then."""

import argparse
import asyncio
import os
import random
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from msgspec import json

from agents.worker import declare
from schemas.control import PlanMarker, Tick
from streams import topics
from streams.embedded.log import EmbeddedLog
from streams.log import Outgoing, Record, Spot
from streams.pacing import Pace
from streams.plan_reader import SPOT as PLAN
from streams.plans.records import plan_records
from streams.shard import Shard
from streams.takeover import take_clock
from streams.topology import CLOCK
from tests.runtime.fake_log import at_once
from tests.runtime.history import DAYS, MONDAY, SHARDS, Past, plan, sent
from tests.runtime.outcome import Outcome, outcome
from tests.runtime.world import Calm, Consumer, Worker, work

FACTS = 320
CONTROL = Spot(topics.CONTROL.name, 0)
SOURCES = [Spot(topic.name, shard) for topic in topics.SOURCES for shard in range(SHARDS)]
Step = list[Outgoing]
"""What outsiders append at once."""


def scenario() -> list[Step]:
    """A week of facts, in their order, a tick at noon and one in the evening, three plans."""
    facts = sorted(Past("crashes", facts=FACTS).facts(), key=lambda fact: fact.occurred_at)
    steps = _revision(1)
    for half in range(2 * DAYS):
        at = MONDAY + timedelta(hours=12 * (half + 1))
        told = [sent(fact) for fact in facts if at - timedelta(hours=12) <= fact.occurred_at < at]
        steps += [told[: len(told) // 2], told[len(told) // 2 :], [_asked(Tick(at))]]
        steps += _revision(2) if half == 3 else _revision(3) if half == 6 else []
    return [step for step in steps if step]


def _revision(number: int) -> list[Step]:
    records = [Outgoing(*PLAN, record.key, record.value) for record in plan_records(plan(number), number, MONDAY)]
    return [records, [_asked(PlanMarker(number))]]


def _asked(said: Tick | PlanMarker) -> Outgoing:
    return Outgoing(*CONTROL, b"test", json.encode(said))


class CountingLog(EmbeddedLog):
    """Tells after each append or commit how many there were."""

    def __init__(self, path: Path, written: Callable[[int], None] = lambda _: None) -> None:
        super().__init__(path)
        self.writes, self._written = 0, written

    async def transact(
        self,
        records: Sequence[Outgoing],
        positions: Mapping[Spot, int],
        owner: tuple[str, int] | None,
        *,
        lasting: bool = False,
    ) -> list[int]:
        offsets = await super().transact(records, positions, owner, lasting=lasting)
        self.writes += 1
        self._written(self.writes)
        return offsets

    def die_within(self, write: int) -> None:
        """The process ends when this write is about to be committed."""

        def traced(statement: str) -> None:
            if statement == "COMMIT" and self.writes == write - 1:
                os._exit(9)

        self._writer_store().db.set_trace_callback(traced)

    def grown(self, spot: Spot, start: int) -> bool:
        return self.store.ends().get(spot, 0) > start

    def seen(self, spot: Spot, start: int = 0) -> list[Record]:
        end = self.store.ends().get(spot, 0)
        found = []
        while start < end and (chunk := self.store.read(spot, start, end)):
            found += chunk
            start = chunk[-1].offset + 1
        return found

    def copy(self, path: Path) -> None:
        """What a stop at this moment leaves behind; the connections are not closed."""
        for suffix in ("", "-wal"):
            shutil.copy(f"{self.path}{suffix}", f"{path}{suffix}")


@asynccontextmanager
async def opened(
    path: Path, written: Callable[[int], None] = lambda _: None, kind: type[CountingLog] = CountingLog
) -> AsyncIterator[CountingLog]:
    """A log with all topics."""
    log = kind(path, written)
    await log.start()
    await declare(log, SHARDS)
    try:
        yield log
    finally:
        await log.stop()


def run(log: CountingLog, seed: str, steps: list[Step]) -> None:
    """Outsiders append the steps that are missing, a worker with habits of its own works; both go to the end."""
    luck = random.Random(seed)
    clock, worker = _clock(log), Worker(log)
    for number in range(SHARDS):
        worker.take(number)
    often, flushes = luck.choice([0.0, 0.3, 1.0]), luck.choice([0.0, 0.02, 0.1])
    how = Calm(luck.choice([7, 50, 1000]), lambda: luck.random() < flushes)
    for step in [[], *steps[_done(log, steps) :]]:
        if step:
            at_once(log.append(step))
        _copy(log, clock)
        if luck.random() < often:
            worker.read_plan()
            work(worker, how)
    worker.read_plan()
    work(worker, how)


def _done(log: CountingLog, steps: list[Step]) -> int:
    """How many steps are in the log; each is there as a whole or not at all."""
    told = [record.key or b"" for spot in (*SOURCES, CONTROL, PLAN) for record in log.seen(spot)]
    # What the clock copies and what shards tell one another is nobody's step.
    count = sum(key != CLOCK.encode() and not key.startswith(b"activities/") for key in told)
    found = 0
    while count:
        count -= len(steps[found])
        found += 1
    return found


def _clock(log: CountingLog) -> Shard:
    writer = at_once(log.writer("clock"))
    return Shard(0, 1, at_once(take_clock(log, SHARDS)), writer, Consumer(), Pace(0.0))


def _copy(log: CountingLog, clock: Shard) -> None:
    """The clock copies what is in control, before anybody sends more."""
    reader = clock.readers[CONTROL.topic]
    if log.grown(CONTROL, reader.position):
        reader.read(log.seen(CONTROL, reader.position))
        at_once(clock.flush())


async def finished(path: Path, seed: str, steps: list[Step]) -> Outcome:
    """Another worker goes on from what is durable there, to the end."""
    async with opened(path) as log:
        run(log, seed, steps)
        return await outcome(log)


async def _die(path: Path, write: int, *, within: bool) -> None:
    def written(count: int) -> None:
        if not within and count == write:
            os._exit(9)

    async with opened(path, written) as log:
        if within:
            log.die_within(write)
        run(log, "first", scenario())


def main() -> int:
    """Ends with 9 within or after a write, as if it were killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("path", type=Path)
    parser.add_argument("write", type=int)
    parser.add_argument("--within", action="store_true")
    given = parser.parse_args()
    asyncio.run(_die(given.path, given.write, within=given.within))
    return 0


if __name__ == "__main__":
    sys.exit(main())
