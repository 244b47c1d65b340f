"""What the benchmark compares counts rightly, so that it measures the work and not a part of it."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from agents.worker import declare
from bench import counting, pipeline
from bench.workload import Workload, fill
from schemas.activities import Activity
from streams import topics
from streams.log import Spot
from streams.opening import open_log

WORKLOAD = Workload(facts=600, days=2, reps=40)


@pytest.fixture
def filled(tmp_path: Path) -> str:
    """A log that holds the workload."""
    url = f"embedded://{tmp_path}/log.db"

    async def fill_it() -> None:
        log = open_log(url)
        await log.start()
        await fill(log, await declare(log), WORKLOAD)
        await log.stop()

    asyncio.run(fill_it())
    return url


def expected() -> Counter[str]:
    facts = [fact for day in WORKLOAD.by_day() for fact in day]
    return Counter(f"{fact.performer}|{fact.activity}" for fact in facts if isinstance(fact, Activity))


def test_counting_alone_counts_every_activity_once(filled: str) -> None:
    cost, counts = asyncio.run(counting.measure(filled))
    assert counts == expected()
    assert cost.facts == expected().total()


def test_the_whole_pipeline_takes_every_fact_and_sets_none_aside(filled: str) -> None:
    measured = asyncio.run(pipeline.measure(filled, WORKLOAD, 4, 1))
    assert measured.cost.facts == WORKLOAD.facts
    assert sum(measured.agents[agent].records for agent in ("activities", "meetings", "deals")) > WORKLOAD.facts
    assert asyncio.run(size(filled, topics.DEAD_LETTERS.name)) == 0
    assert asyncio.run(size(filled, topics.STANDINGS.name)) > 0


async def size(broker: str, topic: str) -> int:
    log = open_log(broker)
    await log.start()
    try:
        return sum((await log.ends(Spot(topic, shard) for shard in range(4))).values())
    finally:
        await log.stop()
