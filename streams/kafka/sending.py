"""Records to Kafka in large batches: grouped by partition, every result awaited."""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import UnknownTopicOrPartitionError

from streams.grouping import Group, grouped
from streams.log import LogError, Outgoing, Spot

BATCH_BYTES = 512 * 1024
COMPRESSION = "zstd"
"""Standings become thirty times smaller, facts six times, for a microsecond each."""
RECORD_BYTES = 1_000_000
"""The largest record: Kafka's default `max.message.bytes` less the frame around a batch."""

METADATA_SECONDS = 3.0
RETRY_MS = 25
"""Between two attempts at a request; aiokafka's 100 ms would be most of a short flush."""


def checked(records: Iterable[Outgoing], compacted: Collection[str]) -> dict[Spot, Group]:
    """The records of each spot; raises LogError for one that Kafka would refuse, before anything was sent."""
    groups = grouped(records)
    for spot, group in groups.items():
        where = f"{spot.topic}[{spot.partition}]"
        if spot.topic in compacted and None in group.keys:
            raise LogError(f"a record for {where} has no key, but the topic is compacted")
        if _largest(group.keys) + _largest(group.values) > RECORD_BYTES:
            _require_small(group, where)
    return groups


def _largest(column: Sequence[bytes | None]) -> int:
    return max(map(len, filter(None, column)), default=0)


def _require_small(group: Group, where: str) -> None:
    for key, value in zip(group.keys, group.values, strict=True):
        size = len(key or b"") + len(value or b"")
        if size > RECORD_BYTES:
            raise LogError(f"a record of {size} bytes for {where} is too large: {RECORD_BYTES} bytes are allowed")


async def send(producer: AIOKafkaProducer, groups: Mapping[Spot, Group]) -> list[int]:
    """Sends in order per partition and gives every record's offset once all are durable; raises what failed first."""
    await _expect_partitions(producer, groups)
    sent = await asyncio.gather(
        *(_send_to(producer, spot, group) for spot, group in groups.items()), return_exceptions=True
    )
    offsets = [0] * sum(len(group.places) for group in groups.values())
    for found, group in zip(sent, groups.values(), strict=True):
        if isinstance(found, BaseException):
            raise found
        for place, offset in zip(group.places, found, strict=True):
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


async def _send_to(producer: AIOKafkaProducer, spot: Spot, group: Group) -> list[int]:
    sent: list[tuple[int, asyncio.Future[Any]]] = []
    for batch in _packed(producer, group):
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


def _packed(producer: AIOKafkaProducer, group: Group) -> Iterator[Any]:
    batch = producer.create_batch()
    for key, value in zip(group.keys, group.values, strict=True):
        if batch.append(key=key, value=value, timestamp=None) is None:
            yield batch
            batch = producer.create_batch()
            batch.append(key=key, value=value, timestamp=None)
    yield batch


def _seen(result: asyncio.Future[Any]) -> None:
    """Keeps asyncio from reporting a failure that nobody waits for any more, because another came first."""
    if not result.cancelled():
        result.exception()
