"""Measures facts per second of the whole pipeline: all tables, changelogs, standings, alerts and messages.

usage: python -m bench.pipeline [--facts N --days N --reps N --shards N --workers N] (--broker URL | --kafka)

`--kafka` starts a broker for the measurement; without either, an embedded log is used. The facts are in the log before
the workers start; the clock runs from when all of them have joined until the last tick has come through to every alerts
partition. One worker runs in this process, where it can be profiled, the others are processes of their own.
"""

import asyncio
import tempfile
from asyncio.subprocess import Process
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import click
from msgspec import json

from agents.worker import READERS, SHARDS, Worker, declare
from bench.cost import Cost, Watch, processor_seconds
from bench.worker import beside, taken
from bench.workload import Workload, fill, say_plan
from streams import topics
from streams.log import Log, Spot
from streams.metrics.unmetered import Unmetered
from streams.opening import open_log
from streams.passage import Passage, through
from tests.kafka.broker import Broker


@dataclass
class Share:
    """What the reading of one agent took: records, and seconds of the one thread in which everything is computed."""

    records: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        """For people; only of an agent that has read something."""
        return f"{self.records:,} records, {self.seconds:.1f} s, {self.seconds / self.records * 1e6:.1f} µs each"


@dataclass(frozen=True)
class Piped:
    """What the pipeline cost, and how much of that was spent by which agent of the first worker.

    The rest is spent on fetching, on flushes (encoding what is said and stored, and sending it), and on Faust.
    """

    cost: Cost
    agents: dict[str, Share]
    workers: int = 1

    def __str__(self) -> str:
        """One line for people, and one for each agent."""
        agents = [f"  {agent}: {share}" for agent, share in self.agents.items() if share.records]
        return "\n".join([f"{self.cost}; {self.workers} worker(s)", *agents])


class Shares(Unmetered):
    """Adds up what each agent takes."""

    def __init__(self) -> None:
        """Nothing so far."""
        self.agents = {agent: Share() for agent in READERS.values()}

    def read(self, topic: str, records: int, seconds: float) -> None:
        """Adds a batch."""
        share = self.agents[READERS[topic]]
        share.records += records
        share.seconds += seconds


@click.command()
@click.option("--facts", default=Workload.facts, show_default=True, type=click.IntRange(0))
@click.option("--days", default=Workload.days, show_default=True, type=click.IntRange(1))
@click.option("--reps", default=Workload.reps, show_default=True, type=click.IntRange(1))
@click.option("--shards", default=SHARDS, show_default=True, type=click.IntRange(1))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1))
@click.option("--broker", help="A log; one that holds facts is taken to be filled, up to a last tick.")
@click.option("--kafka", is_flag=True, help="Start a broker for the measurement.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
def main(
    facts: int, days: int, reps: int, shards: int, workers: int, broker: str | None, *, kafka: bool, as_json: bool
) -> None:
    """Prints facts, seconds, facts per second and processor seconds."""
    with tempfile.TemporaryDirectory() as folder:
        server = Broker(Path(folder), heap="1g", measured=True) if kafka else None
        if server:
            server.start()
        try:
            url = f"kafka://{server.address}" if server else broker or f"embedded://{folder}/log.db"
            measured = asyncio.run(measure(url, Workload(facts, days, reps), shards, workers))
            click.echo(json.encode(measured) if as_json else str(measured))
        finally:
            if server:
                server.stop()


async def measure(broker: str, workload: Workload, shards: int, workers: int) -> Piped:
    """One measurement; the log is filled if it holds no facts, and must not have been worked on."""
    async with AsyncExitStack() as stack:
        log = open_log(broker)
        await log.start()
        stack.push_async_callback(log.stop)
        shards = await declare(log, shards)
        last = await filled(log, shards, workload, with_plan=workers == 1)
        others = [await stack.enter_async_context(beside(broker)) for _ in range(workers - 1)]
        shares = Shares()
        worker = await stack.enter_async_context(Worker(broker, log, live=False, meter=shares))
        await joined(worker, others, shards)
        watch, before = Watch(), [processor_seconds(other.pid) for other in others]
        if not await planned(log):
            await say_plan(log, workload.reps)
        await _done(log, worker, last, shards)
        cost = watch.cost(workload.facts)
        beside_it = sum(processor_seconds(other.pid) for other in others) - sum(before)
        return Piped(replace(cost, cpu_seconds=cost.cpu_seconds + beside_it), shares.agents, workers)


async def joined(worker: Worker, others: Sequence[Process], shards: int) -> None:
    """Returns when every worker has taken over its part of the shards."""
    each = shards // (len(others) + 1)
    for other in others:
        await taken(other, each)
    while not 0 < len(worker.owned()) <= shards - each * len(others):  # noqa: ASYNC110 - a worker tells nobody
        await asyncio.sleep(0.01)


async def filled(log: Log, shards: int, workload: Workload, *, with_plan: bool = True) -> int:
    """Fills a log whose control topic is empty; gives the number of the last tick."""
    control = Spot(topics.CONTROL.name, 0)
    if not (await log.ends([control]))[control]:
        return await fill(log, shards, workload, planned=with_plan)
    return [record.offset async for chunk in log.read(control) for record in chunk][-1]


async def planned(log: Log) -> bool:
    """Whether the log has a plan."""
    plan = Spot(topics.PLAN.name, 0)
    return (await log.ends([plan]))[plan] > 0


async def _done(log: Log, worker: Worker, last: int, shards: int) -> None:
    """Works until the last tick has come through to the alerts of every shard."""
    running = asyncio.ensure_future(worker.run())
    passage = Passage(last, {Spot(topics.ALERTS.name, shard): 0 for shard in range(shards)}, {}, quiet=True)
    done = asyncio.ensure_future(through(log, passage))
    await asyncio.wait({running, done}, return_when=asyncio.FIRST_COMPLETED)
    (running if running.done() else done).result()
    running.cancel()


if __name__ == "__main__":
    main()
