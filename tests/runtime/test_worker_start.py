"""A worker that is stopped, or fails, while it starts: whoever started it hears of it, and nothing goes on running."""

import asyncio
from pathlib import Path

import pytest

from streams.clockwork import Clockwork
from streams.log import LogError
from tests.runtime.faulty_log import FaultyLog, started, working


async def enter(log: FaultyLog) -> None:
    async with working(log):
        pass


async def test_a_worker_that_is_cancelled_while_it_starts_leaves_nothing_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrived = asyncio.Event()

    async def never(_: Clockwork, *, live: bool) -> None:
        arrived.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(Clockwork, "start", never)
    async with started(tmp_path / "log.db") as log:
        before = asyncio.all_tasks()
        starting = asyncio.create_task(enter(log))
        await arrived.wait()
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert asyncio.all_tasks() == before


async def test_a_worker_that_cannot_start_says_why_and_leaves_nothing_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(_: Clockwork, *, live: bool) -> None:
        raise LogError("the log went away")

    monkeypatch.setattr(Clockwork, "start", fails)
    async with started(tmp_path / "log.db") as log:
        before = asyncio.all_tasks()
        with pytest.raises(LogError, match="the log went away"):
            await enter(log)
        assert asyncio.all_tasks() == before
