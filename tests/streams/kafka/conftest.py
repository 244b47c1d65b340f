"""A log on the shared broker with names that no other test uses."""

import uuid
from collections.abc import AsyncIterator

import pytest

from streams.kafka.log import KafkaLog


@pytest.fixture
def unique() -> str:
    """A prefix for the topics and groups of one test."""
    return f"t{uuid.uuid4().hex[:10]}"


@pytest.fixture
async def log(kafka: str, unique: str) -> AsyncIterator[KafkaLog]:
    made = KafkaLog(kafka, unique)
    await made.start()
    yield made
    await made.stop()
