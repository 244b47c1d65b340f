"""Waiting until a log has come so far: woken by its growth, bounded by how long it may stand still."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from streams.embedded.log import EmbeddedLog
from streams.log import Log, LogError

PATIENCE = 60.0
"""Seconds without progress after which nobody is believed to work; a worker that was killed is replaced in less."""
POLL = 0.01
"""Seconds between two looks at a log that does not say when it grows."""


class Stalled(LogError):
    """Nothing moved for too long; the message says what to start."""


class Patience:
    """How long something has stood still."""

    def __init__(self, moved: Callable[[], Awaitable[object]], seconds: float, stalled: str) -> None:
        """`moved` gives something else after every progress, and is asked at most once a second."""
        self._moved, self._seconds, self._stalled = moved, seconds, stalled
        self._seen: object = None
        self._since = self._looked = time.monotonic()

    async def look(self) -> None:
        """Raises Stalled when there was no progress for too long."""
        now = time.monotonic()
        if now - self._looked < min(1.0, self._seconds / 4):
            return
        self._looked, seen = now, await self._moved()
        if seen != self._seen:
            self._seen, self._since = seen, now
        elif now - self._since > self._seconds:
            raise Stalled(self._stalled)


async def until(log: Log, reached: Callable[[], Awaitable[bool]], patience: Patience) -> None:
    """Returns once `reached` gives true; raises Stalled."""
    while True:
        # Asked first: what is written while `reached` looks must wake us.
        state = log.state if isinstance(log, EmbeddedLog) else (0, 0)
        if await reached():
            return
        await patience.look()
        await _growth(log, state)


async def _growth(log: Log, seen: tuple[int, int]) -> None:
    if not isinstance(log, EmbeddedLog):
        await asyncio.sleep(POLL)
        return
    try:
        async with asyncio.timeout(0.5):  # not `wait_for`: it may forget that it was cancelled
            await log.growth(seen)
    except TimeoutError:
        return
