"""Faust's consumer in batches: agents' partitions are closed until the runtime opens them at a position."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping
from itertools import count
from typing import Any, NamedTuple, cast

from faust.exceptions import ImproperlyConfigured
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage, Message

from streams.batches import Batch
from streams.kafka.failures import told
from streams.kafka.fetching import Listener, Thread
from streams.log import LogError

ANSWER_SECONDS = 20.0
POLL_SECONDS = 0.1
"""How long a fetch waits before it looks which partitions are open by now."""


class Opening(NamedTuple):
    """The runtime's number for its batches, and ours for the seek, which no two openings share."""

    number: int
    serial: int


class Consumer(driver.Consumer):
    """Hands out a record once, in order, per opening of its partition; commits nothing."""

    RebalanceListener = Listener
    _thread: Thread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._openings: dict[TP, Opening] = {}
        self._held: set[TP] = set()
        self._waiting: dict[TP, deque[list[Any]]] = {}
        self._serial = count(1)
        self._revocations = 0

    def _new_consumer_thread(self) -> Thread:
        return Thread(self, loop=self.loop, beacon=self.beacon)

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Joins the group; raises ImproperlyConfigured for an app with Faust tables, which need single records."""
        if self.app.tables.changelog_topics:
            raise ImproperlyConfigured("kafka-batch:// carries no Faust tables: declare tables in streams/tables.py")
        await super().subscribe(topics)

    @property
    def generation(self) -> int:
        """The group's generation that this worker's assignment is of."""
        return int(self.app.consumer_generation_id)

    @property
    def flowing(self) -> bool:
        """Whether Faust lets records flow; it clears its queues just before it does."""
        return bool(self.flow_active and self.can_resume_flow.is_set())

    @property
    def drained(self) -> bool:
        """Whether all that may be read was handed out when it looked last."""
        return self._thread.drained and not self._waiting

    async def open_partitions(self, positions: Mapping[TP, int], opening: int) -> None:
        """Hands out records from exactly these offsets on; raises LogError when the log does not have them.

        What is not assigned (any more) is ignored, also when it is revoked meanwhile.
        """
        mine = {TP(*tp): position for tp, position in positions.items() if tp in self.assignment()}
        if not mine:
            return
        self.close_partitions(mine)
        revocations = self._revocations
        with told("opening partitions"):
            async with asyncio.timeout(ANSWER_SECONDS):
                bounds = await self._thread.bounds(mine)
        if revocations != self._revocations:
            return
        for tp, position in mine.items():
            _expect(tp, position, *bounds[tp])
        opened = {tp: Opening(opening, next(self._serial)) for tp in mine}
        self._openings.update(opened)
        await self._thread.open({tp: (position, opened[tp].serial) for tp, position in mine.items()})

    def hold_partitions(self, tps: Iterable[TP]) -> None:
        """Hands out no more of these until they are released; what was handed out stays handed out."""
        self._held |= self._openings.keys() & set(tps)

    def release_partitions(self, tps: Iterable[TP]) -> None:
        """Goes on where it was held."""
        self._held -= set(tps)

    def close_partitions(self, tps: Iterable[TP]) -> None:
        """Hands out no more of these until they are opened again."""
        for tp in tps:
            self._openings.pop(tp, None)
            self._waiting.pop(tp, None)
            self._held.discard(tp)
            self._buffered_partitions.discard(tp)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Closes everything at once; what agents still hold is the runtime's to drop."""
        self._revocations += 1
        self.close_partitions(set(self._openings) | set(revoked))
        await super().on_partitions_revoked(revoked)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:
        """Batches of opened partitions, in turn."""
        if not self.flow_active:
            await self.wait(self.can_resume_flow.wait())
        fetched = await self._thread.fetch(self._fetchable(), min(timeout, POLL_SECONDS))
        for tp, (serial, chunks) in fetched.items():
            opening = self._openings.get(tp)
            if opening is not None and opening.serial == serial:
                self._waiting.setdefault(tp, deque()).extend(chunks)
        while self.flow_active and not self.should_stop and (ready := self._next()) is not None:
            yield ready, self._handed_out(ready)

    def _fetchable(self) -> frozenset[TP]:
        # A copy: the thread reads it while this loop goes on.
        return frozenset(self._openings.keys() - self._held - self._buffered_partitions - self._waiting.keys())

    def _next(self) -> TP | None:
        return next((tp for tp in self._waiting if tp not in self._held and tp not in self._buffered_partitions), None)

    def _handed_out(self, tp: TP) -> Message:
        chunks = self._waiting.pop(tp)
        records = chunks.popleft()
        if chunks:
            self._waiting[tp] = chunks  # behind the others
        last = records[-1]
        # So that Faust sees no gap before this message and drops nothing.
        self._read_offset[tp] = last.offset
        return ConsumerMessage(
            tp.topic,
            tp.partition,
            last.offset,
            last.timestamp / 1000,
            last.timestamp_type,
            headers=None,
            key=None,
            value=cast(Any, Batch(tp.topic, tp.partition, self._openings[tp].number, records)),  # Faust thinks of bytes
            checksum=None,
            tp=tp,
            generation_id=self.generation,
        )

    def on_buffer_full(self, tp: TP) -> None:
        """An agent's queue is full: hands out no more until it drained."""
        self._buffered_partitions.add(tp)

    def on_buffer_drop(self, tp: TP) -> None:
        """An agent's queue drained."""
        self._buffered_partitions.discard(tp)

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        """Nothing: Faust resumes after a rebalance, before the runtime knows where to go on."""

    async def perform_seek(self) -> None:
        """Nothing: positions are the runtime's."""

    async def wait_empty(self) -> None:
        """Nothing: a revocation does not wait for agents, and there is nothing to commit."""

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Nothing: Faust would miss its commits; the watchdog is the runtime's."""

    async def create_topic(self, topic: str, partitions: int, replication: int, **_: Any) -> None:
        """Nothing: topics are declared by the runtime."""

    def _new_offset(self, tp: TP) -> int | None:
        """None: the flush's transaction stores positions, Faust never."""
        self._acked[tp].clear()
        self._acked_index[tp].clear()
        return None


def _expect(tp: TP, position: int, start: int, end: int) -> None:
    """Raises LogError for a position outside the log: records are lost, and going on elsewhere would hide it."""
    if start <= position <= end:
        return
    have = f"{tp.topic}[{tp.partition}] holds {start} to {end}, but {position} is to be read next"
    lost = "older records were deleted before they were read" if position < start else "the topic was created anew"
    raise LogError(f"{have}: {lost}. Restore the topic, or start with an empty broker")
