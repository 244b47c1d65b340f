"""A Redis that is away, hangs or takes nothing while facts go on: nobody waits for it, and it catches up by itself."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from redis.asyncio import Redis as Client

from streams import windows
from streams.api.source import Memory
from streams.redis_copy import server as connecting
from streams.redis_copy.server import RedisServer
from streams.redis_copy.source import RedisSource
from streams.serving.projection import Projection
from streams.web.listening import Tokens
from streams.windows import Windows, opened
from tests.runtime.fake_log import FakeLog
from tests.servers.redis import Redis
from tests.streams.api.asking import Ask, asking, told
from tests.streams.serving.stories import SHARDS, said, standing, transition, write
from tests.streams.serving.watching import has_read, until

PATHS = ("/readyz", "/api/v1/standings", "/api/v1/standings?period=2017-Q3", "/api/v1/alerts?state=all")
SECONDS = 30.0
MANY = 40
"""Rounds of facts that come while Redis is away."""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits that are the same but shorter."""
    monkeypatch.setattr(connecting, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(windows, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(windows, "LONGEST_WAIT", 0.1)
    monkeypatch.setattr(windows, "ROUND_SECONDS", 0.02)


@dataclass
class Floor:
    """A log, the worker's own answers and those from its copy in Redis."""

    log: FakeLog
    projection: Projection
    ask: Ask
    ask_redis: Ask
    number: int = 0

    async def go_on(self, rounds: int = 1) -> None:
        """Facts come, and the worker's own answers have them at once."""
        for _ in range(rounds):
            self.number += 1
            news = standing("company", "2017-Q3", self.number, f"{self.number}.00")
            alert = transition(f"team:west|p{self.number}", 1, "firing", self.number)
            await write(self.log, [said(news), said(alert)])
            await until(lambda: has_read(self.projection, self.log))
        answer = await self.ask("/api/v1/standings/company?period=2017-Q3")
        assert f'"{self.number}.00"'.encode() in answer.body

    async def caught_up(self) -> None:
        """Returns once Redis says what the worker says."""
        async with asyncio.timeout(SECONDS):
            for path in PATHS:
                while (answer := await self.ask_redis(path)) != await self.ask(path):
                    assert answer.status in {200, 503}


@asynccontextmanager
async def copied(server: Redis) -> AsyncIterator[Floor]:
    log = await told()
    projection, redis = Projection(log, SHARDS), RedisServer(server.url)
    async with (
        opened(Windows(None, Tokens(), server.url), projection, lambda: range(SHARDS)),
        asking(Memory(projection)) as ask,
        asking(RedisSource(redis)) as ask_redis,
    ):
        await until(lambda: has_read(projection, log))
        floor = Floor(log, projection, ask, ask_redis)
        await floor.caught_up()
        yield floor
    await redis.close()


async def test_a_redis_that_was_away_while_facts_went_on_has_all_of_them_soon_after(
    own_redis: Callable[[], Redis], caplog: pytest.LogCaptureFixture
) -> None:
    server = own_redis()
    async with copied(server) as floor:
        for _ in range(2):
            server.kill()
            await floor.go_on(MANY)
            assert (await floor.ask_redis("/api/v1/standings")).status == 503
            server.start()
            await floor.caught_up()
    assert f"the copy in Redis: Redis at 127.0.0.1:{server.port} does not answer (ConnectionError)" in caplog.text
    assert "Traceback" not in caplog.text


async def test_a_redis_that_hangs_is_not_waited_for_and_catches_up_when_it_goes_on(
    own_redis: Callable[[], Redis], caplog: pytest.LogCaptureFixture
) -> None:
    server = own_redis()
    async with copied(server) as floor:
        server.signal(signal.SIGSTOP)
        try:
            await floor.go_on(MANY)
            assert (await floor.ask_redis("/api/v1/standings")).status == 503
            await until(lambda: "does not answer (TimeoutError)" in caplog.text)
        finally:
            server.signal(signal.SIGCONT)
        await floor.caught_up()


TROUBLE = {
    "has no memory": ("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0"),
    "follows another": ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE"),
    "lets nobody write": ("CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0"),
}


@pytest.mark.parametrize(("breaks", "mends"), TROUBLE.values(), ids=TROUBLE.keys())
async def test_a_redis_that_takes_nothing_is_told_and_catches_up_once_it_does(
    breaks: str, mends: str, own_redis: Callable[[], Redis], caplog: pytest.LogCaptureFixture
) -> None:
    server = own_redis()
    caplog.set_level(logging.WARNING)
    async with copied(server) as floor, Client.from_url(server.url, protocol=2) as client:
        await client.execute_command(*breaks.split())  # type: ignore[no-untyped-call] # published so
        await floor.go_on()
        await until(lambda: "the copy in Redis: Redis at " in caplog.text)
        await floor.go_on(MANY)
        await client.execute_command(*mends.split())  # type: ignore[no-untyped-call] # published so
        await floor.caught_up()
    assert "Traceback" not in caplog.text
