"""Records to Kafka in large batches: grouped by partition, every result awaited."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import UnknownTopicOrPartitionError

from streams.log import LogError, Outgoing, Spot

BATCH_BYTES = 512 * 1024
RECORD_BYTES = 1_000_000
"""The largest record: Kafka's default `max.message.bytes` less the frame around a batch."""

METADATA_SECONDS = 3.0
RETRY_MS = 25
"""Between two attempts at a request; aiokafka's 100 ms would be most of a short flush."""


def check(records: Sequence[Outgoing], compacted: Collection[str]) -> None:
    """Raises LogError for a record that Kafka would refuse, before anything was sent."""
    for record in records:
        if record.key is None and record.topic in compacted:
            raise LogError(f"a record for {record.topic}[{record.partition}] has no key, but the topic is compacted")
        size = len(record.key or b"") + len(record.value or b"")
        if size > RECORD_BYTES:
            where = f"{record.topic}[{record.partition}]"
            raise LogError(f"a record of {size} bytes for {where} is too large: {RECORD_BYTES} bytes are allowed")


async def send(producer: AIOKafkaProducer, records: Sequence[Outgoing]) -> list[int]:
    """Sends in order per partition and gives every record's offset once all are durable; raises what failed first."""
    places: dict[Spot, list[int]] = defaultdict(list)
    for place, record in enumerate(records):
        places[Spot(record.topic, record.partition)].append(place)
    await _expect_partitions(producer, places)
    bases = await asyncio.gather(
        *(_send_to(producer, spot, [records[i] for i in found]) for spot, found in places.items()),
        return_exceptions=True,
    )
    offsets = [0] * len(records)
    for base, found in zip(bases, places.values(), strict=True):
        if isinstance(base, BaseException):
            raise base
        for place, offset in zip(found, base, strict=True):
            offsets[place] = offset
    return offsets


async def _expect_partitions(producer: AIOKafkaProducer, spots: Collection[Spot]) -> None:
    for topic in {spot.topic for spot in spots}:
        try:
            async with asyncio.timeout(METADATA_SECONDS):
                known = await producer.partitions_for(topic)
        except (UnknownTopicOrPartitionError, TimeoutError) as error:
            raise LogError(f"the broker does not know the topic {topic}: declare it first") from error
        lacking = sorted(spot.partition for spot in spots if spot.topic == topic and spot.partition not in known)
        if lacking:
            raise LogError(f"{topic} has {len(known)} partitions, but records are for {lacking}")


async def _send_to(producer: AIOKafkaProducer, spot: Spot, records: Sequence[Outgoing]) -> list[int]:
    sent: list[tuple[int, asyncio.Future[Any]]] = []
    for batch in _packed(producer, records):
        result = await producer.send_batch(batch, spot.topic, partition=spot.partition)
        result.add_done_callback(_seen)
        sent.append((batch.record_count(), result))
    offsets: list[int] = []
    for count, result in sent:
        base = (await result).offset
        if base < 0:
            raise LogError(f"records are in {spot.topic}[{spot.partition}], but the broker forgot their offsets")
        offsets.extend(range(base, base + count))
    return offsets


def _packed(producer: AIOKafkaProducer, records: Sequence[Outgoing]) -> Iterator[Any]:
    batch = producer.create_batch()
    for record in records:
        if batch.append(key=record.key, value=record.value, timestamp=None) is None:
            yield batch
            batch = producer.create_batch()
            batch.append(key=record.key, value=record.value, timestamp=None)
    yield batch


def _seen(result: asyncio.Future[Any]) -> None:
    """Keeps asyncio from reporting a failure that nobody waits for any more, because another came first."""
    if not result.cancelled():
        result.exception()
