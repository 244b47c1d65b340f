"""A worker of a group as the runtime sees it: what it was assigned, and the batches its agents were handed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, cast

import faust
from faust.types import TP

from streams.batches import Batch, BatchSchema
from streams.kafka.consumer import Consumer
from streams.kafka.settings import settings

SECONDS = 30.0


async def until(condition: Callable[[], bool]) -> None:
    """Returns once the condition holds; raises TimeoutError."""
    async with asyncio.timeout(SECONDS):
        while not condition():  # noqa: ASYNC110 (anything may make it true)
            await asyncio.sleep(0.005)


class Member:
    """An app on `kafka-batch://` with one agent per topic that notes what it gets."""

    def __init__(self, kafka: str, group: str, topics: Iterable[str]) -> None:
        self.app = faust.App(group, **settings(f"kafka://{kafka}"), web_enabled=False, set_as_current=False)
        self.batches: list[Batch] = []
        self.told: list[tuple[str, int, set[TP]]] = []
        self.react: Callable[[Batch], None] = lambda _: None
        for topic in topics:
            self._read(topic)
        self.app.on_partitions_assigned.connect(self._assigned, weak=False)  # type: ignore[arg-type] # Faust's signals promise nothing
        self.app.on_partitions_revoked.connect(self._revoked, weak=False)  # type: ignore[arg-type] # Faust's signals promise nothing

    def _read(self, topic: str) -> None:
        @self.app.agent(self.app.topic(topic, schema=BatchSchema(), maxsize=8), name=f"read-{topic}")
        async def agent(stream: Any) -> None:
            async for batch in stream:
                self.batches.append(batch)
                self.react(batch)

    async def _assigned(self, _app: Any, assigned: set[TP], **_: Any) -> None:
        self.told.append(("assigned", self.consumer.generation, set(assigned)))

    async def _revoked(self, _app: Any, revoked: set[TP], **_: Any) -> None:
        self.told.append(("revoked", self.consumer.generation, set(revoked)))

    @property
    def consumer(self) -> Consumer:
        return cast(Consumer, self.app.consumer)

    @property
    def shards(self) -> dict[str, set[int]]:
        """The partition numbers by topic of the last assignment."""
        last = self.told[-1] if self.told else ("", 0, set())
        found: dict[str, set[int]] = {}
        for topic, partition in last[2] if last[0] == "assigned" else ():
            found.setdefault(topic, set()).add(partition)
        return found

    def offsets(self, tp: TP, opening: int) -> list[int]:
        """The offsets handed out of a partition in an opening, in order."""
        mine = [b for b in self.batches if (b.topic, b.partition) == tp and b.opening == opening]
        return [record.offset for batch in mine for record in batch.records]

    def values(self, tp: TP) -> list[bytes | None]:
        mine = [b for b in self.batches if (b.topic, b.partition) == tp]
        return [record.value for batch in mine for record in batch.records]

    async def start(self) -> None:
        self.app.finalize()
        await self.app.start()

    async def flowing(self, partitions: int) -> None:
        """Returns once so many partitions are assigned and records may flow."""
        await until(lambda: sum(map(len, self.shards.values())) == partitions and self.consumer.flowing)


@asynccontextmanager
async def member(kafka: str, group: str, topics: Iterable[str]) -> AsyncIterator[Member]:
    made = Member(kafka, group, topics)
    await made.start()
    try:
        yield made
    finally:
        await made.app.stop()
