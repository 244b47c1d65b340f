"""Closing aiokafka's clients in bounded time: some of their loops wait for a broker for ever."""

import asyncio
from collections.abc import Awaitable

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from mode import get_logger

from streams.kafka.failures import describe

CLOSE_SECONDS = 3.0

logger = get_logger(__name__)


async def close_producer(producer: AIOKafkaProducer) -> None:
    """Stops a producer, and drops its connections even where its stop hangs or fails."""
    await within("a producer", producer.stop())
    await within("a producer's connections", producer.client.close())


async def close_consumer(consumer: AIOKafkaConsumer) -> None:
    """Stops a consumer, and drops its connections even where its stop hangs or fails."""
    await within("a consumer", consumer.stop())
    await within("a consumer's connections", consumer._client.close())  # noqa: SLF001 (aiokafka gives no other way)


async def within(what: str, closing: Awaitable[None]) -> None:
    """Waits a few seconds for a closing; one that hangs or fails is reported and left."""
    try:
        await asyncio.wait_for(closing, CLOSE_SECONDS)
    except Exception as error:  # noqa: BLE001 (the owner is done with it; the broker forgets it by itself)
        logger.warning("%s did not close in order: %s", what, describe(error))
