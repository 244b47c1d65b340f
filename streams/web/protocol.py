"""HTTP as aiohttp speaks it, but for its answers to what is no HTTP: these would repeat it, tokens included."""

from aiohttp import web

from streams.web.answers import problem


class Protocol(web.RequestHandler):
    """A connection."""

    __slots__ = ()

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
