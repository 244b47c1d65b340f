"""A gateway whose log is slow, full or broken: nothing is accepted that is not in, and nothing sent is told."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import msgspec
import pytest

from streams import topics
from streams.gateway.server import Gateway
from streams.log import LogError, Outgoing, Spot
from streams.web.listening import Address, Tokens, serving
from tests.runtime.fake_log import FakeLog
from tests.streams.any_facts import GOOD
from tests.streams.gateway.client import SHARDS, gateway, posted
from tests.streams.gateway.sending import plain


class FullLog(FakeLog):
    """A log that answers nothing and takes nothing."""

    async def append(self, records: Sequence[Outgoing], *, lasting: bool = True) -> list[int]:
        raise LogError("/var/log.db cannot be written: its disk is full")

    async def ends(self, spots: Any) -> dict[Spot, int]:
        raise LogError("/var/log.db cannot be read")


class SlowLog(FakeLog):
    """A log whose appends last until `go`."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go = asyncio.Event(), asyncio.Event()

    async def append(self, records: Sequence[Outgoing], *, lasting: bool = True) -> list[int]:
        self.asked.set()
        await self.go.wait()
        return await super().append(records)


async def test_a_log_that_takes_nothing_is_a_503_and_not_ready_but_alive() -> None:
    async with gateway(FullLog()) as client:
        async with client.post("/events", json=GOOD) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
            assert "/var" not in await answer.text()
        assert [(await client.get(path)).status for path in ("/healthz", "/readyz")] == [200, 503]


async def test_a_bug_is_told_without_what_was_sent(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(FakeLog):
        async def append(self, records: Sequence[Outgoing], *, lasting: bool = True) -> list[int]:
            raise KeyError(records)

    async with gateway(Broken()) as client:
        status, told = await posted(client, plain(GOOD))
    assert (status, told["title"]) == (500, "Internal Server Error")
    assert "KeyError in" in caplog.text
    assert "anna" not in caplog.text + json.dumps(told)


async def test_a_request_under_way_is_finished_before_the_server_stops() -> None:
    log = SlowLog()
    await log.declare(topics.ALL, SHARDS)
    async with aiohttp.ClientSession() as client:
        async with serving(Gateway(log, SHARDS, Tokens()).app(), Address("127.0.0.1", 0)) as at:
            posting = asyncio.create_task(client.post(f"{at.url}/events", json=GOOD))
            await log.asked.wait()
            asyncio.get_running_loop().call_soon(log.go.set)
        async with await posting as answer:
            assert (answer.status, await answer.json()) == (202, {"accepted": 1})


async def connect_again_and_again(at: Address) -> None:
    while True:
        _, writer = await asyncio.open_connection(at.host, at.port)
        writer.close()


async def test_the_rest_of_a_request_is_taken_while_the_server_stops() -> None:
    log, body = FakeLog(), msgspec.json.encode(GOOD)
    await log.declare(topics.ALL, SHARDS)
    async with AsyncExitStack() as stack:
        at = await stack.enter_async_context(serving(Gateway(log, SHARDS, Tokens()).app(), Address("127.0.0.1", 0)))
        reader, writer = await asyncio.open_connection(at.host, at.port)
        head = f"POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
        writer.write(f"{head}Content-Type: application/json\r\nExpect: 100-continue\r\n\r\n".encode())
        assert b"100 Continue" in await reader.readuntil(b"\r\n\r\n")
        stopping = asyncio.create_task(stack.aclose())
        with pytest.raises(ConnectionError):
            await connect_again_and_again(at)
        writer.write(body)
        assert (await reader.read()).startswith(b"HTTP/1.1 202")
        await stopping
        writer.close()


async def test_nothing_is_accepted_before_the_log_has_it() -> None:
    log = SlowLog()
    await log.declare(topics.ALL, SHARDS)
    async with gateway(log) as client:
        posting = asyncio.create_task(client.post("/events", data=msgspec.json.encode(GOOD), headers=plain(GOOD)[0]))
        await log.asked.wait()
        assert (await client.get("/healthz")).status == 200
        assert not posting.done()
        log.go.set()
        assert (await posting).status == 202


async def test_requests_do_not_pile_up_behind_a_log_that_hangs() -> None:
    log = SlowLog()
    await log.declare(topics.ALL, SHARDS)
    async with gateway(log, turn=0.01) as client:
        first = asyncio.create_task(client.post("/events", json=GOOD))
        await log.asked.wait()
        async with client.post("/events", json=GOOD | {"id": "e-2"}) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        log.go.set()
        assert (await first).status == 202
        async with client.post("/events", json=GOOD | {"id": "e-2"}) as answer:
            assert answer.status == 202
