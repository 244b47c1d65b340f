"""Long work inside the event loop: it lets everything else go on, and tells every few seconds how far it has come."""

import asyncio
import logging
import time
from collections.abc import Iterable

logger = logging.getLogger(__name__)

STRIDE = 500
"""Records between two breaths, a few milliseconds: heartbeats go on."""
SECONDS = 3.0
"""Between two lines that tell of progress."""


class Progress:
    """How far the take-over of one shard has come."""

    def __init__(self, shard: int, seconds: float = SECONDS) -> None:
        """Silent for so many seconds at first, and between two lines."""
        self._shard, self._seconds, self._told = shard, seconds, time.monotonic()

    async def through(self, steps: Iterable[object], done: str, total: int | None = None) -> None:
        """Takes every step, and tells how many were; `done` says of what and what became of it."""
        for count, _ in enumerate(steps, 1):
            if count % STRIDE == 0:
                await self.breathe(count, done, total)

    async def breathe(self, count: int, done: str, total: int | None = None) -> None:
        """Lets others work, and tells how far it is if nothing was told for a while."""
        await asyncio.sleep(0)
        if time.monotonic() - self._told < self._seconds:
            return
        self._told = time.monotonic()
        of = "" if total is None else f" of {total:,} ({count * 100 // max(total, 1)} %)"
        logger.info("shard %s: %s%s %s", self._shard, f"{count:,}", of, done)
