"""Measures counting alone on the product's own transport: one table, per performer and kind of activity.

usage: python -m bench.counting --broker URL [--json]

Batches, decoding, the quarantine, ticks, flushes in transactions with their positions and a conflated changelog are the
product's; only the arithmetic is the smallest there is. It ends when the positions of its last flush have reached the
ends that the topic had at the start. On Kafka each run has a consumer group and a changelog of its own; an embedded log
keeps the positions of one reader only, so that it must not have been worked on.
"""

import asyncio
import gc
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import cast
from uuid import uuid4

import click
import faust
from faust.types import StreamT
from msgspec import json

from agents.worker import COLLECT_AFTER, declare
from bench.cost import Cost, Watch
from quota.plans import PlanIndex
from schemas.activities import ActivitiesCorrected, Activity
from schemas.control import PlanMarker, Tick
from schemas.marks import Mark
from streams import topics
from streams.app import COMMON, App, batches
from streams.batches import Batch, Fetched
from streams.embedded.log import EmbeddedLog
from streams.embedded.transport import Transport
from streams.filling import LogTables
from streams.hop import Flow, Hop
from streams.kafka.log import KafkaLog
from streams.kafka.settings import settings
from streams.log import Log, Outgoing, Spot, TopicSpec, Writer
from streams.partitioner import partition
from streams.shard import Reader
from streams.shards import Shards
from streams.stages.stage import Moment, Place
from streams.topology import CLOCK

LOOK_SECONDS = 0.05
LAST = 100
"""Among so many offsets at the end of a partition is a record."""
PAUSE = 0.2
"""Seconds that a flush waits at least for more, as in a worker."""


class Counts:
    """The smallest stage: so many activities per performer and kind, as a count in decimals."""

    def __init__(self, place: Place, table: TopicSpec) -> None:
        """Empty until loaded."""
        self.place, self._table = place, table.name
        self.counts: dict[str, int] = {}
        self._touched: set[str] = set()
        self.decode = json.Decoder(Activity | ActivitiesCorrected | Tick | PlanMarker).decode

    def sender_of(self, said: object) -> str:
        """Facts come from outside."""
        return CLOCK

    def load(self, table: str, key: bytes, value: bytes) -> None:
        """Takes a count back."""
        self.counts[key.decode()] = int(value)

    def install(self, plan: PlanIndex | None, tick: int) -> None:
        """Nothing is derived."""

    def take(self, said: object, record: Fetched, epoch: int) -> None:
        """Counts an activity."""
        if isinstance(said, Activity):
            key = f"{said.performer}|{said.activity}"
            self.counts[key] = self.counts.get(key, 0) + 1
            self._touched.add(key)

    def owed(self) -> Iterable[Outgoing]:
        """Nobody is told."""
        return ()

    def complete(self, moment: Moment) -> Iterable[Outgoing]:
        """Nobody is told."""
        return ()

    def switch(self, plan: PlanIndex) -> Iterable[Outgoing]:
        """A count does not depend on the plan."""
        return ()

    def stored(self) -> list[Outgoing]:
        """The counts that changed since the last flush, each once."""
        touched, self._touched = self._touched, set()
        counts, shard = self.counts, self.place.shard
        return [Outgoing(self._table, shard, key.encode(), b"%d" % counts[key]) for key in touched]


class Counting(Shards):
    """Shards in which nothing but activities is read, and counted."""

    def __init__(self, log: Log, count: int, table: TopicSpec) -> None:
        """Counts into this table."""
        super().__init__(log, (), count, PAUSE)
        self._table = table
        self.stages: dict[int, Counts] = {}

    async def _readers(self, number: int, writer: Writer) -> tuple[dict[str, Reader], Writer]:
        place = Place("counting", number, self.count, lambda key: partition(key.encode(), self.count))
        stage = self.stages[number] = Counts(place, self._table)
        await LogTables(self.log, number).fill(stage, [self._table], None, -1)
        spot = Spot(topics.ACTIVITIES.name, number)
        position = (await self.log.committed([spot])).get(spot, 0)
        # A mark under another name than the product's, which may work on this log too.
        flow = Flow(self._table.name, (CLOCK,), (), outside=True, at_once=True)
        hop = Hop(place, flow, stage, Mark(self._table.name, position), self.plans.get)
        return {spot.topic: hop}, writer


@click.command()
@click.option("--broker", required=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
def main(broker: str, *, as_json: bool) -> None:
    """Prints facts per second, and per processor second."""
    cost, _ = asyncio.run(measure(broker))
    click.echo(json.encode(cost) if as_json else str(cost))


async def measure(broker: str) -> tuple[Cost, dict[str, int]]:
    """What it took from the first batch to the flush of the last, and the counts."""
    name = f"bench-counting-{uuid4().hex[:8]}"
    gc.set_threshold(*COLLECT_AFTER)
    async with AsyncExitStack() as stack:
        log, app = _log_and_app(broker, name)
        await log.start()
        stack.push_async_callback(log.stop)
        shards = await declare(log)
        table = TopicSpec(f"{name}-changelog", "counts", compact=True)
        await log.declare([table], shards)
        counting = Counting(log, shards, table)
        watch = _agent(app, counting)
        ends = {spot: await _end(log, spot) for spot in (Spot(topics.ACTIVITIES.name, n) for n in range(shards))}
        await counting.attach(app)
        app.finalize()
        await app.start()
        stack.push_async_callback(app.stop)
        stack.push_async_callback(counting.stop)
        await _flushed(log, ends, counting)
        counts = [stage.counts for stage in counting.stages.values()]
        return (await watch).cost(sum(sum(each.values()) for each in counts)), _merged(counts)


async def _end(log: Log, spot: Spot) -> int:
    """The offset after the last record of a partition: behind that there may be markers of transactions."""
    end = (await log.ends([spot]))[spot]
    found = [record.offset + 1 async for chunk in log.read(spot, max(0, end - LAST), end) for record in chunk]
    return max(found, default=0)


def _log_and_app(broker: str, name: str) -> tuple[Log, faust.App]:
    if broker.startswith("kafka:"):
        return KafkaLog(broker.removeprefix("kafka://"), name), App(name, **(COMMON | settings(broker)))
    log = EmbeddedLog(Path(broker.removeprefix("embedded://")))
    app = App(name, broker="embedded://log", **COMMON)
    cast(Transport, app.transport).log = log
    return log, app


def _agent(app: faust.App, counting: Counting) -> "asyncio.Future[Watch]":
    """Registers the agent; gives a watch that runs from its first batch."""
    began: asyncio.Future[Watch] = asyncio.get_running_loop().create_future()

    @app.agent(batches(app, topics.ACTIVITIES, counting.count), name="counting")
    async def count(stream: StreamT[Batch]) -> None:
        async for batch in stream:
            if not began.done():
                began.set_result(Watch())
            counting.read(batch)

    return began


async def _flushed(log: Log, ends: dict[Spot, int], counting: Counting) -> None:
    """Returns when everything is durable; raises what made the shards fail."""
    wanted = {spot: end for spot, end in ends.items() if end}
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        if counting.failed.done():
            counting.failed.result()
        positions = {Spot(*tp): at for shard in counting.owned.values() for tp, at in shard.positions.items()}
        # The log is asked only when all was read: until then it is not bothered.
        if all(positions.get(spot, 0) >= end for spot, end in wanted.items()):
            done = await log.committed(wanted)
            if all(done.get(spot, 0) >= end for spot, end in wanted.items()):
                return


def _merged(counts: Sequence[dict[str, int]]) -> dict[str, int]:
    merged: dict[str, int] = {}
    for each in counts:
        for key, value in each.items():
            merged[key] = merged.get(key, 0) + value
    return merged


if __name__ == "__main__":
    main()
