"""Measures how long workers take to take over all shards of a log that holds many entity records.

usage: python -m bench.recovery [--records N] [--workers N] [--broker URL | --kafka] [--store STORE] [--json]

With a store, measure twice: the first time it is filled from the log. Beside the entity records the log holds the cells
that the standings add up, as it does after a year of 2,000 reps. On an embedded log there is one worker.
"""

import asyncio
import gc
import logging
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import click
from msgspec import json

from agents.worker import ARROWS, COLLECT_AFTER, declare
from bench.cost import peak_mb
from bench.history import fill
from streams.config import MEMORY
from streams.keeping import leave, take_kept
from streams.log import Log
from streams.opening import open_log
from streams.plan_reader import Plans
from streams.stores.stores import Stores, stores
from streams.wall_clock import now
from tests.kafka.broker import Broker

SHARDS = 4


@dataclass(frozen=True)
class Taken:
    """What it took one process to take over its shards, and then to leave them; `peak_gb` is its most memory."""

    shards: tuple[int, ...]
    seconds: float
    cpu_seconds: float
    peak_gb: float
    leaving: float

    def __str__(self) -> str:
        """One line for people."""
        return (
            f"shards {[*self.shards]}: {self.seconds:.1f} s, {self.cpu_seconds:.1f} processor seconds, "
            f"{self.peak_gb:.1f} GB at most; left in {self.leaving:.1f} s"
        )


@click.command()
@click.option("--records", default=1_000_000, show_default=True)
@click.option("--broker", help="A log; one that has a plan is taken to be filled already.")
@click.option("--store", default=MEMORY, show_default=True, help="memory, or rocksdb:DIRECTORY.")
@click.option("--kafka", is_flag=True, help="Start a broker for the measurement.")
@click.option("--workers", default=1, show_default=True, help="Processes that take over a part of the shards each.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array, for programs.")
def main(records: int, broker: str | None, store: str, workers: int, *, kafka: bool, as_json: bool) -> None:
    """Prints seconds until every shard is ready to read on."""
    with tempfile.TemporaryDirectory() as folder:
        server = Broker(Path(folder), heap="1g", measured=True) if kafka else None
        if server:
            server.start()
        try:
            url = f"kafka://{server.address}" if server else broker or f"embedded://{folder}/log.db"
            shards = asyncio.run(_filled(url, records))
            with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
                parts = [range(shards)[worker::workers] for worker in range(workers)]
                told = [pool.submit(_worker, url, store, shards, part) for part in parts]
                found = [each.result() for each in told]
            click.echo(json.encode(found) if as_json else "\n".join(map(str, found)))
        finally:
            if server:
                server.stop()


async def _filled(broker: str, records: int) -> int:
    """Fills a log that has no plan, and gives the number of its shards."""
    log = open_log(broker)
    await log.start()
    try:
        shards = await declare(log, 1 if broker.startswith("embedded:") else SHARDS)
        if not await Plans(log).read():
            await fill(log, shards, records)
        return shards
    finally:
        await log.stop()


def _worker(broker: str, store: str, shards: int, mine: range) -> Taken:
    logging.basicConfig(format="%(asctime)s %(message)s")
    logging.getLogger("streams").setLevel(logging.INFO)
    return asyncio.run(_measured(broker, store, shards, mine))


async def _measured(broker: str, store: str, shards: int, mine: range) -> Taken:
    log = open_log(broker)
    await log.start()
    try:
        plans = Plans(log)
        await plans.read()
        return await _taken(log, shards, mine, plans, stores(store, broker, lambda: now().timestamp()))
    finally:
        await log.stop()


async def _taken(log: Log, shards: int, mine: range, plans: Plans, kept: Stores | None) -> Taken:
    """Takes shards over, and leaves them; what comes of a store is seen by the next measurement."""
    gc.set_threshold(*COLLECT_AFTER)
    began, worked = time.monotonic(), time.process_time()
    writers = [await log.writer(f"shard-{shard}") for shard in mine]
    taken = await asyncio.gather(
        *(take_kept(log, ARROWS, (n, shards), plans, writer, kept) for n, writer in zip(mine, writers, strict=True))
    )
    took, cpu = time.monotonic() - began, time.process_time() - worked
    for readers, keeping in taken:
        await leave(readers.values(), keeping)
        await keeping.close()
    left = time.monotonic() - began - took
    return Taken((*mine,), took, cpu, peak_mb() / 1e3, left)


if __name__ == "__main__":
    main()
