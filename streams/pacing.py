"""When the shards of a worker flush: soon while little comes in, rarely while it is catching up, and few at a time."""

import asyncio
import time
from collections.abc import Callable

SHARE = 1.0
"""A flush waits so many times as long as the last one took: what is touched in the meantime is written once."""
SLOWEST_FLUSH, FEW, SLOWEST_OF_ALL = 3.0, 12, 10.0
"""Seconds that facts wait at most for a flush to begin or to queue, while a worker has few shards and however many.

With more shards than `FEW` it grows in proportion: the more they are, the less each has to write, and a flush of little
costs nearly as much as one of much.
"""
BUSY, SAMPLE = 0.5, 0.2
"""From this share of a core on, measured over so many seconds at least, a worker is busy."""
LATE, BEHIND = 3.0, 5.0
"""Facts read more than `LATE` seconds after they were appended show that a worker is behind, for `BEHIND` more.

One that is busy and behind is catching up: flushes get rarer, so that more is said and written once. Before, each takes
no longer than it must, for people wait for what just happened.
"""
BREATH, CROWD, DRY = 0.02, 4, 0.05
"""Seconds between two looks whether there is something to read, while no more shards than `CROWD` look; more of them
look more rarely. Nothing for `DRY` seconds ends the waiting of a worker that was catching up.
"""
TURNS = 4
"""So many shards flush at once; the others gather more meanwhile. Every commit has a time limit: those of dozens of
shards together would exceed it.
"""


class Pace:
    """Shared by shards that share a core."""

    def __init__(self, pause: float) -> None:
        """`pause` is how many seconds a flush waits at least for more, 0 for never."""
        self._pause = pause
        self.turns = asyncio.Semaphore(TURNS)
        """Held while a shard flushes."""
        self.shards = 1
        """How many share the core."""
        self._looking = 0
        self._seen = time.process_time(), time.monotonic()
        self._behind_until = 0.0
        self._catching_up = False
        self._dry_since: float | None = None

    def met(self, age: float) -> None:
        """Facts were read that had been in the log for so many seconds."""
        if age > LATE:
            self._behind_until = time.monotonic() + BEHIND

    async def gather(self, urgent: asyncio.Event, took: float, drained: Callable[[], bool]) -> None:
        """Lets more come, for what is touched again in the meantime is said and written once; ends when it is urgent.

        `took` is how many seconds the last flush took, `drained` tells whether all there was is read.
        """
        if not self._pause:
            return
        started, least = time.monotonic(), max(self._pause, min(SLOWEST_FLUSH, SHARE * took))
        most = min(SLOWEST_OF_ALL, SLOWEST_FLUSH * max(1.0, self.shards / FEW))
        self._looking += 1
        try:
            while (left := least - (time.monotonic() - started)) > 0 or self._busy():
                if least - left >= most or (self._catching_up and self._dry(drained)):
                    return
                if await within(self._breath(left), urgent):
                    return
        finally:
            self._looking -= 1

    def _breath(self, left: float) -> float:
        if not self._catching_up:
            return left
        breath = BREATH * max(1.0, self._looking / CROWD)
        return min(breath, left) if left > 0 else breath

    def _busy(self) -> bool:
        """Whether this process is catching up, as of the last sample."""
        now = time.monotonic()
        if now - self._seen[1] >= SAMPLE:
            worked = time.process_time()
            busy = worked - self._seen[0] > BUSY * (now - self._seen[1])
            self._catching_up = busy and now < self._behind_until
            self._seen = worked, now
        return self._catching_up

    def _dry(self, drained: Callable[[], bool]) -> bool:
        """Whether all there was has been read for a while."""
        now = time.monotonic()
        if not drained():
            self._dry_since = None
        elif self._dry_since is None:
            self._dry_since = now
        return self._dry_since is not None and now - self._dry_since >= DRY


async def within(seconds: float, event: asyncio.Event) -> bool:
    """Whether the event has come, or comes within these seconds."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
