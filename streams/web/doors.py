"""What the doors of all our servers have in common: who is let in, what an error says, and whether the log answers."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from streams import topics
from streams.log import Log, Spot
from streams.web.answers import answer, problem
from streams.web.listening import LOGGER, Tokens, is_local

RETRY_SECONDS = 5
"""When a client is asked to come again."""
READY_SECONDS = 5.0
"""For the log to answer."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def unwelcome(request: web.Request, tokens: Tokens, server: str) -> web.Response | None:
    """The refusal of a request that does not say one of the tokens, or without any does not come from this machine."""
    if not tokens.known:
        if is_local(request.headers.get("Host", "")):
            return None
        return problem(403, f"without a token this {server} is for clients on its own machine, by the name localhost")
    if tokens.admit(request.headers.get("Authorization")):
        return None
    detail = f"send one of the {server}'s tokens: Authorization: Bearer TOKEN"
    return problem(401, detail, headers={"WWW-Authenticate": 'Bearer realm="quotaflow"'})


def come_again(detail: str) -> web.Response:
    """The answer when it is not the client's fault."""
    return problem(503, detail, headers={"Retry-After": str(RETRY_SECONDS)})


def as_problems(server: str, offers: str, largest: int) -> Middleware:
    """A middleware: whatever a handler raises becomes an answer that repeats nothing of the request."""

    @web.middleware
    async def caught(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPRequestEntityTooLarge:
            return problem(413, f"the body has more than {largest} bytes; send several requests")
        except web.HTTPException as error:
            allowed = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
            return problem(error.status, f"there is {offers}", headers=allowed)
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 - told without its text, which may be a piece of the request
            at = traceback.extract_tb(error.__traceback__)[-1]
            LOGGER.error("a request could not be handled: %s in %s:%s", type(error).__name__, at.filename, at.lineno)
            return problem(500, f"this should not happen; the {server}'s log says where it did")

    return caught


async def healthy(request: web.Request) -> web.Response:
    """The answer of a process that runs."""
    return answer(200, {"healthy": True})


async def log_answers(log: Log) -> bool:
    """Whether the log answers in time."""
    try:
        async with asyncio.timeout(READY_SECONDS):
            await log.ends([Spot(topics.DEALS.name, 0)])
    except Exception:  # noqa: BLE001 - whatever keeps the log from answering, it is not ready
        return False
    return True
