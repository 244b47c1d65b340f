"""The embedded log as the protocol promises it, and what is its own: one file, several processes."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from streams.embedded.log import EmbeddedLog
from streams.log import TopicSpec

FACTS = TopicSpec("facts", "facts")
ONE = TopicSpec("one", "one partition", sharded=False)
TABLE = TopicSpec("table", "a table", compact=True)
LATE = TopicSpec("late", "compacted later", compact=True, lag_ms=1000)
SPECS = (FACTS, ONE, TABLE, LATE)


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[EmbeddedLog]:
    made = EmbeddedLog(tmp_path / "log.db")
    await made.start()
    await made.declare(SPECS, 2)
    yield made
    await made.stop()


async def test_waiting_for_growth_ends_when_it_is_cancelled_in_the_moment_in_which_the_log_grows(
    log: EmbeddedLog,
) -> None:
    waiting = asyncio.create_task(log.growth(log.store.version()))
    for _ in range(5):
        await asyncio.sleep(0)
    log.grown.set()
    waiting.cancel()
    done, _ = await asyncio.wait({waiting}, timeout=2)
    assert done == {waiting}
    assert waiting.cancelled()
