"""Measures the ceiling: raw fetches of the same topics with the same client library, every record decoded, no more.

usage: python -m bench.ceiling --broker kafka://HOST:PORT [--json]
"""

import asyncio

import click
from aiokafka import AIOKafkaConsumer, TopicPartition
from msgspec import json

from bench.cost import Cost, Watch
from streams import topics
from streams.json_schemas import CARRIED

FETCH_BYTES = 4 * 1024 * 1024
MOST_RECORDS = 10_000


@click.command()
@click.option("--broker", required=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
def main(broker: str, *, as_json: bool) -> None:
    """Prints facts per second, and per processor second."""
    cost = asyncio.run(measure(broker))
    click.echo(json.encode(cost) if as_json else str(cost))


async def measure(broker: str) -> Cost:
    """Reads what there is of the source topics."""
    reader = AIOKafkaConsumer(
        bootstrap_servers=broker.removeprefix("kafka://"),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=FETCH_BYTES,
    )
    await reader.start()
    try:
        names = [topic.name for topic in topics.SOURCES]
        spots = [TopicPartition(name, n) for name in names for n in await _partitions(reader, name)]
        reader.assign(spots)
        return await _read(reader, await reader.end_offsets(spots))
    finally:
        await reader.stop()


async def _partitions(reader: AIOKafkaConsumer, topic: str) -> set[int]:
    await reader._client._wait_on_metadata(topic)  # noqa: SLF001 - a consumer that is assigned knows no topics before
    found: set[int] = reader.partitions_for_topic(topic) or set()
    return found


async def _read(reader: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> Cost:
    decoders = {topic: json.Decoder(CARRIED[topic]).decode for topic in {spot.topic for spot in ends}}
    left, facts, watch = {spot for spot, end in ends.items() if end}, 0, Watch()
    while left:
        for spot, records in (await reader.getmany(timeout_ms=200, max_records=MOST_RECORDS)).items():
            decode = decoders[spot.topic]
            facts += len([decode(record.value) for record in records])  # the few ticks among them, too
        # Not by the last record: behind it there may be the marker of a transaction.
        left = {spot for spot in left if await reader.position(spot) < ends[spot]}
    return watch.cost(facts)


if __name__ == "__main__":
    main()
