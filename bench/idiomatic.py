"""Measures the agent that Faust's own documentation shows: one event at a time, a table, its changelog on Kafka.

usage: python -m bench.idiomatic --broker kafka://HOST:PORT [--facts N] [--json]

It counts a slice of the activities per performer and kind; the table's changelog has a name of its own for each run.
"""

import asyncio
import logging
import tempfile
from uuid import uuid4

import click
import faust
from faust.types import StreamT
from msgspec import json

from bench.cost import Cost, Watch
from streams import topics
from streams.log import Log, Spot
from streams.opening import open_log


@click.command()
@click.option("--broker", required=True)
@click.option("--facts", default=20_000, show_default=True, type=click.IntRange(1))
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
def main(broker: str, facts: int, *, as_json: bool) -> None:
    """Prints events per second, and per processor second."""
    logging.getLogger().setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        cost = asyncio.run(measure(broker, facts, folder))
    click.echo(json.encode(cost) if as_json else str(cost))


async def measure(broker: str, facts: int, folder: str) -> Cost:
    """Counts the first events, at most so many; the time of joining the group is left out."""
    log = open_log(broker)
    await log.start()
    try:
        shards, ends = await _shards(log)
        return await _counted(broker, min(facts, ends), shards, folder)
    finally:
        await log.stop()


async def _shards(log: Log) -> tuple[int, int]:
    """The partitions of the activities, and how many records they hold."""
    shards = await log.declare([topics.ACTIVITIES], 1)
    return shards, sum((await log.ends(Spot(topics.ACTIVITIES.name, shard) for shard in range(shards))).values())


async def _counted(broker: str, facts: int, shards: int, folder: str) -> Cost:
    name = f"bench-idiomatic-{uuid4().hex[:8]}"
    app = faust.App(name, broker=broker, datadir=folder, web_enabled=False, topic_partitions=shards, autodiscover=False)
    done: asyncio.Future[Cost] = asyncio.get_running_loop().create_future()
    activities = app.topic(topics.ACTIVITIES.name, key_type=str, value_serializer="json")
    counts = app.Table("counts", default=int, partitions=shards)

    @app.agent(activities)
    async def count(stream: StreamT[dict[str, str]]) -> None:
        watch, seen = Watch(), 0
        async for event in stream:
            if not seen:
                watch = Watch()
            if event["type"] == "activity":
                counts[f"{event['performer']}|{event['activity']}"] += 1
            seen += 1
            if seen == facts and not done.done():
                done.set_result(watch.cost(seen))

    app.finalize()
    await app.start()
    try:
        return await done
    finally:
        await app.stop()


if __name__ == "__main__":
    main()
