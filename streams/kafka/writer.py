"""A shard's writer on Kafka: each flush is one transaction of a producer that shuts out its predecessors."""

import asyncio
from collections.abc import Collection, Mapping, Sequence

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.structs import OffsetAndMetadata
from mode import get_logger

from streams.grouping import Group
from streams.kafka.closing import close_producer
from streams.kafka.failures import describe, is_fenced, told
from streams.kafka.sending import BATCH_BYTES, COMPRESSION, RETRY_MS, checked, send
from streams.log import FlushUnknown, LogError, Outgoing, ShutOut, Spot

TRANSACTION_MS = 10_000
"""After this long the broker aborts a transaction by itself: as long do readers stand still when a process dies."""

COMMIT_SECONDS = 9.0
START_SECONDS = 30.0
ABORT_SECONDS = 3.0
REQUEST_MS = 5_000

logger = get_logger(__name__)


class KafkaWriter:
    """The transactional producer `group-name`; `compacted` topics take no record without a key."""

    def __init__(self, bootstrap: str, group: str, name: str, compacted: Collection[str]) -> None:
        self.name = f"{group}-{name}"
        self._group = group
        self._compacted = compacted
        self._void: LogError | None = None
        self._committing = asyncio.Lock()
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap,
            transactional_id=self.name,
            transaction_timeout_ms=TRANSACTION_MS,
            enable_idempotence=True,
            acks="all",
            max_batch_size=BATCH_BYTES,
            compression_type=COMPRESSION,
            request_timeout_ms=REQUEST_MS,
            retry_backoff_ms=RETRY_MS,
        )

    async def start(self) -> None:
        """Shuts out every earlier writer of this name and ends its open transaction; raises LogError."""
        try:
            with told(f"taking over the writer {self.name}"):
                await asyncio.wait_for(self._producer.start(), START_SECONDS)
        except BaseException:
            await close_producer(self._producer)
            raise

    async def commit(self, records: Sequence[Outgoing], positions: Mapping[Spot, int]) -> list[int]:
        """Makes records and positions durable at once; raises ShutOut, FlushUnknown, or LogError if nothing was sent.

        A cancelled commit raises FlushUnknown too: nobody knows how far it came.
        """
        async with self._committing:
            if self._void is not None:
                raise FlushUnknown(f"the writer {self.name} is of no use since: {self._void}") from self._void
            groups = checked(records, self._compacted)
            if not records and not positions:
                return []
            try:
                async with asyncio.timeout(COMMIT_SECONDS):
                    return await self._transact(groups, positions)
            except (Exception, asyncio.CancelledError) as error:
                self._void = self._told(error)
                await self._abandon(fenced=isinstance(self._void, ShutOut))
                raise self._void from error

    async def _transact(self, groups: Mapping[Spot, Group], positions: Mapping[Spot, int]) -> list[int]:
        await self._producer.begin_transaction()
        # Every result first: aiokafka commits a transaction in which a batch failed.
        sent = await send(self._producer, groups)
        if positions:
            offsets = {TopicPartition(*spot): OffsetAndMetadata(position, "") for spot, position in positions.items()}
            await self._producer.send_offsets_to_transaction(offsets, self._group)
        await self._producer.commit_transaction()
        return sent

    def _told(self, error: BaseException) -> LogError:
        if is_fenced(error):
            return ShutOut(f"a later writer {self.name} has taken over: {describe(error)}")
        return FlushUnknown(f"a flush of {self.name} may or may not be committed: {describe(error)}")

    async def _abandon(self, *, fenced: bool) -> None:
        """Frees the readers of an open transaction at once, where the broker still listens."""
        if not fenced:
            try:
                await asyncio.wait_for(self._producer.abort_transaction(), ABORT_SECONDS)
            # An assertion: the transaction was past aborting, for example because its commit had been asked for.
            except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 (the broker's time-out aborts instead)
                logger.warning("could not abort the open transaction of %s: %s", self.name, describe(error))
        # aiokafka tells the failure here once more; asyncio reports what nobody looked at.
        ended = self._producer._txn_manager.wait_for_transaction_end()  # noqa: SLF001 (aiokafka gives no other way)
        if ended is not None and ended.done() and not ended.cancelled():
            ended.exception()
        await close_producer(self._producer)

    async def close(self) -> None:
        """Disconnects within a few seconds; nobody is shut out, a transaction under way is not committed."""
        await close_producer(self._producer)
