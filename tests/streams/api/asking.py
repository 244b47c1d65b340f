"""An API on a port of its own, and what it answers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from msgspec import json
from yarl import URL

from streams import tables, topics
from streams.api.server import Api
from streams.api.source import Memory, Source
from streams.log import Log, Outgoing
from streams.metrics.unmetered import Metrics
from streams.serving.projection import Projection
from streams.web.listening import Address, Tokens, serving
from streams.windows import beside
from tests.runtime.fake_log import FakeLog
from tests.streams.serving.stories import PLAN, SHARDS, said, standing, transition, write

SECRET = "a-token-that-is-long-enough"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    content_type: str
    body: bytes
    url: str = field(compare=False)

    @property
    def said(self) -> Any:
        return json.decode(self.body)


Ask = Callable[..., Coroutine[Any, Any, Answer]]


@asynccontextmanager
async def asking(source: Source, *tokens: str, metrics: Metrics | None = None) -> AsyncIterator[Ask]:
    """Asks an API that takes its answers from the source; paths are sent as they are written."""
    app = Api(source, Tokens(tuple(token.encode() for token in tokens)), metrics).app()
    async with serving(app, Address("127.0.0.1", 0)) as at, aiohttp.ClientSession() as client:

        async def ask(path: str, method: str = "GET", **headers: str) -> Answer:
            url = URL(f"{at.url}{path}", encoded=True)
            async with client.request(method, url, headers=headers) as answer:
                return Answer(answer.status, answer.headers["Content-Type"], await answer.read(), str(answer.url))

        yield ask


@asynccontextmanager
async def following(log: Log) -> AsyncIterator[Projection]:
    """A projection that has caught up and follows on."""
    projection = Projection(log, SHARDS)
    async with beside(projection.follow()):
        async with asyncio.timeout(10):
            while not projection.caught_up:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0)
        yield projection


STORY: list[Outgoing] = [
    *(said(standing(scope, "2017-Q3", 1)) for scope in ("company", "team:west", "rep:zoe", "rep:bob", "unassigned")),
    *(said(standing(scope, period)) for scope in ("rep:max", "rep:zoe") for period in ("2017-09", "2017-09-15")),
    said(standing("rep:zoe", "2017-08")),
    said(standing("team:east", "FY2018-Q2")),
    said(standing("rep:gone", "2017-Q3")),
    said(transition("team:west|2017-Q3", 1, "firing", 3)),
    said(transition("rep:zoe|2017-Q3", 1, "firing", 2)),
    said(transition("rep:bob|2017-Q2", 1, "firing", 1)),
    said(transition("rep:bob|2017-Q2", 2, "resolved", 4)),
]


async def told() -> FakeLog:
    """A log that carries the plan and the story."""
    log = FakeLog()
    await log.declare((*topics.ALL, *tables.ALL), SHARDS)
    await write(log, [PLAN, *STORY])
    return log


@asynccontextmanager
async def api(*tokens: str, metrics: Metrics | None = None) -> AsyncIterator[Ask]:
    """Asks an API about the story."""
    async with following(await told()) as projection, asking(Memory(projection), *tokens, metrics=metrics) as ask:
        yield ask
