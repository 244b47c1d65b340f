"""The copy on a real Redis: whoever writes it in whatever state, it says in the end what a worker says."""

import asyncio
import random
from collections.abc import Callable
from itertools import chain

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis as Client

from quota.plans import PlanIndex
from schemas.plan import Plan
from streams import tables, topics
from streams.api.source import Memory
from streams.redis_copy import copier as copying
from streams.redis_copy.copier import Copier
from streams.redis_copy.layout import ALERTS, HEAD, STANDINGS
from streams.redis_copy.layout import PLAN as PLAN_KEY
from streams.redis_copy.server import RedisServer
from streams.redis_copy.source import RedisSource
from streams.serving.projection import Projection
from streams.serving.standings import is_period
from tests.runtime.fake_log import FakeLog
from tests.servers.redis import Redis
from tests.streams.api.asking import Ask, asking
from tests.streams.serving.stories import PERIODS, PLAN, SCOPES, SHARDS, Step, Wait, stories, write
from tests.streams.serving.watching import following, has_read, until

PATHS = (
    *(f"/api/v1/standings/{scope}" for scope in SCOPES),
    *(f"/api/v1/standings/{scope}?period={period}" for scope in SCOPES for period in PERIODS[::2]),
    *(f"/api/v1/standings?level={level}" for level in ("rep", "team", "company", "nobody")),
    *(f"/api/v1/standings?period={period}" for period in PERIODS),
    *(f"/api/v1/alerts?state={state}" for state in ("firing", "all")),
    *(f"/api/v1/alerts?scope={scope}&state=all" for scope in SCOPES),
    "/readyz",
)
Kept = dict[bytes | str, bytes | str]


class Floor:
    """A log, two workers on it and their copy; anything may happen to each of them."""

    def __init__(self, log: FakeLog, url: str, luck: random.Random) -> None:
        self.log, self.luck = log, luck
        self.client, self.redis = Client.from_url(url, protocol=2), RedisServer(url)
        self.projections = [Projection(log, SHARDS, kept=3) for _ in range(2)]
        self._saved: tuple[bytes | None, dict[str, Kept]] = None, {}

    async def catch_up(self, projection: Projection) -> None:
        async with following(projection):
            await until(lambda: has_read(projection, self.log))
        # From here on it stands still, and still believes that it follows.
        projection.caught_up = True

    async def round(self, projection: Projection, *owned: int) -> None:
        await Copier(self.redis, projection, lambda: owned).round()

    async def trouble(self) -> None:
        projection = self.luck.choice(self.projections)
        if self.luck.random() < 0.6:
            await self.catch_up(projection)
        await self.round(projection, *self.luck.sample(range(SHARDS), self.luck.randint(1, SHARDS)))
        match self.luck.randrange(6):
            case 0:
                await self.client.flushall()
            case 1:
                await self._save()
            case 2:
                await self._set_back()
            case _:
                pass

    async def _save(self) -> None:
        hashes = {name: await self.client.hgetall(name) for name in (HEAD, STANDINGS, ALERTS)}
        self._saved = await self.redis.get(PLAN_KEY), hashes

    async def _set_back(self) -> None:
        """What a Redis does that starts from an older file."""
        await self.client.flushall()
        plan, hashes = self._saved
        if plan is not None:
            await self.client.set(PLAN_KEY, plan)
        for name, content in hashes.items():
            if content:
                await self.client.hset(name, items=[*chain.from_iterable(content.items())])

    async def settle(self) -> None:
        for projection in self.projections:
            await self.catch_up(projection)
        await self.round(self.projections[0], 0, 2)
        await self.round(self.projections[1], 1)

    async def close(self) -> None:
        await self.redis.close()
        await self.client.aclose()


async def compare(floor: Floor, ask: Ask, ask_redis: Ask) -> None:
    for path in PATHS:
        assert await ask_redis(path) == await ask(path), path


async def play(url: str, story: list[Step], luck: random.Random) -> None:
    log = FakeLog()
    await log.declare((*topics.ALL, *tables.ALL), SHARDS)
    floor, plan = Floor(log, url, luck), PLAN
    await floor.client.flushall()
    try:
        for step in story:
            plan = step if isinstance(step, Plan) else plan
            await (floor.trouble() if isinstance(step, Wait) else write(log, [step]))
        await floor.settle()
        memory = floor.projections[luck.randrange(2)]
        async with asking(Memory(memory)) as ask, asking(RedisSource(floor.redis)) as ask_redis:
            await compare(floor, ask, ask_redis)
        names = await floor.redis.names(STANDINGS)
        index = PlanIndex(plan)
        split = [name.decode().split("|") for name in names]
        assert [pair for pair in split if pair[0] not in index.scopes or not is_period(pair[0], pair[1], index)] == []
    finally:
        await floor.close()


def test_memory_and_redis_answer_the_same_bytes_whatever_happened(own_redis: Callable[[], Redis]) -> None:
    url = own_redis().url
    # Small steps, so that a partition takes several.
    at_once, copying.AT_ONCE = copying.AT_ONCE, 2

    @given(stories(waits=6), st.randoms(use_true_random=False))
    @settings(max_examples=40, deadline=None, phases=[Phase.explicit, Phase.generate])
    def check(story: list[Step], luck: random.Random) -> None:
        asyncio.run(play(url, story, luck))

    try:
        check()
    finally:
        copying.AT_ONCE = at_once
