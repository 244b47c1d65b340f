"""Nothing waits for ever for a broker that is gone or frozen, and what went on is told truly."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager

import pytest
from faust.types import TP

from streams.kafka.log import KafkaLog
from streams.log import FlushUnknown, LogError, Outgoing, Spot, TopicSpec
from tests.kafka.broker import Broker, frozen
from tests.streams.kafka.members import member, until

FACTS = TopicSpec("facts", "facts")
SPOT = Spot("facts", 0)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


async def connected(broker: Broker) -> KafkaLog:
    log = KafkaLog(broker.address, "group", patience=15)
    await log.start()
    await log.declare([FACTS], 2)
    return log


async def test_a_frozen_broker_holds_nobody_up(own_broker: Callable[[], Broker]) -> None:
    broker = own_broker()
    log = await connected(broker)
    writer, other = await log.writer("0"), await log.writer("1")
    await writer.commit([Outgoing("facts", 0, b"k", b"before")], {SPOT: 1})
    async with member(broker.address, "group", ["facts"]) as worker:
        await worker.flowing(2)
        await worker.consumer.open_partitions({TP("facts", 0): 0}, 1)
        await until(lambda: bool(worker.batches))
        with frozen(broker):
            with within(20), pytest.raises(FlushUnknown):
                await writer.commit([Outgoing("facts", 0, b"k", b"unknown")], {SPOT: 2})
            with within(30):
                await worker.app.stop()
            with within(10):
                await other.close()
            with within(10):
                await log.stop()
    assert not [thread for thread in threading.enumerate() if "ConsumerThread" in repr(thread)]
    log = await connected(broker)
    await (await log.writer("0")).close()  # ends what the frozen flush left open
    values = [record.value async for chunk in log.read(SPOT) for record in chunk]
    assert values in ([b"before"], [b"before", b"unknown"])
    assert await log.committed([SPOT]) == {SPOT: len(values)}
    await log.stop()


async def test_a_worker_whose_broker_died_stops(own_broker: Callable[[], Broker]) -> None:
    broker = own_broker()
    log = await connected(broker)
    async with member(broker.address, "group", ["facts"]) as worker:
        await worker.flowing(2)
        await worker.consumer.open_partitions({TP("facts", 0): 0, TP("facts", 1): 0}, 1)
        broker.kill()
        with within(30):
            await worker.app.stop()
    with within(10):
        await log.stop()
    assert not [thread for thread in threading.enumerate() if "ConsumerThread" in repr(thread)]


async def test_log_and_tail_go_on_after_the_broker_came_back(own_broker: Callable[[], Broker]) -> None:
    broker = own_broker()
    log = await connected(broker)
    await log.append([Outgoing("facts", 0, b"k", b"before")])
    seen: list[bytes | None] = []
    async with aclosing(log.tail({SPOT: 0})) as chunks:
        seen += [record.value for record in await anext(chunks)]
        await asyncio.to_thread(broker.kill)
        with pytest.raises(LogError, match="appending records failed"):
            await log.append([Outgoing("facts", 0, b"k", b"lost?")])
        await asyncio.to_thread(broker.start)
        await log.append([Outgoing("facts", 0, b"k", b"after")])
        async with asyncio.timeout(30):
            while seen[-1] != b"after":
                seen += [record.value for record in await anext(chunks)]
    assert [value for value in seen if value != b"lost?"] == [b"before", b"after"]
    assert await log.ends([SPOT]) == {SPOT: len(seen)}
    await log.stop()
