"""The gateway: facts that come over HTTP are in the log when it says that they are."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from aiohttp import web

from quota.facts import require_near
from streams.config import HORIZON_DAYS
from streams.gateway.reading import MAX_BODY, Received, Refused, Unreadable, read
from streams.log import Log, LogError, Outgoing
from streams.partitioner import partition
from streams.replay.lines import Fact
from streams.wall_clock import now
from streams.web.answers import answer, problem
from streams.web.doors import as_problems, come_again, healthy, log_answers, unwelcome
from streams.web.listening import LOGGER, Tokens

BODY_SECONDS = 30.0
"""For a body to come in."""
APPEND_SECONDS = 15.0
"""For an append: a client waits no longer for its answer than clients do."""
TURN_SECONDS = 10.0
"""For the appends before one's own; a log that hangs must not let requests pile up."""
OFFERS = "POST /events, GET /healthz and GET /readyz"


class Gateway:
    """Takes facts for a log that has been started."""

    def __init__(
        self, log: Log, shards: int, tokens: Tokens, turn: float = TURN_SECONDS, *, horizon: int = HORIZON_DAYS
    ) -> None:
        """Without tokens it speaks to this machine only; `turn` is how many seconds an append waits for its turn.

        Facts that lie more than `horizon` days ahead are refused.
        """
        self._horizon = horizon
        self._log, self._shards, self._tokens, self._turn = log, shards, tokens, turn
        self._appending = asyncio.Lock()

    def app(self) -> web.Application:
        """The application with all its routes."""
        app = web.Application(middlewares=[as_problems("gateway", OFFERS, MAX_BODY)], client_max_size=MAX_BODY)
        app.router.add_post("/events", self._events)
        app.router.add_options("/events", _handshake)
        app.router.add_get("/healthz", healthy)
        app.router.add_get("/readyz", self._ready)
        return app

    async def _events(self, request: web.Request) -> web.Response:
        refusal = unwelcome(request, self._tokens, "gateway") or _packed(request)
        if refusal is not None:
            return refusal
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await request.read()
        except TimeoutError:
            return problem(408, f"the body did not come within {BODY_SECONDS:g} s; send it again")
        except web.RequestPayloadError:
            return problem(400, "the body broke off, or its framing is wrong; send it again")
        try:
            near = partial(require_near, taken=int(now().timestamp() * 1000), days=self._horizon)
            received = read(list(request.headers.items()), body, near)
            await self._append([fact for fact in received.facts if isinstance(fact, Fact)])
        except Unreadable as error:
            return problem(error.status, str(error), field=error.field)
        except LogError as error:
            # The log's own words name paths and brokers; they are for the operator.
            LOGGER.warning("facts could not be appended: %s; clients are told to come again", error)
            return come_again("the log does not take facts now; send the request again, what is in already counts once")
        return _told(received)

    async def _append(self, facts: Sequence[Fact]) -> None:
        """Returns when they are durable; one append at a time, as one that fails ends those beside it on Kafka."""
        records = [Outgoing(fact.topic, partition(fact.key, self._shards), fact.key, fact.value) for fact in facts]
        if records:
            async with self._in_turn():
                try:
                    async with asyncio.timeout(APPEND_SECONDS):
                        await self._log.append(records)
                except TimeoutError:
                    raise LogError(f"the log has not answered within {APPEND_SECONDS:g} s") from None

    @asynccontextmanager
    async def _in_turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._turn):
                await self._appending.acquire()
        except TimeoutError:
            raise LogError(f"the log has not finished what came before within {self._turn:g} s") from None
        try:
            yield
        finally:
            self._appending.release()

    async def _ready(self, request: web.Request) -> web.Response:
        if await log_answers(self._log):
            return answer(200, {"ready": True})
        return come_again("the log does not answer; see that it is there")


def _told(received: Received) -> web.Response:
    refused = [
        {"index": index, "id": each.id, "reason": each.reason, "field": each.field}
        for index, each in enumerate(received.facts)
        if isinstance(each, Refused)
    ]
    accepted = len(received.facts) - len(refused)
    if refused and not accepted:
        return problem(422, "none of these facts can be used", accepted=0, refused=refused)
    return answer(207, {"accepted": accepted, "refused": refused}) if refused else answer(202, {"accepted": accepted})


def _packed(request: web.Request) -> web.Response | None:
    if request.headers.get("Content-Encoding", "identity").strip().lower() == "identity":
        return None
    return problem(415, "Content-Encoding: bodies are taken as they are; send without", field="Content-Encoding")


async def _handshake(request: web.Request) -> web.Response:
    """Consents to whoever asks: consent is no access (CloudEvents HTTP webhook, 4)."""
    headers = {"Allow": "OPTIONS, POST"}
    origin = request.headers.get("WebHook-Request-Origin")
    if origin is not None:
        headers |= {"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*"}
    return web.Response(headers=headers)
