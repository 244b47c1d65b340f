"""Following a log in a test: until somebody has read all of it."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from streams import topics
from streams.log import Log, Record, Spot
from streams.serving.projection import Projection
from streams.windows import beside
from tests.runtime.fake_log import FakeLog, at_once
from tests.streams.serving.stories import SHARDS


async def until(reached: Callable[[], bool]) -> None:
    """Lets everybody else go on until it is so."""
    async with asyncio.timeout(10):
        while not reached():  # noqa: ASYNC110 - anything may make it so
            await asyncio.sleep(0)


def has_read(projection: Projection, log: Log) -> bool:
    """Whether it has caught up with what the log holds now."""
    spots = [Spot(topic.name, p) for topic in (topics.STANDINGS, topics.ALERTS) for p in range(SHARDS)]
    ends = at_once(log.ends([*spots, Spot(topics.PLAN.name, 0)]))
    read = {spot: projection._ends[spot] for spot in spots}
    newest = max((int(record.key.split(b"/")[0]) for record in _plan_records(log) if record.key), default=0)
    revision = 0 if projection.plan is None else projection.plan.revision
    return projection.caught_up and read == {spot: ends[spot] for spot in spots} and revision == newest


def _plan_records(log: Log) -> list[Record]:
    assert isinstance(log, FakeLog)
    return log.seen(Spot(topics.PLAN.name, 0))


def following(projection: Projection) -> AbstractAsyncContextManager[None]:
    return beside(projection.follow())
