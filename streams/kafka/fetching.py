"""The thread that talks to the group: always Faust's assignor, always committed records, nothing fetched unopened."""
# ruff: noqa: SLF001 (aiokafka's public fetch waits through rebalances and takes no partitions for all of them)

import asyncio
import time
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.consumer.subscription_state import Subscription
from aiokafka.errors import ConsumerStoppedError
from faust.exceptions import ImproperlyConfigured
from faust.transport.consumer import ConsumerThread
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams.kafka.asking import ask_quickly
from streams.kafka.chunks import in_chunks
from streams.kafka.closing import close_consumer, within

LEAST_WAIT_MS, MOST_WAIT_MS, QUIET_WAIT_MS = 20, 200, 500
"""How long a fetch without news stays with the broker; a partition opened or emptied meanwhile waits for its end.

It is a millisecond for each partition, for as long takes its answer; and longer once nothing has come for a while.
"""
QUIET_AFTER, QUIET_SECONDS = 1.0, 0.5
"""Seconds without news after which it is quiet, and how long we wait then before we look what is open by now."""
CHUNKS = 5
"""That are taken over at once."""

RETRY_MS = 50


class Fetched(NamedTuple):
    """Records of one partition in chunks, read since the seek with the number `serial`."""

    serial: int
    chunks: list[list[Any]]


class Listener(driver.ConsumerRebalanceListener):
    """Closes what is assigned before the first fetch: positions are the runtime's to give."""

    _thread: "Thread"

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Runs in the thread, before aiokafka's fetcher sees the assignment."""
        tps = list(assigned)
        self._thread.close_assigned(tps)
        await super().on_partitions_assigned(tps)


class Thread(driver.AIOKafkaConsumerThread):
    """The consumer's thread; its methods run in its own loop, so a seek and a fetch never interleave."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._serials: dict[TP, int] = {}
        self._stirred = time.monotonic()
        self.drained = False
        """Whether the last fetch found nothing: the consumer had all that it may read."""

    def _create_worker_consumer(self, transport: Any) -> AIOKafkaConsumer:
        conf = self.app.conf
        if conf.broker_session_timeout > conf.broker_request_timeout:
            raise ImproperlyConfigured("broker_session_timeout cannot be greater than broker_request_timeout")
        # Stock Faust takes its assignor only for apps with tables, and reads uncommitted records at least once.
        self._assignor = self.app.assignor
        return AIOKafkaConsumer(
            bootstrap_servers=driver.server_list(transport.url, transport.default_port),
            client_id=conf.broker_client_id,
            group_id=conf.id,
            partition_assignment_strategy=[self._assignor],
            isolation_level="read_committed",
            enable_auto_commit=False,
            # A position that the log no longer has ends the worker instead of moving.
            auto_offset_reset="none",
            max_poll_interval_ms=int(conf.broker_max_poll_interval * 1000),
            max_partition_fetch_bytes=conf.consumer_max_fetch_size,
            fetch_max_wait_ms=MOST_WAIT_MS,
            retry_backoff_ms=RETRY_MS,
            check_crcs=conf.broker_check_crcs,
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            metadata_max_age_ms=conf.consumer_metadata_max_age_ms,
            connections_max_idle_ms=conf.consumer_connections_max_idle_ms,
            **driver.credentials_to_aiokafka_auth(conf.broker_credentials, conf.ssl_context),
        )

    def close_assigned(self, tps: Iterable[TopicPartition]) -> None:
        """Fetches nothing from these until they are opened, also not their positions."""
        consumer = self._ensure_consumer()
        for tp in tps:
            consumer.pause(tp)
            # Or aiokafka would look for a committed position and fail a fetch that began before the rebalance.
            consumer.seek(tp, 0)

    async def open(self, positions: Mapping[TP, tuple[int, int]]) -> None:
        """Fetches on from (offset, serial) where it is still assigned; what was fetched before has another serial."""
        await self.call_thread(self._open, positions)

    async def _open(self, positions: Mapping[TP, tuple[int, int]]) -> None:
        consumer = self._ensure_consumer()
        for tp in positions.keys() & consumer.assignment():
            place = TopicPartition(*tp)
            offset, serial = positions[tp]
            consumer.seek(place, offset)
            consumer.resume(place)
            self._serials[TP(*tp)] = serial
        self._stirred = time.monotonic()

    async def bounds(self, tps: Iterable[TP]) -> dict[TP, tuple[int, int]]:
        """The first offset and the offset after the last committed record of each."""
        found: dict[TP, tuple[int, int]] = await self.call_thread(self._bounds, [TopicPartition(*tp) for tp in tps])
        return found

    async def _bounds(self, tps: list[TopicPartition]) -> dict[TP, tuple[int, int]]:
        consumer = self._ensure_consumer()
        starts, ends = await asyncio.gather(consumer.beginning_offsets(tps), consumer.end_offsets(tps))
        return {TP(*tp): (starts[tp], ends[tp]) for tp in tps}

    async def fetch(self, opened: frozenset[TP], seconds: float) -> dict[TP, Fetched]:
        """What was fetched of these partitions; waits for the first record so long."""
        fetched: dict[TP, Fetched] = await self.call_thread(self._fetch, opened, seconds)
        return fetched

    async def _fetch(self, opened: frozenset[TP], seconds: float) -> dict[TP, Fetched]:
        consumer = self._ensure_consumer()
        fetcher = consumer._fetcher
        if consumer._closed or fetcher._closed:
            raise ConsumerStoppedError
        subscriptions = fetcher._subscriptions
        # Counts as polling also when nothing is open, or the group would take the worker for a stuck one.
        with subscriptions.fetch_context():
            # To aiokafka no partitions means all of them, and in a rebalance it would wait for its end.
            if not opened or not self.consumer.flow_active or subscriptions.reassignment_in_progress:
                await asyncio.sleep(seconds)
                return {}
            ask_quickly(fetcher)
            seconds = self._patience(fetcher, opened, seconds)
            fetched = await _fetched(fetcher, opened)
            if not fetched and await _grown(fetcher, seconds) and not subscriptions.reassignment_in_progress:
                fetched = await _fetched(fetcher, opened)
        if fetched:
            self._stirred = time.monotonic()
        self.drained = not fetched and _at_end(subscriptions.subscription, opened)
        # Nothing was awaited since the records left the fetcher: the serials are those of their seek.
        return {TP(*tp): Fetched(self._serials.get(TP(*tp), 0), chunks) for tp, chunks in fetched.items()}

    def _patience(self, fetcher: Fetcher, opened: Collection[TP], seconds: float) -> float:
        """How long to wait for news: longer where nothing has come for a while, so that an idle worker costs little."""
        quiet = time.monotonic() - self._stirred > QUIET_AFTER
        fetcher._fetch_max_wait_ms = QUIET_WAIT_MS if quiet else min(MOST_WAIT_MS, max(LEAST_WAIT_MS, len(opened)))
        return QUIET_SECONDS if quiet else seconds

    def highwater(self, tp: TP) -> int:
        """The offset after the last committed record as of the last fetch; 0 before the first."""
        return self._ensure_consumer().last_stable_offset(TopicPartition(*tp)) or 0

    async def on_thread_stop(self) -> None:
        """Leaves the group, or gives up after a few seconds when no broker answers."""
        await within("the consumer thread's queue", ConsumerThread.on_thread_stop(self))
        if self._consumer is not None:
            await close_consumer(self._consumer)

    def close(self) -> None:
        """Nothing: `on_thread_stop` closes, in the right loop."""


async def _fetched(fetcher: Fetcher, opened: frozenset[TP]) -> dict[Any, list[list[Any]]]:
    """What is there of these partitions, in chunks; does not wait."""
    in_chunks(fetcher)
    found: dict[Any, list[list[Any]]] = await fetcher.fetched_records(opened, max_records=CHUNKS)
    return found


async def _grown(fetcher: Fetcher, seconds: float) -> bool:
    """Whether the broker says something within so long; raises what it refuses."""
    waiter = fetcher._create_fetch_waiter()
    try:
        await asyncio.wait({waiter}, timeout=seconds)
        return waiter.done() and waiter.result() is None and not fetcher._closed
    finally:
        waiter.cancel()


def _at_end(subscription: Subscription | None, opened: frozenset[TP]) -> bool:
    """Whether of these partitions everything was read that is committed, as of what the broker said last."""
    if subscription is None or subscription.assignment is None:
        return False
    states = [subscription.assignment.state_value(TopicPartition(*tp)) for tp in opened]
    return all(state is not None and state._position == state.lso for state in states)
