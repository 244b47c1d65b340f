"""Measures how long it takes to take over all shards of a log that holds many entity records.

usage: python -m tests.benchmarks.recovery [--records N] [--broker URL | --kafka] [--store STORE]

With a store, measure twice: the first time it is filled from the log. Beside the entity records the log holds the cells
that the standings add up, as it does after a year of 2,000 reps.
"""

import asyncio
import gc
import logging
import resource
import tempfile
import time
from pathlib import Path

import click

from agents.worker import ARROWS, COLLECT_AFTER, declare
from streams.config import MEMORY
from streams.keeping import leave, take_kept
from streams.log import Log
from streams.opening import open_log
from streams.plan_reader import Plans
from streams.stores.stores import Stores, stores
from streams.wall_clock import now
from tests.benchmarks.history import fill
from tests.kafka.broker import Broker


@click.command()
@click.option("--records", default=1_000_000, show_default=True)
@click.option("--broker", help="A log; one that has a plan is taken to be filled already.")
@click.option("--store", default=MEMORY, show_default=True, help="memory, or rocksdb:DIRECTORY.")
@click.option("--kafka", is_flag=True, help="Start a broker for the measurement.")
def main(records: int, broker: str | None, store: str, *, kafka: bool) -> None:
    """Prints seconds until every shard is ready to read on."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    with tempfile.TemporaryDirectory() as folder:
        server = Broker(Path(folder), heap="1g", measured=True) if kafka else None
        if server:
            server.start()
        try:
            url = f"kafka://{server.address}" if server else broker or f"embedded://{folder}/log.db"
            click.echo(asyncio.run(measured(url, records, store)))
        finally:
            if server:
                server.stop()


async def measured(broker: str, records: int, store: str) -> str:
    """One measurement."""
    log = open_log(broker)
    await log.start()
    try:
        shards = await declare(log, 1 if broker.startswith("embedded:") else 4)
        plans = Plans(log)
        if not await plans.read():
            await fill(log, shards, records)
            await plans.read()
        return await _taken(log, shards, plans, stores(store, broker, lambda: now().timestamp()))
    finally:
        await log.stop()


async def _taken(log: Log, shards: int, plans: Plans, kept: Stores | None) -> str:
    """Takes every shard over, and leaves it; what comes of a store is seen by the next measurement."""
    gc.set_threshold(*COLLECT_AFTER)
    began, worked = time.monotonic(), time.process_time()
    taken = []
    for shard in range(shards):
        writer = await log.writer(f"shard-{shard}")
        taken.append(await take_kept(log, ARROWS, (shard, shards), plans, writer, kept))
    took, cpu = time.monotonic() - began, time.process_time() - worked
    for readers, keeping in taken:
        leave(readers.values(), keeping)
        await keeping.close()
    left = time.monotonic() - began - took
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return f"{took:.1f} s, {cpu:.1f} processor seconds, {peak:.1f} GB at most; left in {left:.1f} s"


if __name__ == "__main__":
    main()
