"""Stopping in time: every step has its seconds, and a process that was told to end does, whatever hangs."""

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Coroutine
from typing import Any, Self

logger = logging.getLogger(__name__)

LONGEST = 9.0
"""Seconds from the signal, or the failure, to the end of the process; orchestrators begin to kill after 10."""


async def step(what: str, work: Coroutine[Any, Any, None], seconds: float) -> None:
    """Returns once the work is done, has failed, or has had its seconds; the last two are told."""
    # Not asyncio.timeout, which waits for what is cancelled: a commit that is cancelled first tries to abort.
    task = asyncio.create_task(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if not done:
        task.cancel()
        logger.warning("%s took more than %g s and is cut short; nothing that was flushed is lost", what, seconds)
    elif not task.cancelled() and (error := task.exception()) is not None:
        logger.warning("%s failed: %s: %s", what, type(error).__name__, error)


class Bound:
    """Ends the process once it has taken too long to leave this context by itself."""

    def __init__(self, seconds: float = LONGEST) -> None:
        """Nothing is bounded before `begin`."""
        self._seconds = seconds
        self._timer: threading.Timer | None = None

    def begin(self, failure: BaseException | None = None) -> None:
        """From now on time runs; `failure` is why the process ends, if it was not told to."""
        if self._timer is None:
            self._timer = threading.Timer(self._seconds, _end, (self._seconds, failure))
            self._timer.daemon = True
            self._timer.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()


def _end(seconds: float, failure: BaseException | None) -> None:
    logger.warning("not ended within %g s, so cut short; nothing that was flushed is lost", seconds)
    if failure is not None:
        sys.stderr.write(f"Error: {failure}\n")
    sys.stderr.flush()
    os._exit(0 if failure is None else 1)
