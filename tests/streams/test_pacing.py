"""A worker lets more come only when it is behind: who waits for what just happened does not wait for that."""

import asyncio

import pytest

from streams import pacing
from streams.pacing import BREATH, LATE, Pace


@pytest.mark.parametrize(("age", "gathers"), [(LATE / 2, False), (LATE * 2, True)])
async def test_a_busy_worker_gathers_more_only_while_the_facts_that_it_reads_are_late(
    monkeypatch: pytest.MonkeyPatch, age: float, *, gathers: bool
) -> None:
    monkeypatch.setattr(pacing, "BUSY", -1.0)
    monkeypatch.setattr(pacing, "SAMPLE", 0.0)
    pace = Pace(BREATH / 20)
    pace.met(age)
    gathering = asyncio.create_task(pace.gather(asyncio.Event(), 0.0, lambda: False))
    await asyncio.wait({gathering}, timeout=2 * BREATH if gathers else None)
    assert gathering.done() is not gathers
    gathering.cancel()
