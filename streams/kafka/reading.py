"""Committed records from Kafka without a group: a bounded read, and a tail for ever."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.kafka.closing import close_consumer
from streams.kafka.failures import told
from streams.log import Record, Spot

START_SECONDS = 15.0
STALL_SECONDS = 30.0
"""A bounded read that came no further for so long ends with an error."""

POLL_MS = 50
FETCH_BYTES = 4 * 1024 * 1024
REQUEST_MS = 10_000
RETRY_SECONDS = 0.2


def consumer(bootstrap: str, group: str | None = None) -> AIOKafkaConsumer:
    """A consumer of committed records that resets nothing and commits nothing; a group only tells what it committed."""
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=group,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="none",
        max_partition_fetch_bytes=FETCH_BYTES,
        request_timeout_ms=REQUEST_MS,
    )


async def started(bootstrap: str, group: str | None = None) -> AIOKafkaConsumer:
    """A connected consumer; raises LogError when no broker answers."""
    with told(f"connecting to Kafka at {bootstrap}"):
        async with asyncio.timeout(START_SECONDS):
            while (made := await _connected(bootstrap, group)) is None:  # noqa: ASYNC110 (nobody tells when)
                await asyncio.sleep(RETRY_SECONDS)
    return made


async def _connected(bootstrap: str, group: str | None) -> AIOKafkaConsumer | None:
    """A connected consumer, or None while a broker that is starting answers but does not serve yet."""
    made = consumer(bootstrap, group)
    try:
        await made.start()
    except BaseException:
        await close_consumer(made)
        raise
    if made._client.cluster.brokers():  # noqa: SLF001 (aiokafka gives no other way)
        return made
    await close_consumer(made)
    return None


async def read(bootstrap: str, spot: Spot, start: int, end: int) -> AsyncGenerator[list[Record], None]:
    """Committed records of [start, end) in order; ends behind transaction markers too."""
    tp = TopicPartition(*spot)
    reader = await started(bootstrap)
    try:
        _assign(reader, {spot: start})
        position = start
        with told(f"reading {spot.topic}[{spot.partition}] from {start}"):
            while position < end:
                async with asyncio.timeout(STALL_SECONDS):
                    records, position = await _next(reader, tp, position)
                if records and records[-1].offset >= end:
                    records = [record for record in records if record.offset < end]
                if records:
                    yield _converted(records)
    finally:
        await close_consumer(reader)


async def _next(reader: AIOKafkaConsumer, tp: TopicPartition, position: int) -> tuple[Sequence[Any], int]:
    """The next records, none where only transaction markers or aborted records stood, and the position after them."""
    while True:
        records = (await reader.getmany(tp, timeout_ms=POLL_MS)).get(tp, [])
        reached = await reader.position(tp)
        if records or reached > position:
            return records, reached


async def tail(bootstrap: str, starts: Mapping[Spot, int]) -> AsyncGenerator[list[Record], None]:
    """Committed records of several spots from these offsets on, for ever."""
    reader = await started(bootstrap)
    try:
        _assign(reader, starts)
        with told("following " + ", ".join(sorted({spot.topic for spot in starts}))):
            while True:
                for records in (await reader.getmany(timeout_ms=1000)).values():
                    yield _converted(records)
    finally:
        await close_consumer(reader)


def _assign(reader: AIOKafkaConsumer, starts: Mapping[Spot, int]) -> None:
    reader.assign([TopicPartition(*spot) for spot in starts])
    # Before anything else can run, so that the consumer never asks for a position of its own.
    for spot, start in starts.items():
        reader.seek(TopicPartition(*spot), start)


def _converted(records: Sequence[Any]) -> list[Record]:
    return [Record(r.topic, r.partition, r.offset, r.timestamp, r.key, r.value) for r in records]
