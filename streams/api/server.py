"""The API as an application: its routes, who is let in, and what goes wrong."""

from aiohttp import web

from quota.errors import Unavailable
from streams.api import documents, questions
from streams.api.questions import Wrong, parameters
from streams.api.source import Source
from streams.metrics.exposition import CONTENT_TYPE
from streams.metrics.unmetered import Metrics
from streams.web.answers import answer, problem
from streams.web.doors import Handler, as_problems, come_again, healthy, unwelcome
from streams.web.listening import Tokens

PLACES = ("/api/v1/standings", "/api/v1/standings/{scope}", "/api/v1/alerts", "/healthz", "/readyz")
OPEN = frozenset({"/healthz", "/readyz"})
"""Paths that need no token."""
LARGEST = 1024
"""Bytes of a body, of which no request needs any."""
NOT_KEPT = {"Cache-Control": "no-store"}


class Api:
    """Answers questions from a source."""

    def __init__(self, source: Source, tokens: Tokens, metrics: Metrics | None = None) -> None:
        """Without tokens it speaks to this machine only; `metrics` gives the body of GET /metrics."""
        self._source, self._tokens, self._metrics = source, tokens, metrics

    def app(self) -> web.Application:
        """The application with all its routes."""
        places = [*PLACES, "/metrics"] if self._metrics else [*PLACES]
        offers = f"{', '.join(f'GET {place}' for place in places[:-1])} and GET {places[-1]}"
        guards = [as_problems("server", offers, LARGEST), self._admission, _unavailable]
        app = web.Application(middlewares=guards, client_max_size=LARGEST)
        app.router.add_get("/api/v1/standings", self._of_level)
        app.router.add_get("/api/v1/standings/{scope}", self._of_scope)
        app.router.add_get("/api/v1/alerts", self._alerts)
        app.router.add_get("/healthz", healthy)
        app.router.add_get("/readyz", self._ready)
        if self._metrics:
            app.router.add_get("/metrics", self._measured)
        return app

    @web.middleware
    async def _admission(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        refusal = None if request.path in OPEN else unwelcome(request, self._tokens, "server")
        return await handler(request) if refusal is None else refusal

    async def _of_level(self, request: web.Request) -> web.Response:
        asked, view = parameters(request.query, "level", "period"), await self._source.view()
        values = await self._source.standings(questions.of_level(asked, view))
        return _told(await documents.standings(values, view.plan))

    async def _of_scope(self, request: web.Request) -> web.Response:
        asked, view = parameters(request.query, "period"), await self._source.view()
        values = await self._source.standings(questions.of_scope(request.match_info["scope"], asked, view))
        if "period" not in asked:
            return _told(await documents.standings(values, view.plan))
        if values[0] is None:
            raise Wrong(404, "nothing stands for the scope in this period yet", "period")
        return _told(documents.standing(values[0], view.plan))

    async def _alerts(self, request: web.Request) -> web.Response:
        asked, view = parameters(request.query, "scope", "state"), await self._source.view()
        return _told(documents.alerts(await self._source.alerts(), questions.of_alerts(asked, view)))

    async def _ready(self, request: web.Request) -> web.Response:
        await self._source.ready()
        return answer(200, {"ready": True})

    async def _measured(self, request: web.Request) -> web.Response:
        assert self._metrics is not None
        return web.Response(body=await self._metrics(), headers={"Content-Type": CONTENT_TYPE})


@web.middleware
async def _unavailable(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Wrong as error:
        return problem(error.status, str(error), field=error.field)
    except Unavailable as error:
        return come_again(str(error))


def _told(said: bytes) -> web.Response:
    return web.Response(body=said, content_type="application/json", headers=NOT_KEPT)
