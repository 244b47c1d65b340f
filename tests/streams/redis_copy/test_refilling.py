"""What may become of Redis and of those who write to it: nothing older wins, and what was lost comes back by itself."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis as Client

from schemas.alerts import TransitionKind
from streams import tables, topics
from streams.api.source import Memory
from streams.redis_copy import copier, scripts
from streams.redis_copy.copier import Copier
from streams.redis_copy.layout import ALERTS, HEAD, STANDINGS, Progress, fields
from streams.redis_copy.layout import PLAN as PLAN_KEY
from streams.redis_copy.server import RedisServer
from streams.redis_copy.source import RedisSource
from streams.serving.latest import Latest
from streams.serving.projection import Projection
from streams.web.listening import Tokens
from streams.windows import Windows, beside, opened
from tests.runtime.fake_log import FakeLog
from tests.servers.redis import Redis
from tests.streams.api.asking import Ask, asking, following, told
from tests.streams.serving.stories import PLAN, SHARDS, SMALLER, said, standing, transition, write
from tests.streams.serving.watching import has_read, until

ALL = range(SHARDS)
SECRET = "the-password-of-redis"


class Slow(RedisServer):
    """A connection on which something happens before its first write of a partition arrives."""

    def __init__(self, url: str, before: Callable[[], Awaitable[None]]) -> None:
        super().__init__(url)
        self._before: Callable[[], Awaitable[None]] | None = before

    async def run(self, script: str, keys: Sequence[str], *arguments: str | bytes | int) -> bool:
        if script == scripts.PUT and self._before is not None:
            before, self._before = self._before, None
            await before()
        return await super().run(script, keys, *arguments)


@pytest.fixture
async def redis(own_redis: Callable[[], Redis]) -> AsyncIterator[RedisServer]:
    made = RedisServer(own_redis().url)
    yield made
    await made.close()


async def test_a_write_that_was_made_up_before_another_is_refused(own_redis: Callable[[], Redis]) -> None:
    url, log = own_redis().url, await told()
    async with following(log) as stale, following(log) as fresh:
        newer = RedisServer(url)

        async def meanwhile() -> None:
            await write(log, [said(standing("company", "2017-Q3", 9, "7.00"))])
            await until(lambda: has_read(fresh, log))
            await Copier(newer, fresh, lambda: ALL).round()

        frozen = Projection(FakeLog(), SHARDS)
        frozen.__dict__ |= {name: value for name, value in vars(stale).items() if name != "standings"}
        frozen.standings = [_copy(latest) for latest in stale.standings]
        slow = Slow(url, meanwhile)
        for _ in range(2):
            await Copier(slow, frozen, lambda: ALL).round()
            (value,) = await newer.some(STANDINGS, ["company|2017-Q3"])
            assert value == said(standing("company", "2017-Q3", 9, "7.00")).value
        await slow.close()
        await newer.close()


def _copy(latest: Latest) -> Latest:
    made = Latest()
    for each in latest:
        made.note(each)
    return made


async def test_what_leaves_the_plan_leaves_redis_and_a_worker_with_the_older_plan_does_not_bring_it_back(
    redis: RedisServer,
) -> None:
    log = await told()
    async with following(log) as projection:
        await Copier(redis, projection, lambda: ALL).round()
        assert b"rep:max|2017-09" in await redis.names(STANDINGS)
        assert b"rep:gone|2017-Q3" not in await redis.names(STANDINGS)
        older = Projection(log, SHARDS)
        older.__dict__ |= vars(projection)
        await write(log, [SMALLER])
        await until(lambda: has_read(projection, log))
        for each in (projection, older, projection):
            await Copier(redis, each, lambda: ALL).round()
            left = {b"company|2017-Q3", b"rep:zoe|2017-Q3", b"team:west|2017-Q3", b"unassigned|2017-Q3"}
            assert {*await redis.names(STANDINGS)} == left | {b"team:east|FY2018-Q2"}


async def test_a_copy_of_another_log_is_begun_anew(redis: RedisServer) -> None:
    log = FakeLog()
    await log.declare((*topics.ALL, *tables.ALL), SHARDS)
    async with following(await told()) as first:
        await Copier(redis, first, lambda: ALL).round()
    await write(log, [SMALLER, said(standing("company", "2017-Q3"))])
    async with following(log) as second:
        await Copier(redis, second, lambda: ALL).round()
    assert await redis.names(STANDINGS) == [b"company|2017-Q3"]
    assert await redis.size(ALERTS) == 0


async def test_alerts_that_ended_long_ago_leave_redis_once_there_are_many(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copier, "KEPT_ALERTS", 2)
    log = FakeLog()
    await log.declare((*topics.ALL, *tables.ALL), SHARDS)
    await write(log, [PLAN, said(transition("company|first", 1, "firing", 0))])
    projection = Projection(log, SHARDS, kept=2)
    async with beside(projection.follow()):
        for tick in range(1, 40):
            kinds: list[tuple[int, TransitionKind]] = [(1, "firing"), (2, "resolved")]
            await write(log, [said(transition(f"company|p{tick}", number, kind, tick)) for number, kind in kinds])
            await until(lambda: has_read(projection, log))
            await Copier(redis, projection, lambda: ALL).round()
            held = {name.partition(b"|company|")[2] for name in await redis.names(ALERTS)}
            assert {b"first", *(b"p%d" % each for each in range(max(1, tick - 1), tick + 1))} <= held
            assert len(held) <= 20


async def test_an_alert_whose_end_was_forgotten_before_it_was_copied_does_not_fire_for_ever(redis: RedisServer) -> None:
    log = FakeLog()
    await log.declare((*topics.ALL, *tables.ALL), SHARDS)
    await write(log, [PLAN, said(transition("company|first", 1, "firing", 0))])
    projection = Projection(log, SHARDS, kept=2)
    async with beside(projection.follow()):
        await until(lambda: has_read(projection, log))
        await Copier(redis, projection, lambda: ALL).round()
        assert await redis.size(ALERTS) == 1
        for tick in range(1, 20):
            name = "company|first" if tick == 1 else f"company|p{tick}"
            kinds: list[tuple[int, TransitionKind]] = [(1, "firing")] if tick > 1 else []
            ends = [*kinds, (2, "resolved")]
            await write(log, [said(transition(name, number, kind, tick)) for number, kind in ends])
        await until(lambda: has_read(projection, log))
        await Copier(redis, projection, lambda: ALL).round()
        async with asking(Memory(projection)) as ask, asking(RedisSource(redis)) as ask_redis:
            for path in ("/api/v1/alerts", "/api/v1/alerts?state=all"):
                assert await ask_redis(path) == await ask(path)
            assert (await ask("/api/v1/alerts")).said == {"alerts": []}


async def test_a_worker_that_has_read_less_takes_nothing_back_though_it_knows_a_newer_plan(redis: RedisServer) -> None:
    log = await told()
    async with following(log) as ahead:
        behind = Projection(log, SHARDS)
        behind.__dict__ |= {name: value for name, value in vars(ahead).items() if name != "standings"}
        behind.standings = [_copy(latest) for latest in ahead.standings]
        newest = said(standing("company", "2017-Q3", 9, "7.00"))
        await write(log, [newest])
        await until(lambda: has_read(ahead, log))
        await Copier(redis, ahead, lambda: ALL).round()
        await write(log, [SMALLER])
        await until(lambda: has_read(ahead, log))
        behind.plan = ahead.plan
        await Copier(redis, behind, lambda: ALL).round()
        assert await redis.some(STANDINGS, ["company|2017-Q3"]) == [newest.value]
        assert b"rep:max|2017-09" in await redis.names(STANDINGS)
        await Copier(redis, ahead, lambda: ALL).round()
        assert await redis.some(STANDINGS, ["company|2017-Q3"]) == [newest.value]
        assert b"rep:max|2017-09" not in await redis.names(STANDINGS)


@asynccontextmanager
async def copied(server: Redis, log: FakeLog) -> AsyncIterator[tuple[Ask, Ask]]:
    """Asks a worker that keeps the copy, and a process that answers from it."""
    projection, redis = Projection(log, SHARDS), RedisServer(server.url)
    windows = Windows(None, Tokens(), server.url)
    async with (
        opened(windows, projection, lambda: ALL),
        asking(Memory(projection)) as ask,
        asking(RedisSource(redis)) as ask_redis,
    ):
        yield ask, ask_redis
    await redis.close()


async def same(ask: Ask, ask_redis: Ask) -> None:
    """Returns once Redis answers again, in seconds, and then it must answer the same."""
    async with asyncio.timeout(20):
        while (await ask_redis("/readyz")).status != 200:
            pass
    for path in ("/api/v1/standings", "/api/v1/standings?period=2017-Q3", "/api/v1/alerts?state=all"):
        answer = await ask(path)
        assert answer.status == 200
        assert await ask_redis(path) == answer


async def test_a_redis_that_is_emptied_killed_or_late_is_filled_again(own_redis: Callable[[], Redis]) -> None:
    server = own_redis()
    async with copied(server, await told()) as (ask, ask_redis):
        await same(ask, ask_redis)
        async with Client.from_url(server.url, protocol=2) as client:
            await client.flushall()
            await same(ask, ask_redis)
        server.kill()
        answer = await ask_redis("/api/v1/alerts")
        assert (answer.status, answer.content_type) == (503, "application/problem+json")
        assert [(await ask_redis(path)).status for path in ("/readyz", "/healthz")] == [503, 200]
        server.start()
        await same(ask, ask_redis)


DAMAGE: list[tuple[str | bytes, ...]] = [
    ("SET", HEAD, "x"),
    ("HSET", HEAD, "standings:0", "abc"),
    ("HSET", HEAD, "alerts:1", "1:2"),
    ("HSET", HEAD, "revision", "x"),
    ("HSET", HEAD, "shards", "999999999"),
    ("HSET", HEAD, "shards", "0"),
    ("HSET", HEAD, "as_of:0", "9" * 20),
    ("HSET", HEAD, "log", b"\xff"),
    ("DEL", HEAD),
    ("DEL", STANDINGS),
    ("SET", STANDINGS, "x"),
    ("HDEL", STANDINGS, "company|2017-Q3"),
    ("DEL", ALERTS),
    ("SET", ALERTS, "x"),
    ("HSET", ALERTS, "x", "{}"),
    ("DEL", PLAN_KEY),
    ("SET", PLAN_KEY, "x"),
    ("RENAME", ALERTS, PLAN_KEY),
]


async def test_a_copy_that_is_damaged_is_no_answer_and_is_begun_anew(
    own_redis: Callable[[], Redis], caplog: pytest.LogCaptureFixture
) -> None:
    url = own_redis().url
    redis = RedisServer(url)
    async with (
        following(await told()) as projection,
        Client.from_url(url, protocol=2) as client,
        asking(Memory(projection)) as ask,
        asking(RedisSource(redis)) as ask_redis,
    ):
        for command in [*DAMAGE, ("PING",)]:
            await Copier(redis, projection, lambda: ALL).round()
            await same(ask, ask_redis)
            await client.execute_command(*command)  # type: ignore[no-untyped-call] # published so
            for path in ("/readyz", "/api/v1/standings", "/api/v1/alerts"):
                assert (await ask_redis(path)).status == (200 if command == ("PING",) else 503), (command, path)
    assert "damaged" in caplog.text
    assert "Traceback" not in caplog.text
    await redis.close()


async def test_a_copy_that_was_damaged_since_it_was_looked_at_is_not_written_on(own_redis: Callable[[], Redis]) -> None:
    url, log = own_redis().url, await told()
    redis = RedisServer(url)
    async with following(log) as projection, Client.from_url(url, protocol=2) as client:
        await Copier(redis, projection, lambda: ALL).round()

        async def meanwhile() -> None:
            await client.delete(STANDINGS)

        await write(log, [said(standing("company", "2017-Q3", 9, "7.00"))])
        await until(lambda: has_read(projection, log))
        slow = Slow(url, meanwhile)
        await Copier(slow, projection, lambda: ALL).round()
        assert await redis.size(STANDINGS) == 0
        await Copier(slow, projection, lambda: ALL).round()
        async with asking(Memory(projection)) as ask, asking(RedisSource(redis)) as ask_redis:
            await same(ask, ask_redis)
        await slow.close()
    await redis.close()


async def test_a_password_is_told_to_nobody(own_redis: Callable[[], Redis], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    url = own_redis().url.replace("redis://", f"redis://somebody:{SECRET}@")
    redis = RedisServer(url)
    windows = Windows(None, Tokens(), url)
    async with opened(windows, Projection(await told(), SHARDS), lambda: ALL), asking(RedisSource(redis)) as ask:
        answer = await ask("/api/v1/alerts")
        await until(lambda: "the copy in Redis" in caplog.text)
    await redis.close()
    assert answer.status == 503
    assert "does not answer (AuthenticationError)" in answer.said["detail"]
    assert SECRET not in caplog.text + answer.body.decode() + repr(windows)


def test_progress_is_read_as_it_is_written() -> None:
    assert Progress.parse(str(Progress(3, 20, 100, 30))) == Progress(3, 20, 100, 30)
    assert [Progress(3, 20, 100, 20).complete, Progress(3, 100, 100, 100).complete] == [False, True]
    assert fields(2) == ("standings:2", "alerts:2")
