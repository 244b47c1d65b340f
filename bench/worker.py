"""A worker as the benchmark runs it beside others: without sinks, so that messages wait, until it is ended.

usage: python -m bench.worker --broker URL [--live] [--shards N] [--tick-ms N]

It says on standard output which shards it has taken over, one line each.
"""

import asyncio
import logging
import sys
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import click

from agents.worker import SHARDS, Worker
from streams.config import LEAST_TICK_MS, MOST_TICK_MS, TICK_MS
from streams.opening import open_log

TAKEN = b"took over shard"


@click.command()
@click.option("--broker", required=True)
@click.option("--live", is_flag=True, help="Time follows the clock; without, it stays with the log.")
@click.option("--shards", default=SHARDS, show_default=True, type=click.IntRange(1), help="Of a new log.")
@click.option("--tick-ms", default=TICK_MS, show_default=True, type=click.IntRange(LEAST_TICK_MS, MOST_TICK_MS))
def main(broker: str, shards: int, tick_ms: int, *, live: bool) -> None:
    """Works until it is ended."""
    logging.basicConfig(format="%(message)s", stream=sys.stdout)
    logging.getLogger("streams").setLevel(logging.INFO)
    asyncio.run(_work(broker, shards, tick_ms, live=live))


async def _work(broker: str, shards: int, tick_ms: int, *, live: bool) -> None:
    log = open_log(broker)
    await log.start()
    async with Worker(broker, log, live=live, shards=shards, tick_ms=tick_ms) as worker:
        await worker.run()


@asynccontextmanager
async def beside(broker: str, *options: str, before: Sequence[str] = ()) -> AsyncIterator[Process]:
    """A worker in a process of its own, which ends with the context; `before` goes in front of its command."""
    command = (*before, sys.executable, "-m", "bench.worker", "--broker", broker, *options)
    process = await create_subprocess_exec(*command, stdout=PIPE)
    try:
        yield process
    finally:
        process.kill()
        await process.communicate()


async def taken(worker: Process, shards: int) -> None:
    """Returns when a worker beside has taken over so many shards."""
    count = 0
    while count < shards and worker.stdout is not None:
        line = await worker.stdout.readline()
        if not line:
            raise RuntimeError(
                f"the worker beside ended with code {worker.returncode} after {count} of {shards} shards"
            )
        count += TAKEN in line


if __name__ == "__main__":
    main()
