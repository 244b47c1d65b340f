"""A client of a gateway on a port of its own."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from streams.gateway.server import TURN_SECONDS, Gateway
from streams.log import Log
from streams.web.listening import Address, Tokens, serving
from tests.streams.gateway.sending import Request

SHARDS = 3


@asynccontextmanager
async def gateway(log: Log, *tokens: str, turn: float = TURN_SECONDS) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of a gateway to the log."""
    app = Gateway(log, SHARDS, Tokens(tuple(token.encode() for token in tokens)), turn).app()
    async with serving(app, Address("127.0.0.1", 0)) as at, aiohttp.ClientSession(at.url) as client:
        yield client


async def posted(client: aiohttp.ClientSession, said: Request, **headers: str) -> tuple[int, Any]:
    async with client.post("/events", data=io.BytesIO(said[1]), headers=[*said[0], *headers.items()]) as answer:
        return answer.status, await answer.json(content_type=None)
