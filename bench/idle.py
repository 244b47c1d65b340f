"""Measures what a worker computes while nothing comes but ticks.

usage: python -m bench.idle --broker URL [--shards N] [--seconds N] [--json]

The log must be new. The worker is a process of its own, live, on a plan of two thousand reps.
"""

import asyncio
from dataclasses import dataclass

import click
from msgspec import json

from agents.worker import SHARDS, declare
from bench.cost import processor_seconds
from bench.machine import pinned
from bench.worker import beside, taken
from bench.workload import Workload, say_plan
from schemas.control import PlanMarker
from streams import topics
from streams.log import Outgoing
from streams.opening import open_log

SETTLED = 60.0
"""Seconds after which the first standings have been said, and the clock ticks as seldom as it does when idle."""


@dataclass(frozen=True)
class Idle:
    """What share of a core a worker on so many shards used."""

    shards: int
    cores: float

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.shards} shards, idle: {self.cores:.1%} of a core"


@click.command()
@click.option("--broker", required=True)
@click.option("--shards", default=SHARDS, show_default=True, type=click.IntRange(1))
@click.option("--seconds", default=60, show_default=True, type=click.IntRange(1))
@click.option("--worker-core", type=int, help="The core that the worker is kept to.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
def main(broker: str, shards: int, seconds: int, worker_core: int | None, *, as_json: bool) -> None:
    """Prints the share of a core."""
    found = asyncio.run(measure(broker, shards, seconds, () if worker_core is None else (worker_core,)))
    click.echo(json.encode(found) if as_json else str(found))


async def measure(broker: str, shards: int, seconds: float, on: tuple[int, ...]) -> Idle:
    """One measurement, with the worker on these cores."""
    log = open_log(broker)
    await log.start()
    try:
        shards = await declare(log, shards)
        await say_plan(log, Workload.reps)
        await log.append([Outgoing(topics.CONTROL.name, 0, b"benchmark", json.encode(PlanMarker(1)))])
    finally:
        await log.stop()
    async with beside(broker, "--live", "--shards", str(shards), before=pinned([], *on)) as worker:
        await taken(worker, shards)
        await asyncio.sleep(SETTLED)
        before = processor_seconds(worker.pid)
        await asyncio.sleep(seconds)
        return Idle(shards, (processor_seconds(worker.pid) - before) / seconds)


if __name__ == "__main__":
    main()
