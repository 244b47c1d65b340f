"""What a worker opens beside its work: it fails without harm, tries again, and closes with the worker."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping

import aiohttp
import pytest

from streams import tables, topics, windows
from streams.log import LogError, Record, Spot
from streams.serving.projection import Projection
from streams.web.listening import Address, AddressTaken, Tokens
from streams.windows import Windows, kept_up, opened
from tests.runtime.fake_log import FakeLog
from tests.streams.serving.stories import PLAN, SHARDS, write
from tests.streams.serving.watching import until

ANYWHERE = Address("127.0.0.1", 0)


class Moody(FakeLog):
    """A log that cannot be read while it is away."""

    def __init__(self) -> None:
        super().__init__()
        self.away = asyncio.Event()

    async def tail(self, starts: Mapping[Spot, int]) -> AsyncIterator[list[Record]]:
        await self.away.wait()
        raise LogError("no broker answers at kafka:9092")
        yield []


async def declared(log: FakeLog) -> FakeLog:
    await log.declare((*topics.ALL, *tables.ALL), SHARDS)
    await write(log, [PLAN])
    return log


def none() -> list[int]:
    return []


async def status(at: Address | None, path: str) -> int:
    assert at is not None
    async with aiohttp.ClientSession() as client, client.get(f"{at.url}{path}") as answer:
        return answer.status


async def test_a_log_that_fails_makes_it_not_ready_and_once_it_is_back_it_answers(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(windows, "FIRST_WAIT", 0.2)
    log = Moody()
    projection = Projection(await declared(log), SHARDS)
    async with opened(Windows(ANYWHERE, Tokens()), projection, none) as at:
        await until(lambda: projection.caught_up)
        assert await status(at, "/readyz") == 200
        log.away.set()
        await until(lambda: not projection.caught_up)
        assert [await status(at, path) for path in ("/readyz", "/api/v1/alerts", "/healthz")] == [503, 503, 200]
        log.away.clear()
        await until(lambda: projection.caught_up)
        assert await status(at, "/readyz") == 200
    assert "following what stands: no broker answers at kafka:9092; it is tried again" in caplog.text
    assert not projection.caught_up


async def test_a_bug_is_logged_with_its_place_and_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    monkeypatch.setattr(windows, "FIRST_WAIT", 0.0)
    tries = 0

    async def buggy() -> None:
        nonlocal tries
        tries += 1
        raise KeyError("oops")

    async with windows.beside(kept_up("the work", buggy)):
        await until(lambda: tries == 3)
    assert "the work failed and is tried again" in caplog.text
    assert "in buggy" in caplog.text


async def test_an_address_that_is_taken_is_left_to_whoever_has_it_unless_it_was_named() -> None:
    log = await declared(FakeLog())
    async with opened(Windows(ANYWHERE, Tokens()), Projection(log, SHARDS), none) as first:
        assert first is not None
        second = Windows(first, Tokens(), elsewhere=True)
        async with opened(second, Projection(log, SHARDS), none) as other:
            assert other is not None
            assert other.host == first.host
            assert other.port != first.port
        with pytest.raises(AddressTaken, match="another --listen"):
            async with opened(Windows(first, Tokens()), Projection(log, SHARDS), none):
                pass
        assert await status(first, "/healthz") == 200


async def test_where_nobody_looks_nothing_is_followed() -> None:
    projection = Projection(await declared(FakeLog()), SHARDS)
    async with opened(Windows(None, Tokens()), projection, none) as at:
        assert at is None
        assert len(asyncio.all_tasks()) == 1
