"""A demo from its first look to its last: feeding and showing until it is stopped, then waiting for what is left."""

import asyncio
import sys
import time
from collections.abc import Coroutine, Sequence
from typing import Any

from streams.commands.console import out
from streams.demo.board import Board
from streams.demo.feeding import Feed, Floor, upcoming
from streams.demo.inventory import inventory
from streams.demo.lines import Lines
from streams.demo.screen import Screen
from streams.demo.view import Rate, Show, View
from streams.log import Log
from streams.passage import ask, through
from streams.serving.plan import newest
from streams.wall_clock import now

INSIST = 0.1
"""Seconds until what did not end is told again."""


class Play:
    """One run of the demo on a log that has a plan and, for as long as the run lasts, a worker."""

    def __init__(self, log: Log, shards: int, feed: Feed, board: Board, show: Show) -> None:
        """`show` is where it is seen."""
        self.board, self.show = board, show
        self._log, self._shards, self._feed = log, shards, feed
        self._rate = Rate()

    async def look(self) -> None:
        """Shows what has changed since the last look."""
        news = await self.board.refresh()
        rate = self._rate.of(self.board.facts, time.monotonic())
        self.show.show(View(self.board, now(), rate, self._feed.live), news)

    async def until(self, stop: asyncio.Event, end: float | None) -> None:
        """Plays until it is stopped or the monotonic clock reads `end`, and until all of it is processed."""
        ends = [stop.wait()] if end is None else [stop.wait(), asyncio.sleep(end - time.monotonic())]
        await self._watch(self._feed.run(), *ends)
        await self._watch(self._processed())
        await self.look()

    async def _processed(self) -> None:
        await through(self._log, await ask(self._log, self._shards))

    async def _watch(self, *work: Coroutine[Any, Any, object]) -> None:
        """Looks again and again until one of these is done, and ends the others."""
        tasks = [asyncio.ensure_future(each) for each in work]
        try:
            done: set[asyncio.Future[object]] = set()
            while not done:
                await self.look()
                pause = self.show.pause(live=self._feed.live)
                done, _ = await asyncio.wait(tasks, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await _ended(tasks)


async def _ended(tasks: Sequence[asyncio.Future[object]]) -> None:
    """Cancels until all have ended: Python 3.11's `wait_for` loses a cancellation that comes together with a result."""
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=INSIST)
    await asyncio.gather(*tasks, return_exceptions=True)


async def prepared(log: Log, shards: int, floor: Floor, broker: str) -> Play:
    """A run that goes on where the log ends, seen on the terminal if there is one."""
    held, plan = await inventory(log, shards), await newest(log)
    feed = Feed(log, shards, plan, upcoming(floor, held, now()), now)
    board = Board(log, shards, plan, held)
    await board.refresh()
    console = out()
    return Play(log, shards, feed, board, Screen(console, broker) if sys.stdout.isatty() else Lines())
