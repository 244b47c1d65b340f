"""Measures facts per second of workers with all tables, standings and alerts on.

usage: python -m tests.benchmarks.throughput [--facts N] [--days N] [--workers N] (--broker URL | --kafka)

`--kafka` starts a broker for the measurement. The facts are in the log before the workers start; the clock runs from
there until the last tick has come through to every notifications partition. One worker runs in this process, where it
can be profiled, the others are processes of their own.
"""

import asyncio
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

import click

from agents.worker import Worker, declare
from streams import topics
from streams.log import Spot
from streams.opening import open_log
from streams.passage import Passage, through
from tests.benchmarks.floor import fill
from tests.kafka.broker import Broker


@click.command()
@click.option("--facts", default=300_000, show_default=True)
@click.option("--days", default=5, show_default=True)
@click.option("--broker")
@click.option("--kafka", is_flag=True)
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1))
def main(facts: int, days: int, broker: str | None, workers: int, *, kafka: bool) -> None:
    """Prints facts, seconds, facts per second and processor seconds."""
    with tempfile.TemporaryDirectory() as folder:
        server = Broker(Path(folder), heap="1g", measured=True) if kafka else None
        if server:
            server.start()
        try:
            url = f"kafka://{server.address}" if server else broker or f"embedded://{folder}/log.db"
            click.echo(asyncio.run(measured(url, facts, days, workers)))
        finally:
            if server:
                server.stop()


async def measured(broker: str, facts: int, days: int, workers: int) -> str:
    """One measurement on a log that must be new."""
    async with AsyncExitStack() as stack:
        log = open_log(broker)
        await log.start()
        stack.push_async_callback(log.stop)
        shards = await declare(log)
        last = await fill(log, shards, facts, days)
        began, worked = time.monotonic(), time.process_time()
        others = [stack.enter_context(_beside(broker)) for _ in range(workers - 1)]
        worker = await stack.enter_async_context(Worker(broker, log, live=False))
        joined = time.monotonic() - began
        running = asyncio.ensure_future(worker.run())
        passage = Passage(last, {Spot(topics.ALERTS.name, shard): 0 for shard in range(shards)}, {}, quiet=True)
        done = asyncio.ensure_future(through(log, passage))
        await asyncio.wait({running, done}, return_when=asyncio.FIRST_COMPLETED)
        (running if running.done() else done).result()
        running.cancel()
        took, cpu = time.monotonic() - began, time.process_time() - worked
        for other in others:
            other.terminate()
            other.wait()
    beside = resource.getrusage(resource.RUSAGE_CHILDREN) if others else None
    cpu += beside.ru_utime + beside.ru_stime if beside else 0.0
    return (
        f"{facts} facts in {took:.1f} s ({joined:.1f} s to join): {facts / took:,.0f} facts/s, "
        f"{facts / (took - joined):,.0f} facts/s after joining, {cpu:.1f} processor seconds of {workers} worker(s)"
    )


def _beside(broker: str) -> "subprocess.Popen[bytes]":
    """Another worker, in a process of its own, which leaves time to the log."""
    command = (sys.executable, "-m", "agents.cli", "worker", "--clock", "log", "--broker", broker)
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
