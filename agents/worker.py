"""A worker: every agent by name, the shards they hand their batches to, and the clock that makes time pass."""

import asyncio
import gc
import random
from types import TracebackType
from typing import Self

import faust

from agents import activities, alerts, clock, deals, deliveries, meetings, notifications, standings
from streams import tables, topics
from streams.app import make_app
from streams.clockwork import Clockwork
from streams.config import HORIZON_DAYS, MEMORY, TICK_MS
from streams.courier import Courier
from streams.embedded.housekeeping import keep_house
from streams.embedded.log import EmbeddedLog
from streams.log import Log
from streams.metrics.unmetered import UNMETERED, Metrics, Unmetered
from streams.serving.projection import Projection
from streams.shards import CONTROL, Shards
from streams.sinks.sinks import Sinks
from streams.stopping import step
from streams.stores.stores import stores
from streams.wall_clock import now
from streams.watchdog import PATIENCE, Watchdog

HOPS = (activities, meetings, deals, standings, alerts, notifications, deliveries)
AGENTS = (*HOPS, clock)
ARROWS = tuple(agent.ARROW for agent in HOPS)
READERS = {arrow.reads.name: arrow.name for arrow in ARROWS} | {topics.CONTROL.name: "clock"}
"""The agent that reads each topic."""
SHARDS = 4
"""Partitions of a new log; an existing one keeps its number."""
COLLECT_AFTER = (100_000, 50, 1000)
"""Allocations, young and middle collections before the next older one (gc.set_threshold)."""
PAUSE = 0.4
"""Of the time between two ticks: so long a flush waits for more, and no longer than a fifth or quarter of a second."""
CHORES_SECONDS, FLUSH_SECONDS, LEAVE_SECONDS = 1.0, 4.0, 3.0
"""How long each step of a shutdown may take before it is cut short: together less than LONGEST."""
SENDING_SECONDS = 2.0
"""How much of the last flush's time messages under way may take."""


async def declare(log: Log, shards: int = SHARDS) -> int:
    """Creates every topic and table that is missing and gives the number of shards."""
    return await log.declare((*topics.ALL, *tables.ALL), shards)


class Worker:
    """One worker on a log that has been started; used as an asynchronous context."""

    def __init__(
        self,
        broker: str,
        log: Log,
        *,
        live: bool,
        shards: int = SHARDS,
        sinks: Sinks | None = None,
        meter: Unmetered = UNMETERED,
        store: str = MEMORY,
        horizon: int = HORIZON_DAYS,
        patience: float = PATIENCE,
        tick_ms: int = TICK_MS,
    ) -> None:
        """`live` makes time follow the clock from now on; without sinks, messages wait; `meter` counts the work.

        `store` says where tables are kept beside the log, as QUOTAFLOW_STORE does. Facts that lie more than `horizon`
        days after the log took them are set aside; `patience` is how many seconds a partition may grow unread.
        Between two ticks lie `tick_ms` milliseconds while facts come in; flushes are as much more frequent.
        """
        self._store, self._tick = store, tick_ms / 1000
        self._meter, self._sinks, self._horizon, self._patience = meter, sinks, horizon, patience
        self._courier: Courier | None = None
        self._broker, self._log, self._live, self._wanted = broker, log, live, shards
        self.app: faust.App | None = None
        self.shards: Shards | None = None
        self._clockwork: Clockwork | None = None
        self._chores: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Joins the group and starts to read; a start that fails or is cancelled leaves nothing running."""
        try:
            await self._start()
        except BaseException as error:
            await self.__aexit__(type(error), error, error.__traceback__)
            raise
        return self

    async def _start(self) -> None:
        embedded = isinstance(self._log, EmbeddedLog)
        count = await declare(self._log, self._wanted)
        kept = stores(self._store, self._broker, lambda: now().timestamp())
        pause = min(0.25 if embedded else 0.2, PAUSE * self._tick)
        self.shards = Shards(self._log, ARROWS, count, pause, self._meter, stores=kept, horizon=self._horizon)
        self.app = make_app(self._broker, self._log)
        for agent in AGENTS:
            agent.declare(self.app, self.shards)
        if self._sinks is not None:
            self._courier = Courier(self.shards, self._sinks, now, random.random)
            self.shards.on_change = self._courier.wake
            self._chores.append(asyncio.create_task(self._courier.run()))
        # Records live long: looking through all of them for cycles again and again costs a fifth of the time.
        gc.set_threshold(*COLLECT_AFTER)
        await self.shards.attach(self.app)
        self.app.finalize()
        await self.app.start()
        self._clockwork = Clockwork(self._log, self.shards, weight=1 if embedded else 2, seconds=self._tick)
        await self._clockwork.start(live=self._live)
        self._chores.append(asyncio.create_task(Watchdog(self._patience).run(self._log, self.shards)))
        if isinstance(self._log, EmbeddedLog):
            self._chores.append(asyncio.create_task(keep_house(self._log)))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leaves in good order, or at least in time: first what is read is flushed, then the group is left."""
        for chore in self._chores:
            chore.cancel()
        await step("ending chores", self._end_chores(), CHORES_SECONDS)
        await step("the last flush", self._flush(), FLUSH_SECONDS)
        if self.app is not None:
            await step("leaving the group", self.app.stop(), LEAVE_SECONDS)

    async def _end_chores(self) -> None:
        await asyncio.gather(*self._chores, return_exceptions=True)
        if self._clockwork is not None:
            await self._clockwork.stop()

    async def _flush(self) -> None:
        if self._courier is not None:
            await self._courier.stop(SENDING_SECONDS)
        if self.shards is not None:
            await self.shards.stop()

    def owned(self) -> list[int]:
        """The numbers of the shards that it works on now."""
        return [] if self.shards is None else [number for number in self.shards.owned if number != CONTROL]

    def metrics(self, projection: Projection) -> Metrics:
        """What it tells Prometheus, and where the scopes stand that it owns; only of a worker that has a meter."""
        from streams.metrics.meter import Meter
        from streams.metrics.worker import WorkerMetrics

        if self.shards is None or not isinstance(self._meter, Meter):
            message = "the worker has not been started, or has no meter"
            raise RuntimeError(message)
        return WorkerMetrics(self._log, self.shards, self._meter, projection)

    async def run(self) -> None:
        """Returns never; raises what made the worker fail."""
        if self.shards is None or self.app is None or self._clockwork is None:
            message = "the worker has not been started"
            raise RuntimeError(message)
        crashed = asyncio.ensure_future(self._crash(self.app))
        failures = (self.shards.failed, self._clockwork.failed, crashed, *self._chores)
        await asyncio.wait(failures, return_when=asyncio.FIRST_COMPLETED)
        for failure in failures:
            if failure.done():
                failure.result()

    async def _crash(self, app: faust.App) -> None:
        await app._crashed.wait()  # noqa: SLF001 - mode offers the fact, not the event
        raise app.crash_reason or RuntimeError("the Faust app crashed")
