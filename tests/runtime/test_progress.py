"""Long work inside the event loop: others get a word in, and people are told how far it is."""

import asyncio
import logging
from collections.abc import Iterator

import pytest

from streams.progress import STRIDE, Progress


@pytest.mark.parametrize(
    ("seconds", "total", "told"),
    [
        (
            0.0,
            2 * STRIDE,
            ["shard 2: 500 of 1,000 (50 %) records loaded", "shard 2: 1,000 of 1,000 (100 %) records loaded"],
        ),
        (0.0, None, ["shard 2: 500 records loaded", "shard 2: 1,000 records loaded"]),
        (60.0, None, []),
    ],
)
async def test_it_tells_how_far_it_is_and_not_too_often(
    caplog: pytest.LogCaptureFixture, seconds: float, total: int | None, told: list[str]
) -> None:
    caplog.set_level(logging.INFO, "streams.progress")
    await Progress(2, seconds).through(range(2 * STRIDE + 1), "records loaded", total)
    assert [record.getMessage() for record in caplog.records] == told


async def test_others_get_a_word_in_while_it_lasts() -> None:
    seen: list[str] = []

    async def beat() -> None:
        while len(seen) < 10 * STRIDE:
            seen.append("beat")
            await asyncio.sleep(0)

    def steps() -> Iterator[None]:
        for _ in range(3 * STRIDE):
            seen.append("step")
            yield

    beating = asyncio.create_task(beat())
    await Progress(0).through(steps(), "steps")
    assert seen.count("beat") >= 3
    beating.cancel()
    await asyncio.gather(beating, return_exceptions=True)
