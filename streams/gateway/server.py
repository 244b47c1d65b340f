"""The gateway: facts that come over HTTP are in the log when it says that they are."""

import asyncio
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from aiohttp import web

from streams import topics
from streams.gateway.reading import MAX_BODY, Received, Refused, Unreadable, read
from streams.log import Log, LogError, Outgoing, Spot
from streams.partitioner import partition
from streams.replay.lines import Fact
from streams.web.answers import answer, problem
from streams.web.listening import LOGGER, Tokens, is_local

RETRY_SECONDS = 5
"""When a client is asked to come again."""
BODY_SECONDS = 30.0
"""For a body to come in."""
TURN_SECONDS = 10.0
"""For the appends before one's own; a log that hangs must not let requests pile up."""
READY_SECONDS = 5.0
"""For the log to answer."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Gateway:
    """Takes facts for a log that has been started."""

    def __init__(self, log: Log, shards: int, tokens: Tokens, turn: float = TURN_SECONDS) -> None:
        """Without tokens it speaks to this machine only; `turn` is how many seconds an append waits for its turn."""
        self._log, self._shards, self._tokens, self._turn = log, shards, tokens, turn
        self._appending = asyncio.Lock()

    def app(self) -> web.Application:
        """The application with all its routes."""
        app = web.Application(middlewares=[as_problems], client_max_size=MAX_BODY)
        app.router.add_post("/events", self._events)
        app.router.add_options("/events", _handshake)
        app.router.add_get("/healthz", _healthy)
        app.router.add_get("/readyz", self._ready)
        return app

    async def _events(self, request: web.Request) -> web.Response:
        refusal = self._unwelcome(request) or _packed(request)
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
            received = read(list(request.headers.items()), body)
            await self._append([fact for fact in received.facts if isinstance(fact, Fact)])
        except Unreadable as error:
            return problem(error.status, str(error), field=error.field)
        except LogError:
            # The log's own words name paths and brokers; they are for the operator.
            LOGGER.warning("facts could not be appended: the log did not take them; clients are told to come again")
            detail = "the log does not take facts now; send the request again, what is in already counts once"
            return problem(503, detail, headers={"Retry-After": str(RETRY_SECONDS)})
        return _told(received)

    def _unwelcome(self, request: web.Request) -> web.Response | None:
        if not self._tokens.known:
            if is_local(request.host):
                return None
            return problem(403, "without a token this gateway is for clients on its own machine, by the name localhost")
        if self._tokens.admit(request.headers.get("Authorization")):
            return None
        detail = "send one of the gateway's tokens: Authorization: Bearer TOKEN"
        return problem(401, detail, headers={"WWW-Authenticate": 'Bearer realm="quotaflow"'})

    async def _append(self, facts: Sequence[Fact]) -> None:
        """Returns when they are durable; one append at a time, as one that fails ends those beside it on Kafka."""
        records = [Outgoing(fact.topic, partition(fact.key, self._shards), fact.key, fact.value) for fact in facts]
        if records:
            async with self._in_turn():
                await self._log.append(records)

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
        try:
            async with asyncio.timeout(READY_SECONDS):
                await self._log.ends([Spot(topics.DEALS.name, 0)])
        except Exception:  # noqa: BLE001 - whatever keeps the log from answering, it is not ready
            detail = "the log does not answer; see that it is there"
            return problem(503, detail, headers={"Retry-After": str(RETRY_SECONDS)})
        return answer(200, {"ready": True})


@web.middleware
async def as_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever a handler raises becomes an answer that repeats nothing of the request."""
    try:
        return await handler(request)
    except web.HTTPRequestEntityTooLarge:
        return problem(413, f"the body has more than {MAX_BODY} bytes; send several requests")
    except web.HTTPException as error:
        allowed = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        return problem(error.status, "there is POST /events, GET /healthz and GET /readyz", headers=allowed)
    except ConnectionError:
        raise
    except Exception as error:  # noqa: BLE001 - told without its text, which may be a piece of the request
        at = traceback.extract_tb(error.__traceback__)[-1]
        LOGGER.error("a request could not be handled: %s in %s:%s", type(error).__name__, at.filename, at.lineno)
        return problem(500, "this should not happen; the gateway's log says where it did")


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


async def _healthy(request: web.Request) -> web.Response:
    return answer(200, {"healthy": True})
