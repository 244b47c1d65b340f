"""HTTP as aiohttp speaks it, but for three things.

Its answers to what is no HTTP, and to an Expect that it does not know, would repeat that, tokens included; as it stops
it would drop what is still to come of requests under way; and it would take connections until the process has no file
descriptor left.
"""

import asyncio
import resource
from typing import cast

from aiohttp import web

from streams.web.answers import problem

MOST_CONNECTIONS = 1000
"""Open at once, where the process may have twice as many file descriptors."""
BACKLOG = 128
"""Connections that wait in the system until they are taken."""
WARNING_SECONDS = 60.0
"""Between two warnings that there are too many connections."""


def most_connections() -> int:
    """How many connections may be open at once: half of what the process may open, for it opens other things too."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return MOST_CONNECTIONS if limit == resource.RLIM_INFINITY else min(MOST_CONNECTIONS, limit // 2)


class Protocol(web.RequestHandler):
    """A connection."""

    __slots__ = ()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begins to serve it, or closes it at once where there are too many."""
        if isinstance(self._manager, _Server) and self._manager.full():
            cast(asyncio.Transport, transport).abort()
        else:
            super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Takes the rest of a request under way, also after the server was told to stop."""
        stopping = self._close, self._force_close
        if any(stopping) and self._current_request is not None:
            self._close = self._force_close = False
            super().data_received(data)
            self._close, self._force_close = stopping
        else:
            super().data_received(data)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """A problem of RFC 9457 that says no more than the status and where to look."""
        super().handle_error(request, status, exc, message)
        answer = problem(status, "this is no HTTP request that can be read; see its first line and its headers")
        answer.force_close()
        return answer


class _Server(web.Server):
    _most = MOST_CONNECTIONS
    _quiet_until = 0.0

    def full(self) -> bool:
        """Whether there are as many connections as there may be, of which the operator is told now and then."""
        if len(self._connections) < self._most:
            return False
        if self._loop.time() >= self._quiet_until:
            self._quiet_until = self._loop.time() + WARNING_SECONDS
            told = "%d connections are open, which is the most there may be; others are closed at once"
            self._kwargs["logger"].warning(told, self._most)
        return True

    def __call__(self) -> Protocol:
        return Protocol(self, loop=self._loop, **self._kwargs)


class Runner(web.AppRunner):
    """Runs an app on connections of ours."""

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        loop, settings = made._loop, made._kwargs  # noqa: SLF001 - aiohttp gives no public way to them

        async def handled(request: web.BaseRequest) -> web.StreamResponse:
            try:
                return await made.request_handler(request)
            except web.HTTPExpectationFailed:  # raised before the app's own middlewares
                return problem(
                    417, "Expect: nothing but 100-continue can be expected here; send without", field="Expect"
                )

        server = _Server(handled, request_factory=made.request_factory, loop=loop, **settings)
        server._most = most_connections()  # noqa: SLF001 - ours
        return server

    async def listen(self, host: str, port: int) -> None:
        """Takes connections there; raises OSError.

        In one turn of the loop asyncio takes as many as it is told may wait in the system. One too many is open for
        some turns before it is closed, so few are taken in a turn where there are few file descriptors.
        """
        site = web.TCPSite(self, host, port, backlog=max(1, min(BACKLOG, most_connections() // 8)))
        await site.start()
        for taking in cast(asyncio.Server, site._server).sockets:  # noqa: SLF001 - same
            with taking.dup() as same:
                same.listen(BACKLOG)
