"""The producer that Faust gets from both transports: it connects to nothing, for shards write through their flushes."""

import asyncio
from typing import Any

from faust.transport import base
from faust.types import TP
from faust.types.tuples import RecordMetadata

from streams.log import LogError


class Producer(base.Producer):
    """Connects to nothing: shards write through their flushes."""

    async def send(self, topic: str, *_: Any, **__: Any) -> asyncio.Future[RecordMetadata]:
        """Raises LogError: a record outside a flush would not belong to what its shard remembers."""
        raise LogError(f"{topic} is written by flushes only")

    async def send_and_wait(self, topic: str, *_: Any, **__: Any) -> RecordMetadata:
        """Raises LogError, as `send` does."""
        return await (await self.send(topic))

    async def create_topic(self, topic: str, partitions: int, replication: int, **_: Any) -> None:
        """Nothing: topics are declared by the runtime."""

    async def flush(self) -> None:
        """Nothing is buffered."""

    def key_partition(self, topic: str, key: bytes) -> TP:
        """The first partition; Faust asks only before it sends."""
        return TP(topic, 0)
