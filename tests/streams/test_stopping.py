"""Nothing outlasts its time when a worker stops: no step, and no process."""

import asyncio
import subprocess
import sys
from collections.abc import Coroutine
from typing import Any

import pytest

from streams.stopping import step

HANGS = """
import threading
from streams.stopping import Bound
with Bound(0.1) as bound:
    bound.begin({failure})
    threading.Event().wait()
"""
ENDS = """
import time
from streams.stopping import Bound
with Bound(0.1) as bound:
    bound.begin()
time.sleep(0.5)
print("ended by itself")
"""


def ran(script: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)


async def test_a_step_that_is_done_in_time_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    done: list[int] = []

    async def work() -> None:
        done.append(1)

    await step("the step", work(), 60)
    assert (done, caplog.messages) == ([1], [])


async def test_a_step_that_clings_to_its_work_is_left_behind(caplog: pytest.LogCaptureFixture) -> None:
    end = asyncio.Event()

    async def clings() -> None:
        while not end.is_set():
            try:
                await end.wait()
            except asyncio.CancelledError:
                continue

    await step("the step", clings(), 0.01)
    assert caplog.messages == ["the step took more than 0.01 s and is cut short; nothing that was flushed is lost"]
    end.set()


async def test_a_step_that_fails_is_told_and_the_next_one_follows(caplog: pytest.LogCaptureFixture) -> None:
    async def fails() -> None:
        raise ValueError("a bug")

    await step("the step", fails(), 60)
    assert caplog.messages == ["the step failed: ValueError: a bug"]


async def test_a_step_that_is_cancelled_from_outside_ends_with_its_work() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    stepping: Coroutine[Any, Any, None] = step("the step", work(), 60)
    task = asyncio.create_task(stepping)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(10):
        await ended.wait()


@pytest.mark.parametrize(
    ("failure", "code", "said"), [("None", 0, []), ("ValueError('why')", 1, ["Error: why"])], ids=["told to", "failed"]
)
def test_a_process_that_hangs_is_ended_with_its_reason(failure: str, code: int, said: list[str]) -> None:
    done = ran(HANGS.format(failure=failure))
    first, *others = done.stderr.splitlines()
    assert (done.returncode, others) == (code, said)
    assert first == "not ended within 0.1 s, so cut short; nothing that was flushed is lost"


def test_a_process_that_ends_by_itself_is_left_alone() -> None:
    done = ran(ENDS)
    assert (done.returncode, done.stdout) == (0, "ended by itself\n")
