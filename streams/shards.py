"""The shards of this worker: taken over when assigned, given up when revoked, voided when a flush fails."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from functools import partial
from typing import Any, cast

from faust.types import TP, AppT

from streams import topics
from streams.batches import Batch, Flow
from streams.config import HORIZON_DAYS
from streams.keeping import leave, take_kept
from streams.log import Log, LogError, ShutOut, Writer
from streams.metrics.unmetered import UNMETERED, Unmetered
from streams.pacing import Pace
from streams.plan_reader import Plans
from streams.shard import Reader, Shard
from streams.stores.stores import Stores
from streams.takeover import take_clock
from streams.topology import Arrow

logger = logging.getLogger(__name__)

CONTROL = -1
"""The number of the shard that is control's one partition."""
NEVER = -1
"""The opening of a shard that takes no batches."""
TRIES = 5
"""How often in a row a shard may be lost in a flush before the worker gives up."""

LEAVING = 2.0
"""Seconds for what was derived; where they are too short, the next owner derives it again."""


class Shards:
    """Everything that this worker owns; agents hand their batches to it."""

    def __init__(
        self,
        log: Log,
        arrows: Sequence[Arrow],
        shards: int,
        pause: float,
        meter: Unmetered = UNMETERED,
        *,
        stores: Stores | None = None,
        horizon: int = HORIZON_DAYS,
    ) -> None:
        """`pause` is how many seconds a flush waits for more to come; `horizon` is in days.

        Without `stores` all is kept in memory.
        """
        self._stores, self._meter, self._horizon = stores, meter, horizon
        self.log, self.arrows, self.count, self._pace = log, tuple(arrows), shards, Pace(pause)
        self.plans = Plans(log)
        self.owned: dict[int, Shard] = {}
        self.on_change: Callable[[], None] = lambda: None
        """Called whenever a shard was opened, or a flush of one is durable."""
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._follower: asyncio.Task[None] | None = None
        self._opening = 0
        self._losses: Counter[int] = Counter()
        self._app: AppT | None = None

    @property
    def consumer(self) -> Flow:
        """The consumer of the app that runs these shards."""
        if self._app is None:
            message = "the shards are not attached to an app"
            raise LogError(message)
        return cast(Flow, self._app.consumer)

    async def attach(self, app: AppT) -> None:
        """Reads the plan and follows the app's assignments from now on."""
        self._app = app
        self.plans.on_news = self._pump
        start = await self.plans.read()
        self._follower = asyncio.create_task(self._guard(partial(self.plans.follow, start)))
        app.on_partitions_assigned.connect(self._assigned, weak=False)  # type: ignore[arg-type] # signals pass more than they declare
        app.on_partitions_revoked.connect(self._revoked, weak=False)  # type: ignore[arg-type] # signals pass more than they declare

    def read(self, batch: Batch) -> None:
        """Takes a batch from an agent; a bug stops the worker before anything of it is durable."""
        shard = self.owned.get(CONTROL if batch.topic == topics.CONTROL.name else batch.partition)
        if shard is None:
            return
        try:
            shard.read(batch)
        except Exception as error:  # noqa: BLE001 - whatever it is, the agent must not go on as if the batch had counted
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        if not self.failed.done():
            self.failed.set_exception(error)

    def _pump(self) -> None:
        for shard in self.owned.values():
            shard.pump()

    async def _guard(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """A task of ours that fails stops the worker."""
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - reported by the worker, whatever it is
            self._fail(error)

    async def _revoked(self, _app: Any, revoked: set[TP], **_: Any) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()
        for number, shard in [*self.owned.items()]:
            # What was handed out before may lie behind what waited, so nothing of it counts any more.
            shard.opening = NEVER
            shard.forget_backlogs()
            if not await shard.settle():
                del self.owned[number]
                await _bounded(shard.writer.close)

    async def _assigned(self, _app: Any, assigned: set[TP], **_: Any) -> None:
        mine = {CONTROL if tp.topic == topics.CONTROL.name else tp.partition for tp in assigned}
        for number in [*self.owned]:
            if number not in mine:
                await self.owned.pop(number).writer.close()
        self._opening += 1
        for number in sorted(mine):
            self._start(number)

    def _start(self, number: int) -> None:
        self._tasks[number] = asyncio.create_task(self._guard(partial(self._run, number, self._opening)))

    async def _run(self, number: int, opening: int) -> None:
        """Takes the shard over unless it was retained, opens it, and flushes until it is given up or lost."""
        shard = self.owned.get(number) or await self._take(number)
        shard.opening = opening
        self.owned[number] = shard
        self._pace.shards = len(self.owned)
        await self._flowing()
        await self.consumer.open_partitions(shard.positions, opening)
        self.on_change()
        try:
            await shard.flush_forever(partial(self._flushed, number))
        except LogError as error:
            await self._lost(number, shard, error)

    async def _take(self, number: int) -> Shard:
        writer = await self.log.writer("clock" if number == CONTROL else f"shard-{number}")
        try:
            readers, writer = await self._readers(number, writer)
        except BaseException:
            await _bounded(writer.close)
            raise
        logger.info("took over %s", "the clock" if number == CONTROL else f"shard {number}")
        self._meter.took_over()
        # The clock is waited for by everybody who drives time, so it does not wait for more.
        pace = Pace(0.0) if number == CONTROL else self._pace
        return Shard(max(number, 0), 0, readers, writer, self.consumer, pace, meter=self._meter)

    async def _readers(self, number: int, writer: Writer) -> tuple[dict[str, Reader], Writer]:
        if number == CONTROL:
            return await take_clock(self.log, self.count), writer
        where = number, self.count
        return await take_kept(self.log, self.arrows, where, self.plans, writer, self._stores, horizon=self._horizon)

    async def _flowing(self) -> None:
        """Returns once Faust lets records flow: what is handed out earlier, it clears from its queues."""
        consumer = self.consumer
        while not consumer.flowing:  # noqa: ASYNC110 - Faust sets a flag, not an event of ours
            await asyncio.sleep(0.01)

    def _flushed(self, number: int) -> None:
        del self._losses[number]
        self.on_change()

    async def _lost(self, number: int, shard: Shard, error: LogError) -> None:
        """A flush that is not known to be durable voids the shard's memory: it is taken over anew while it is ours."""
        self.consumer.close_partitions({*shard.positions})
        self.owned.pop(number, None)
        self._losses[number] += 1
        self._meter.lost()
        if self._losses[number] > TRIES:
            raise error
        logger.warning("shard %s is taken over again: %s", number, error)
        await _bounded(shard.writer.close)
        if isinstance(error, ShutOut):
            await self._still_ours()
        self._opening += 1
        self._tasks[number] = asyncio.create_task(self._guard(partial(self._run, number, self._opening)))

    async def _still_ours(self) -> None:
        """Gives the group the time of a heartbeat to say that the shard went to somebody else."""
        await asyncio.sleep(2.0)

    async def stop(self) -> None:
        """Flushes what was read, bounded in time, and lets go of every shard."""
        if self._follower is not None:
            self._follower.cancel()
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        shards = [*self.owned.values()]
        await asyncio.gather(*map(_flush_last, shards))
        # Leaving takes long, so that what is flushed comes first.
        await _bounded(partial(_leave, shards), LEAVING)
        await asyncio.gather(*(_bounded(shard.writer.close) for shard in shards))
        self.owned.clear()


async def _flush_last(shard: Shard) -> None:
    # What is handed out from here on would not be in the last flush.
    shard.opening = NEVER
    shard.forget_backlogs()
    if await shard.settle():
        await _bounded(partial(_flush_in_turn, shard))


async def _flush_in_turn(shard: Shard) -> None:
    async with shard.pace.turns:
        await shard.flush()


async def _leave(shards: Iterable[Shard]) -> None:
    for shard in shards:
        if not shard.void:
            await leave(shard.readers.values(), shard.writer)


async def _bounded(action: Callable[[], Awaitable[None]], seconds: float = 5.0) -> None:
    """Tries to end in good order; what is not flushed is read again by the next owner."""
    try:
        async with asyncio.timeout(seconds):
            await action()
    except (LogError, TimeoutError) as error:
        logger.warning("not stopped in good order, the next owner reads again: %s", error)
