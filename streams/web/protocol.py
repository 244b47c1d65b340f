"""HTTP as aiohttp speaks it, but for two things.

Its answers to what is no HTTP would repeat that, tokens included; and as it stops it would drop what is still to come
of requests under way.
"""

from aiohttp import web

from streams.web.answers import problem


class Protocol(web.RequestHandler):
    """A connection."""

    __slots__ = ()

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
    def __call__(self) -> Protocol:
        return Protocol(self, loop=self._loop, **self._kwargs)


class Runner(web.AppRunner):
    """Runs an app on connections of ours."""

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        loop, settings = made._loop, made._kwargs  # noqa: SLF001 - aiohttp gives no public way to them
        return _Server(made.request_handler, request_factory=made.request_factory, loop=loop, **settings)
