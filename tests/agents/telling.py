"""A floor whose shortage comes and goes and comes and goes, and worker processes that tell of it."""

import asyncio
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.agents.example import FACTS, QUOTAFLOW, Quotaflow, lines, started
from tests.streams.sinks.receiver import SECRET, Receiver, receiving

QUOTAS = """
quotas:
  - {scope: company, metric: revenue, period: quarter, target: 10000.00, from: 2026-01-01}
rules:
  - {id: shortage, kind: early_stage_shortage, lead: 30, minimum: 2, days: 1, levels: [company]}
  - {id: celebrate, kind: deal_won}
routes:
  - {id: managers, recipient: sales-managers, sink: console, rules: [shortage]}
  - {id: systems, recipient: crm, sink: team-hook, rules: [shortage]}
  - {id: nowhere, recipient: lobby, sink: lamp, rules: [celebrate], scopes: ["team:south"]}
"""
SHORT, ENOUGH = "Running short of opportunities: Example, 2026-Q1", "Enough opportunities again: Example, 2026-Q1"
TITLES = [SHORT, ENOUGH, SHORT, ENOUGH]
"""What the managers are told, and so are the systems; the first by the first fact."""


def told(floor: Quotaflow, *options: str) -> list[dict[str, Any]]:
    """What `quotaflow notifications` says."""
    found: list[dict[str, Any]] = floor.json("notifications", *options)["notifications"]
    return found


def settled(floor: Quotaflow, delivered: int) -> list[dict[str, Any]]:
    """What became of all messages, as soon as so many were delivered."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = told(floor)
        if sum(each["state"] == "delivered" for each in found) >= delivered:
            return found
    raise AssertionError(f"{delivered} messages were not delivered: {told(floor)}")


def replay(floor: Quotaflow, count: int, *options: str) -> None:
    """The first facts of the example, until they are processed."""
    floor.replay(lines(FACTS[:count]), *options)


@contextmanager
def _worker(floor: Quotaflow, said: Path) -> Iterator["subprocess.Popen[str]"]:
    command = [*QUOTAFLOW, "worker", "--broker", floor.broker, "--clock", "log"]
    with (
        said.open("a") as console,
        subprocess.Popen(command, stdout=console, stderr=subprocess.PIPE, text=True) as process,
    ):
        yield process


@contextmanager
def telling(floor: Quotaflow, url: str, said: Path) -> Iterator["subprocess.Popen[str]"]:
    """A worker process with a webhook, whose console is a file."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("QUOTAFLOW_SINK_TEAM_HOOK_URL", url)
        environment.setenv("QUOTAFLOW_SINK_TEAM_HOOK_SECRET", SECRET)
        with _worker(floor, said) as process:
            started(process)
            try:
                yield process
            finally:
                process.terminate()
                _, errors = process.communicate(timeout=60)
                assert SECRET.removeprefix("whsec_") not in errors


class Elsewhere:
    """A receiver with an event loop in a thread of its own, so that a test can run commands meanwhile."""

    def __init__(self, receiver: Receiver, loop: asyncio.AbstractEventLoop) -> None:
        self.receiver, self.loop = receiver, loop

    def until(self, count: int) -> None:
        """Returns once so many requests have come."""
        asyncio.run_coroutine_threadsafe(self.receiver.until(count), self.loop).result(60)


@contextmanager
def receiving_elsewhere() -> Iterator[Elsewhere]:
    """A receiver that answers while the context lasts."""
    with ThreadPoolExecutor(1) as thread:
        up: Future[Elsewhere] = Future()
        down: Future[asyncio.Event] = Future()

        async def receive() -> None:
            end, loop = asyncio.Event(), asyncio.get_running_loop()
            async with receiving() as receiver:
                down.set_result(end)
                up.set_result(Elsewhere(receiver, loop))
                await end.wait()

        running = thread.submit(asyncio.run, receive())
        elsewhere = up.result(30)
        try:
            yield elsewhere
        finally:
            elsewhere.loop.call_soon_threadsafe(down.result().set)
            running.result(30)
