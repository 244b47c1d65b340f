"""The projection says what a reader of the whole log says, at any moment, wherever it was stopped and went on."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import datetime

import pytest
from hypothesis import given, settings

from quota.periods import parse_period
from quota.plans import PlanIndex
from schemas.plan import Plan
from schemas.standings import Standing
from streams import tables, topics
from streams.log import LogError, Outgoing, Record, Spot
from streams.partitioner import partition
from streams.serving.latest import LatestAlerts
from streams.serving.projection import Projection
from streams.serving.standings import kept, standings
from streams.serving.transitions import still_open, transitions
from tests.runtime.fake_log import FakeLog
from tests.streams.serving.stories import (
    PLAN,
    SHARDS,
    SMALLER,
    Step,
    Wait,
    said,
    standing,
    stories,
    transition,
    write,
)
from tests.streams.serving.watching import following, has_read, until


async def declared() -> FakeLog:
    log = FakeLog()
    await log.declare((*topics.ALL, *tables.ALL), SHARDS)
    return log


async def same(projection: Projection, log: FakeLog, plan: Plan) -> None:
    """Compares with the readers that commands use."""
    index = PlanIndex(plan)
    everything = await standings(log, SHARDS)
    assert projection.as_of == max((each.as_of for each in everything), default=None)
    for shard in (None, *range(SHARDS)):
        mine = None if shard is None else {shard}
        wanted = [each for each in kept(everything, index) if mine is None or partition(each.scope.encode(), 3) in mine]
        expected = [each for each in wanted if _under_way(each, projection.as_of, index)]
        found = projection.current(mine)
        assert sorted(found, key=str) == sorted(expected, key=str)
        about = [each for each in still_open(await transitions(log, SHARDS)) if _of(each.scope, mine)]
        assert projection.firing(mine) == about
    for each in everything:
        value = projection.standing(each.scope, each.period)
        assert value == said(each).value


def _under_way(each: Standing, now: datetime | None, plan: PlanIndex) -> bool:
    calendar = plan.calendar(each.scope)
    period = parse_period(each.period, calendar)
    return now is not None and period.start <= calendar.local_day(now) < period.end


def _of(scope: str, mine: set[int] | None) -> bool:
    return mine is None or partition(scope.encode(), SHARDS) in mine


@given(stories())
@settings(max_examples=100, deadline=None)
def test_it_holds_what_the_log_says_also_after_it_was_stopped(story: list[Step]) -> None:
    async def play() -> None:
        log, plan = await declared(), PLAN
        projection = Projection(log, SHARDS)
        for step in [*story, Wait()]:
            if isinstance(step, Wait):
                async with following(projection):
                    await until(lambda: has_read(projection, log))
                assert not projection.caught_up
                await same(projection, log, plan)
                continue
            plan = step if isinstance(step, Plan) else plan
            await write(log, [step])

    asyncio.run(play())


async def test_it_hears_what_comes_while_it_follows() -> None:
    log = await declared()
    projection = Projection(log, SHARDS)
    async with following(projection):
        await until(lambda: projection.caught_up)
        assert (projection.plan, projection.as_of, projection.current()) == (None, None, [])
        await write(
            log, [PLAN, said(standing("rep:bob", "2017-09")), said(transition("company|2017-Q3", 1, "firing", 4))]
        )
        await until(lambda: has_read(projection, log))
        assert [each.scope for each in projection.current()] == ["rep:bob"]
        assert [each.scope for each in projection.firing()] == ["company"]
        await write(log, [SMALLER, said(transition("company|2017-Q3", 2, "resolved", 5))])
        await until(lambda: has_read(projection, log))
        assert (projection.current(), projection.firing()) == ([], [])


class BrokenLog(FakeLog):
    """A log that ends its tails once something is said that nobody can read."""

    async def tail(self, starts: Mapping[Spot, int]) -> AsyncIterator[list[Record]]:
        async for chunk in super().tail(starts):
            if chunk[0].value == b"broken":
                raise LogError("the log is away")
            yield chunk


async def test_a_log_that_fails_is_told_and_then_it_has_not_caught_up() -> None:
    log = BrokenLog()
    await log.declare((*topics.ALL, *tables.ALL), SHARDS)
    await write(log, [PLAN])
    projection = Projection(log, SHARDS)
    following = asyncio.create_task(projection.follow())
    await until(lambda: projection.caught_up)
    await write(log, [Outgoing(topics.STANDINGS.name, 1, b"k", b"broken")])
    with pytest.raises(LogError, match="the log is away"):
        await following
    assert not projection.caught_up


def test_of_alerts_that_ended_the_last_are_kept_and_what_fires_is_kept_for_ever() -> None:
    alerts = LatestAlerts(1, kept=3)
    numbers = iter(range(1000))

    def note(period: str, number: int, kind: str, tick: int) -> None:
        value = said(transition(f"company|{period}", number, kind, tick)).value  # type: ignore[arg-type] # drawn from the kinds there are
        assert value is not None
        alerts.note(0, next(numbers), value)

    note("first", 1, "firing", 0)
    for tick in range(1, 40):
        note(f"p{tick}", 1, "firing", tick)
        note(f"p{tick}", 2, "resolved", tick)
        held = [each.key for each in alerts.partitions[0]]
        assert held[0] == "behind_pace|company|first"
        assert len(held) <= 1 + 2 * 3
        assert held[-min(tick, 3) :] == [f"behind_pace|company|p{n}" for n in range(max(1, tick - 2), tick + 1)]
    assert alerts.floor.endswith("behind_pace|company|p37")
