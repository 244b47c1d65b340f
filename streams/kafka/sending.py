"""Records to Kafka in large batches: grouped by partition, every result awaited."""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

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
        where = _name(spot)
        if spot.topic in compacted and None in group.keys:
            raise LogError(f"a record for {where} has no key, but the topic is compacted")
        if _largest(group.keys) + _largest(group.values) > RECORD_BYTES:
            _require_small(group, where)
    return groups


def _name(spot: Spot) -> str:
    return f"{spot.topic}[{spot.partition}]"


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
    offsets = [0] * sum(len(group.places) for group in groups.values())
    sent: list[Sent] = []
    try:
        await _hand_over(producer, groups, sent)
        for batch in sent:
            for offset, place in enumerate(batch.places, _base(batch.spot, await batch.result)):
                offsets[place] = offset
    except BaseException:
        for batch in sent:
            batch.result.add_done_callback(_seen)
        raise
    return offsets


def _base(spot: Spot, stored: Any) -> int:
    offset = int(stored.offset)
    if offset < 0:
        raise LogError(f"records are in {_name(spot)}, but the broker forgot their offsets")
    return offset


class Sent(NamedTuple):
    """A batch on its way: the places of its records among all."""

    spot: Spot
    places: Sequence[int]
    result: asyncio.Future[Any]


async def _hand_over(producer: AIOKafkaProducer, groups: Mapping[Spot, Group], sent: list[Sent]) -> None:
    """Hands over the first batch of every partition, then the second ones: a partition's next waits for its last.

    A task for each partition would cost more than all else here, where a tick goes to dozens of them.
    """
    left = [(spot, group, _packed(producer, group), 0) for spot, group in groups.items()]
    while left:
        more = []
        for spot, group, batches, done in left:
            if (batch := next(batches, None)) is not None:
                result = await producer.send_batch(batch, spot.topic, partition=spot.partition)
                after = done + batch.record_count()
                sent.append(Sent(spot, group.places[done:after], result))
                more.append((spot, group, batches, after))
        left = more


async def _expect_partitions(producer: AIOKafkaProducer, spots: Collection[Spot]) -> None:
    topics = {spot.topic for spot in spots}
    for topic in topics:
        # All before the first is waited for, or each asks once more for those before it.
        producer.client.add_topic(topic)
    for topic in topics:
        try:
            async with asyncio.timeout(METADATA_SECONDS):
                known = await producer.partitions_for(topic)
        except (UnknownTopicOrPartitionError, TimeoutError) as error:
            raise LogError(f"the broker does not know the topic {topic}: declare it first") from error
        lacking = sorted(spot.partition for spot in spots if spot.topic == topic and spot.partition not in known)
        if lacking:
            raise LogError(f"{topic} has {len(known)} partitions, but records are for {lacking}")


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
