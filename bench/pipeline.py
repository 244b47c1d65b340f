"""Measures facts per second of the whole pipeline: all tables, changelogs, standings, alerts and messages.

usage: python -m bench.pipeline [--facts N --days N --reps N --shards N --workers N] (--broker URL | --kafka)

`--kafka` starts a broker for the measurement; without either, an embedded log is used. The facts are in the log before
the workers start; the clock runs from there until the last tick has come through to every alerts partition. One worker
runs in this process, where it can be profiled, the others are processes of their own.
"""

import asyncio
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import click
from msgspec import json

from agents.worker import SHARDS, Worker, declare
from bench.workload import Workload, fill
from streams import topics
from streams.log import Log, Spot
from streams.opening import open_log
from streams.passage import Passage, through
from tests.kafka.broker import Broker


@dataclass(frozen=True)
class Measured:
    """What a run of the pipeline took; processor seconds are of all workers, from start to the last tick."""

    facts: int
    seconds: float
    joining: float
    cpu_seconds: float
    workers: int
    peak_mb: float

    @property
    def per_second(self) -> float:
        """Facts per second of wall time, from when the worker had joined."""
        return self.facts / (self.seconds - self.joining)

    def __str__(self) -> str:
        """One line for people."""
        return (
            f"{self.facts} facts in {self.seconds:.1f} s ({self.joining:.1f} s to join): {self.per_second:,.0f} facts "
            f"a second after joining, {self.cpu_seconds:.1f} processor seconds of {self.workers} worker(s), "
            f"{self.cpu_seconds / self.facts * 1e6:.1f} µs a fact, {self.peak_mb:,.0f} MB at most"
        )


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
            click.echo(json.encode(asdict(measured)) if as_json else str(measured))
        finally:
            if server:
                server.stop()


async def measure(broker: str, workload: Workload, shards: int, workers: int) -> Measured:
    """One measurement; the log is filled if it holds no facts, and must not have been worked on."""
    async with AsyncExitStack() as stack:
        log = open_log(broker)
        await log.start()
        stack.push_async_callback(log.stop)
        shards = await declare(log, shards)
        last = await filled(log, shards, workload)
        began, worked = time.monotonic(), time.process_time()
        others = [stack.enter_context(_beside(broker)) for _ in range(workers - 1)]
        worker = await stack.enter_async_context(Worker(broker, log, live=False))
        joined = time.monotonic() - began
        await _done(log, worker, last, shards)
        took, cpu = time.monotonic() - began, time.process_time() - worked
        for other in others:
            other.terminate()
            other.wait()
    beside = resource.getrusage(resource.RUSAGE_CHILDREN) if others else None
    cpu += beside.ru_utime + beside.ru_stime if beside else 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return Measured(workload.facts, took, joined, cpu, workers, peak)


async def filled(log: Log, shards: int, workload: Workload) -> int:
    """Fills a log whose control topic is empty; gives the number of the last tick."""
    control = Spot(topics.CONTROL.name, 0)
    if not (await log.ends([control]))[control]:
        return await fill(log, shards, workload)
    return [record.offset async for chunk in log.read(control) for record in chunk][-1]


async def _done(log: Log, worker: Worker, last: int, shards: int) -> None:
    """Works until the last tick has come through to the alerts of every shard."""
    running = asyncio.ensure_future(worker.run())
    passage = Passage(last, {Spot(topics.ALERTS.name, shard): 0 for shard in range(shards)}, {}, quiet=True)
    done = asyncio.ensure_future(through(log, passage))
    await asyncio.wait({running, done}, return_when=asyncio.FIRST_COMPLETED)
    (running if running.done() else done).result()
    running.cancel()


def _beside(broker: str) -> "subprocess.Popen[bytes]":
    """Another worker, in a process of its own, which leaves time to the log."""
    command = (sys.executable, "-m", "agents.cli", "worker", "--clock", "log", "--broker", broker)
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
