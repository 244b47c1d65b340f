"""The log on Apache Kafka: transactions for flushes, committed records only for everybody."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing, suppress

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, KafkaTimeoutError

from streams.kafka import declaring, reading
from streams.kafka.closing import close_consumer, close_producer
from streams.kafka.failures import told
from streams.kafka.sending import BATCH_BYTES, COMPRESSION, RETRY_MS, checked, send
from streams.kafka.writer import KafkaWriter
from streams.log import LogError, Outgoing, Record, Spot, TopicSpec

REQUEST_MS = 10_000
RETRY_SECONDS = 0.2


class KafkaLog:
    """The log at `bootstrap` (`host:port`, several by comma); `group` names the positions and the writers.

    `patience` is how many seconds the broker may take for an answer.
    """

    def __init__(self, bootstrap: str, group: str, *, replication: int = 1, patience: float = 30.0) -> None:
        self.bootstrap = bootstrap
        self.group = group
        self._replication = replication
        self._patience = patience
        self._compacted: set[str] = set()
        self._admin: AIOKafkaAdminClient | None = None
        self._reader: AIOKafkaConsumer | None = None
        self._positions: AIOKafkaConsumer | None = None
        self._producer: AIOKafkaProducer | None = None
        self._appending = asyncio.Lock()

    async def start(self) -> None:
        """Connects; raises LogError when no broker answers."""
        try:
            self._reader = await reading.started(self.bootstrap)
            self._positions = await reading.started(self.bootstrap, self.group)
        except LogError as error:
            await self.stop()
            raise LogError(f"{error}. Start a broker there, or work without one: --broker embedded://FILE") from error
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Disconnects within a few seconds, also when the broker is away."""
        readers = [reader for reader in (self._reader, self._positions) if reader is not None]
        self._reader = self._positions = None
        await asyncio.gather(*(close_consumer(reader) for reader in readers), self._drop_producer())

    async def declare(self, topics: Iterable[TopicSpec], shards: int) -> int:
        """Creates the topics that are missing; the partitions of existing ones decide the number of shards."""
        specs = list(topics)
        with told("declaring topics"):
            async with asyncio.timeout(self._patience):
                while (declared := await self._declare(specs, shards)) is None:  # noqa: ASYNC110 (nobody tells when)
                    await asyncio.sleep(RETRY_SECONDS)
        self._compacted |= {spec.name for spec in specs if spec.compact}
        return declared

    async def _declare(self, specs: Sequence[TopicSpec], shards: int) -> int | None:
        """The number of shards, or None while the broker, just started or just back, does not serve yet."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap, request_timeout_ms=REQUEST_MS)
        try:
            await admin.start()
            return await declaring.declare(admin, specs, shards, self._replication, self._answered)
        except KafkaError as error:
            if not error.retriable:
                raise
            return None
        finally:
            await admin.close()

    async def _answered(self, spots: Sequence[Spot]) -> None:
        """Asks for the ends of new partitions until the broker tells them: it takes no records for them before."""
        if not spots:
            return
        reader = await reading.started(self.bootstrap)
        try:
            # All at once, or each unknown topic is asked for by itself.
            reader._client.set_topics({spot.topic for spot in spots})  # noqa: SLF001 (aiokafka gives no other way)
            while True:
                # Its own limit is shorter than what a new broker may take for a thousand partitions.
                with suppress(KafkaTimeoutError):
                    await reader.end_offsets([TopicPartition(*spot) for spot in spots])
                    return
        finally:
            await close_consumer(reader)

    async def append(self, records: Sequence[Outgoing], *, lasting: bool = True) -> list[int]:
        """Appends in order per partition and gives the offsets once everything is durable, in any case.

        Raises LogError; of a failed append some records may be in the log.
        """
        groups = checked(records, self._compacted)
        try:
            with told("appending records"):
                async with asyncio.timeout(self._patience):
                    return await send(await self._appender(), groups)
        except BaseException:
            # After a failed batch an idempotent producer has lost count; the next append begins with a new one.
            await self._drop_producer()
            raise

    async def _appender(self) -> AIOKafkaProducer:
        async with self._appending:
            if self._producer is None:
                self._producer = AIOKafkaProducer(
                    bootstrap_servers=self.bootstrap,
                    enable_idempotence=True,
                    acks="all",
                    max_batch_size=BATCH_BYTES,
                    compression_type=COMPRESSION,
                    request_timeout_ms=REQUEST_MS,
                    retry_backoff_ms=RETRY_MS,
                )
                await self._producer.start()
            return self._producer

    async def _drop_producer(self) -> None:
        if self._producer is not None:
            producer, self._producer = self._producer, None
            await close_producer(producer)

    async def ends(self, spots: Iterable[Spot]) -> dict[Spot, int]:
        """The last stable offset of each spot: where an open transaction begins, or the end."""
        return await self._offsets(spots, self._connected().end_offsets)

    async def starts(self, spots: Iterable[Spot]) -> dict[Spot, int]:
        """The first offset that each spot still has."""
        return await self._offsets(spots, self._connected().beginning_offsets)

    async def _offsets(
        self, spots: Iterable[Spot], ask: Callable[[list[TopicPartition]], Awaitable[Mapping[TopicPartition, int]]]
    ) -> dict[Spot, int]:
        asked = [TopicPartition(*spot) for spot in spots]
        if not asked:
            return {}
        with told(f"asking for the offsets of {', '.join(sorted({tp.topic for tp in asked}))}"):
            offsets = await asyncio.wait_for(ask(asked), self._patience)
        return {Spot(tp.topic, tp.partition): offset for tp, offset in offsets.items()}

    async def committed(self, spots: Iterable[Spot]) -> dict[Spot, int]:
        """The positions that flushes stored under the group; a spot without one is left out."""
        if self._positions is None:
            raise self._not_started()
        asked = list(spots)
        with told(f"asking for the positions of {self.group}"):
            async with asyncio.timeout(self._patience):
                # One request: aiokafka's public way sends one for each partition.
                coordinator = self._positions._coordinator  # noqa: SLF001
                found = await coordinator.fetch_committed_offsets([TopicPartition(*spot) for spot in asked])
        return {spot: found[spot].offset for spot in asked if spot in found and found[spot].offset >= 0}

    async def read(self, spot: Spot, start: int = 0, end: int | None = None) -> AsyncGenerator[list[Record], None]:
        """Committed records in order from `start` to `end` (default and limit: the end as of now), in chunks."""
        first, last = (await self.starts([spot]))[spot], (await self.ends([spot]))[spot]
        start, last = max(start, first), last if end is None else min(end, last)
        if start >= last:
            return
        async with aclosing(reading.read(self.bootstrap, spot, start, last)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def tail(self, starts: Mapping[Spot, int]) -> AsyncGenerator[list[Record], None]:
        """Committed records of several spots from these offsets on, for ever, in chunks as they come.

        Like a read it begins at what is still there.
        """
        starts = {spot: max(first, starts[spot]) for spot, first in (await self.starts(starts)).items()}
        async with aclosing(reading.tail(self.bootstrap, starts)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def writer(self, name: str) -> KafkaWriter:
        """A transactional writer of this name; every earlier one is shut out when this returns."""
        made = KafkaWriter(self.bootstrap, self.group, name, self._compacted)
        await made.start()
        return made

    def _connected(self) -> AIOKafkaConsumer:
        if self._reader is None:
            raise self._not_started()
        return self._reader

    def _not_started(self) -> LogError:
        return LogError(f"the log at {self.bootstrap} is not connected: start it first")
