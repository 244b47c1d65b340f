"""A receiver of webhooks that checks signatures with the official library, and answers as it is told to."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Receiver:
    """What came, in order; `behave` has one behaviour per request, and then answers 200."""

    url: str = ""
    secret: str = SECRET
    behave: list[Behaviour] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    said: list[Any] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Raises what the official library raises for a request that is not signed as it should be."""
        body = await request.read()
        self.said.append(Webhook(self.secret).verify(body, dict(request.headers)))
        self.ids.append(request.headers["webhook-id"])
        self.came.set()
        return await self.behave.pop(0)(request) if self.behave else web.Response()

    async def until(self, count: int) -> None:
        """Returns once so many requests have come."""
        async with asyncio.timeout(20):
            while len(self.ids) < count:
                self.came.clear()
                await self.came.wait()


def answers(status: int, **headers: str) -> Behaviour:
    """A behaviour."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={name.replace("_", "-"): said for name, said in headers.items()})

    return answer


async def hangs(request: web.Request) -> web.StreamResponse:
    """A behaviour: nothing ever comes back."""
    await asyncio.Event().wait()
    raise AssertionError


async def dies(request: web.Request) -> web.StreamResponse:
    """A behaviour: the connection is gone as soon as everything was read."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def babbles(request: web.Request) -> web.StreamResponse:
    """A behaviour: 200, and a body without an end."""
    response = web.StreamResponse()
    await response.prepare(request)
    try:
        while True:
            await response.write(b"x" * 65536)
    except ConnectionError:
        return response


@asynccontextmanager
async def receiving(secret: str = SECRET) -> AsyncIterator[Receiver]:
    """A receiver on a port of its own."""
    receiver = Receiver(secret=secret)
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()
