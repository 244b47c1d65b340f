"""Faust's transport over the embedded log: one member, all partitions, batches straight from SQLite."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, cast

from faust.transport import base
from faust.types import TP, ConsumerMessage, Message
from mode import get_logger

from streams import topics
from streams.batches import Batch
from streams.embedded.log import EmbeddedLog
from streams.embedded.store import CHUNK
from streams.log import LogError, Spot
from streams.partitioner import partition as partition_of
from streams.producer import Producer

MEMBER = "embedded"
LINGER = 0.1
"""Seconds for which a partition other than control waits for a full chunk: larger batches cost less."""


class Cluster:
    """The part of a cluster's metadata that Faust's assignor asks for."""

    def __init__(self, log: EmbeddedLog) -> None:
        """Reads the log's spots."""
        self._spots = log.store.column("next")

    def topics(self) -> set[str]:
        """All topics."""
        return {spot.topic for spot in self._spots}

    def partitions_for_topic(self, topic: str) -> set[int]:
        """The partitions of a topic, none if it is unknown."""
        return {spot.partition for spot in self._spots if spot.topic == topic}


class Consumer(base.Consumer):
    """Reads opened partitions in turn; nothing is committed here, flushes do that."""

    logger = get_logger(__name__)
    consumer_stopped_errors = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Faust passes its callbacks."""
        super().__init__(*args, **kwargs)
        self._assigned: set[TP] = set()
        self._positions: dict[TP, int] = {}
        self._held: set[TP] = set()
        self._opening: dict[TP, int] = {}
        self._fetched: dict[TP, float] = {}
        self.drained = False

    @property
    def _log(self) -> EmbeddedLog:
        return cast("Transport", self.transport).log

    @property
    def flowing(self) -> bool:
        """Whether Faust lets records flow."""
        return bool(self.flow_active and self.can_resume_flow.is_set())

    async def open_partitions(self, positions: Mapping[TP, int], opening: int) -> None:
        """Hands out records from exactly these offsets on; raises LogError when the log no longer has them."""
        starts = await self._log.starts(Spot(*tp) for tp in positions)
        for tp, position in positions.items():
            if position < starts[Spot(*tp)]:
                message = (
                    f"{tp.topic}[{tp.partition}] begins at {starts[Spot(*tp)]}, not at {position}: records are lost"
                )
                raise LogError(message)
        self._held -= set(positions)
        self._positions.update(positions)
        self._opening.update(dict.fromkeys(positions, opening))
        self._log.nudge()

    def hold_partitions(self, tps: set[TP]) -> None:
        """Fetches no more from these until they are released."""
        self._held |= tps

    def release_partitions(self, tps: set[TP]) -> None:
        """Goes on where it was held."""
        self._held -= tps
        self._log.nudge()

    def close_partitions(self, tps: set[TP]) -> None:
        """Fetches no more from these until they are opened again."""
        for tp in tps:
            self._positions.pop(tp, None)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:
        """One message per partition that has something new."""
        if not self.flow_active:
            await self.can_resume_flow.wait()
        seen = self._log.state
        ends = self._log.store.ends()
        ready = [tp for tp, at in self._positions.items() if at < ends[tp] and tp not in self._held]  # type: ignore[index] # a TP equals its spot
        now, full, self.drained = time.monotonic(), False, not ready
        for tp in ready:
            few = ends[Spot(*tp)] - self._positions.get(tp, 0) < CHUNK
            if few and tp.topic != topics.CONTROL.name and now < self._fetched.get(tp, 0.0) + LINGER:
                continue
            self._fetched[tp] = now
            if not self.flow_active or self.should_stop:
                return
            if tp in self._buffered_partitions or tp not in self._positions or tp in self._held:
                continue
            full = full or not few
            yield tp, self._fetch(tp, ends[Spot(*tp)])
        if not full:
            await self._wait_for_growth(seen, LINGER / 4 if ready else timeout)

    async def _wait_for_growth(self, seen: tuple[int, int], timeout: float) -> None:
        try:
            async with asyncio.timeout(timeout):
                await self._log.growth(seen)
        except TimeoutError:
            return

    def _fetch(self, tp: TP, end: int) -> Message:
        records = self._log.store.fetch(Spot(*tp), self._positions[tp], end)
        if not records:
            message = (
                f"{tp.topic}[{tp.partition}] should have records up to {end}, but {self._positions[tp]} on are missing"
            )
            raise LogError(message)
        last = records[-1]
        self._positions[tp] = last.offset + 1
        self._read_offset[tp] = last.offset  # so that Faust sees no gap before this message and drops nothing
        batch: Any = Batch(tp.topic, tp.partition, self._opening[tp], records)
        return ConsumerMessage(
            tp.topic, tp.partition, last.offset, last.timestamp / 1000, 0, None, None, batch, None, 0, 0, tp,
            generation_id=self.app.consumer_generation_id,
        )  # fmt: skip

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Assigns everything to this one member, in a task of its own as a broker would."""
        self.add_future(self._assign(set(topics)))

    async def _assign(self, topics: set[str]) -> None:
        self.app.on_rebalance_start()
        await self.on_partitions_revoked(set(self._assigned))
        assignor: Any = self.app.assignor  # the interface does not declare what every assignor has
        share = assignor.assign(Cluster(self._log), {MEMBER: assignor.metadata(topics)})[MEMBER]
        assignor.on_assignment(share)
        self._assigned = {TP(topic, p) for topic, parts in share.assignment for p in parts}
        self.app.consumer_generation_id += 1
        await self.on_partitions_assigned(set(self._assigned), self.app.consumer_generation_id)

    def _new_offset(self, tp: TP) -> int | None:
        self._acked[tp].clear()
        self._acked_index[tp].clear()
        return None

    def assignment(self) -> set[TP]:
        """All that was assigned."""
        return set(self._assigned)

    async def perform_seek(self) -> None:
        """Positions are the runtime's."""

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        return True

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> dict[TP, list[Any]]:
        return {}

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Positions are the runtime's."""
        return {}

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Positions are the runtime's."""

    async def _seek(self, partition: TP, offset: int) -> None:
        return None

    async def position(self, tp: TP) -> int | None:
        """The next offset to be handed out."""
        return self._positions.get(tp)

    def highwater(self, tp: TP) -> int:
        """The offset after the last record."""
        return self._log.store.column("next").get(Spot(*tp), 0)

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        """The offsets after the last records."""
        return {tp: self.highwater(tp) for tp in partitions}

    async def earliest_offsets(self, *partitions: TP) -> Mapping[TP, int]:
        """The first offsets that are still there."""
        return {TP(*spot): at for spot, at in (await self._log.starts(Spot(*tp) for tp in partitions)).items()}

    def topic_partitions(self, topic: str) -> int | None:
        """How many partitions a topic has."""
        return len(Cluster(self._log).partitions_for_topic(topic)) or None

    def key_partition(self, topic: str, key: bytes | None, partition: int | None = None) -> int | None:
        """The partition of a key."""
        return partition if partition is not None else partition_of(key or b"", self.topic_partitions(topic) or 1)

    def _new_topicpartition(self, topic: str, partition: int) -> TP:
        return TP(topic, partition)

    def _to_message(self, tp: TP, record: Any) -> ConsumerMessage:
        raise NotImplementedError  # pragma: no cover - batches only

    async def create_topic(self, topic: str, partitions: int, replication: int, **_: Any) -> None:
        """Topics are declared by the runtime."""

    def close(self) -> None:
        """Nothing is held open."""


class Transport(base.Transport):
    """`embedded://PATH`; the runtime sets `log` before the app starts."""

    Consumer = Consumer
    Producer = Producer
    default_port = 0
    driver_version = "embedded"
    log: EmbeddedLog
