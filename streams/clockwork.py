"""What makes time pass once the log is live: whoever owns control asks for a tick every so often."""

import asyncio
from datetime import UTC, datetime

from msgspec import json

from schemas.control import Live, Tick
from streams import topics
from streams.clock import Clock
from streams.log import Log, Outgoing, Spot
from streams.shards import CONTROL, Shards
from streams.wall_clock import now

IDLE_SECONDS, MOST_IDLE_SECONDS = 5.0, 20.0
"""Between two ticks while source partitions grow by nothing but ticks: at first, and after a minute without facts.

A fact ends that with the next tick.
"""
KEY = b"clock"


class Clockwork:
    """Asks for ticks in control; the clock agent copies them to where facts are."""

    def __init__(self, log: Log, shards: Shards, weight: int, seconds: float) -> None:
        """`weight` is how many offsets a copied tick takes at most (a transaction's end marker takes one).

        While facts come in, so many `seconds` lie between two ticks.
        """
        self._log, self._shards, self._weight, self._seconds = log, shards, weight, seconds
        self._spots = [Spot(topic.name, p) for topic in topics.SOURCES for p in range(shards.count)]
        self.last = datetime.min.replace(tzinfo=UTC)
        self._seen = (0, 0)
        self._idle = IDLE_SECONDS
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task: asyncio.Task[None] | None = None

    async def start(self, *, live: bool) -> None:
        """Makes the log live if asked to, and ticks while this worker owns control of a live log."""
        if live:
            await self.go_live()
        self._task = asyncio.create_task(self._run())

    async def go_live(self) -> None:
        """From here on time follows the clock, whose first tick comes at once: who waits for facts sees them stand."""
        self.last = now()
        await self._ask(Live(self.last))
        await self._ask(Tick(self.last))

    async def _ask(self, record: Live | Tick) -> None:
        await self._log.append([Outgoing(topics.CONTROL.name, 0, KEY, json.encode(record))], lasting=False)

    async def stop(self) -> None:
        """No more ticks from here."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        try:
            while True:
                await asyncio.sleep(self._seconds)
                clock = self._clock()
                if clock is not None and clock.live and await self.due(clock):
                    self.last = now()
                    await self._ask(Tick(self.last))
        except Exception as error:  # noqa: BLE001 - the worker reports it and stops
            self.failed.set_exception(error)

    def _clock(self) -> Clock | None:
        shard = self._shards.owned.get(CONTROL)
        found = shard.readers[topics.CONTROL.name] if shard else None
        return found if isinstance(found, Clock) else None

    async def due(self, clock: Clock) -> bool:
        """Whether the next tick is to be asked for; asked as often as one may come."""
        total = sum((await self._log.ends(self._spots)).values())
        before, copied = self._seen
        self._seen = total, clock.copied
        ticks = (clock.copied - copied) * len(self._spots) * self._weight
        if total - before > ticks:
            self._idle = IDLE_SECONDS
            return True
        if (now() - self.last).total_seconds() < self._idle:
            return False
        self._idle = min(2 * self._idle, MOST_IDLE_SECONDS)
        return True
