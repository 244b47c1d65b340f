"""Where a worker is as of a scrape: its shards, what waits, how far time and the plan have come."""

import asyncio
import time
from collections.abc import Iterable, Iterator
from datetime import datetime

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from schemas.marks import Mark
from streams.clock import Clock
from streams.hop import Hop
from streams.log import Log, LogError, Spot
from streams.passage import unread
from streams.shard import Reader, Shard
from streams.shards import CONTROL, Shards
from streams.stages.deliveries import Deliveries

PATIENCE = 1.0
"""Seconds that a scrape waits for the log to say how long it is."""


class Lag:
    """How many records of this worker's shards lie after the last flush, as the log said last."""

    def __init__(self, log: Log, shards: Shards, patience: float = PATIENCE) -> None:
        """Nothing is known yet; `patience` is how many seconds the log may take to answer."""
        self._log, self._shards, self._patience = log, shards, patience
        self._known: dict[str, int] = {}

    async def look(self) -> dict[str, int]:
        """By topic; what was known before while the log does not answer in time."""
        spots = [Spot(*tp) for shard in [*self._shards.owned.values()] for tp in shard.positions]
        try:
            async with asyncio.timeout(self._patience):
                self._known = await unread(self._log, spots)
        except (LogError, TimeoutError):
            pass
        return self._known


def state(shards: Shards, lag: dict[str, int]) -> Iterator[Metric]:
    """The worker's gauges; what is not known yet has no sample."""
    owned = dict(shards.owned)
    clock = owned.pop(CONTROL, None)
    readers = [reader for shard in owned.values() for reader in shard.readers.values()]
    yield _gauge("shards_owned", "Shards that this worker owns.", len(owned))
    yield _gauge("log_shards", "Shards that the log has.", shards.count)
    yield _gauge("clock_owned", "Whether this worker copies ticks and plan markers.", clock is not None)
    yield _gauge("clock_live", "Whether time follows the clock; said by the clock's owner.", _live(clock))
    yield _by("commit_age_seconds", "How long something that was read has waited for a flush.", "shard", _ages(shards))
    yield _by("lag_records", "Records of this worker's shards after the last flush.", "topic", lag)
    yield _by("messages", "Messages that wait, and those that failed for good.", "state", messages(readers))
    # No number depends on deliveries, and nobody waits for them.
    yield from _progress([each.mark for each in readers if outbox(each) is None])
    yield _gauge("plan_newest_revision", "The newest revision of the plan.", shards.plans.newest)


def _progress(marks: list[Mark]) -> Iterator[Metric]:
    """How far every agent of this worker has come."""
    tick, revision = (min((each(mark) for mark in marks), default=None) for each in (_tick, _revision))
    yield _gauge("tick_number", "The last tick that is complete in all shards of this worker.", tick)
    yield _gauge("tick_timestamp_seconds", "The time that the last complete tick carried.", _reached(marks))
    yield _gauge("plan_revision", "The oldest revision of the plan under which a shard computes.", revision)


def outbox(reader: Reader) -> Deliveries | None:
    """The outbox that a reader keeps, if it is one that does."""
    return reader.stage if isinstance(reader, Hop) and isinstance(reader.stage, Deliveries) else None


def messages(readers: Iterable[Reader]) -> dict[str, int]:
    """How many messages of these outboxes wait, and how many failed for good."""
    found = [each.state for reader in readers if (kept := outbox(reader)) for each in kept.records.values()]
    return {state: found.count(state) for state in ("pending", "failed")}


def _tick(mark: Mark) -> int:
    return mark.tick


def _revision(mark: Mark) -> int:
    return mark.revision


def _reached(marks: list[Mark]) -> float | None:
    at: list[datetime] = [mark.at for mark in marks if mark.at is not None]
    return min(at).timestamp() if at and len(at) == len(marks) else None


def _live(clock: Shard | None) -> bool | None:
    readers = clock.readers.values() if clock is not None else ()
    return next((reader.live for reader in readers if isinstance(reader, Clock)), None)


def _ages(shards: Shards) -> dict[str, float]:
    now = time.monotonic()
    return {
        "clock" if number == CONTROL else str(number): now - shard.waits if shard.waits is not None else 0.0
        for number, shard in sorted(shards.owned.items())
    }


def _gauge(name: str, about: str, value: float | None) -> Metric:
    family = GaugeMetricFamily(f"quotaflow_{name}", about)
    if value is not None:
        family.add_metric((), value)
    return family


def _by(name: str, about: str, label: str, values: dict[str, float] | dict[str, int]) -> Metric:
    family = GaugeMetricFamily(f"quotaflow_{name}", about, labels=[label])
    for key, value in values.items():
        family.add_metric((key,), value)
    return family
