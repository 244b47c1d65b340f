"""Closing aiokafka's clients in bounded time: some of their loops wait for a broker for ever."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from mode import get_logger

from streams.kafka.failures import describe

CLOSE_SECONDS = 3.0
CANCEL_SECONDS = 0.5

logger = get_logger(__name__)


async def close_producer(producer: AIOKafkaProducer) -> None:
    """Stops a producer, and drops its connections even where its stop hangs or fails."""
    await within("a producer", producer.stop())
    await within("a producer's connections", producer.client.close())


async def close_consumer(consumer: AIOKafkaConsumer) -> None:
    """Stops a consumer, and drops its connections even where its stop hangs or fails."""
    await within("a consumer", consumer.stop())
    await within("a consumer's connections", consumer._client.close())  # noqa: SLF001 (aiokafka gives no other way)


async def within(what: str, closing: Coroutine[Any, Any, None]) -> None:
    """Waits a few seconds for a closing; one that hangs or fails is reported and left."""
    # A task of its own: aiokafka lets the cancellation of its inner tasks out, which here would look like our own.
    task = asyncio.create_task(closing)
    done, _ = await asyncio.wait({task}, timeout=CLOSE_SECONDS)
    if not done:
        task.cancel()
        await asyncio.wait({task}, timeout=CANCEL_SECONDS)
        logger.warning("%s did not close within %s s", what, CLOSE_SECONDS)
    elif not task.cancelled() and (error := task.exception()) is not None:
        logger.warning("%s did not close in order: %s", what, describe(error))
