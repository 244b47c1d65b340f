"""What a worker opens beside its work: the API, the projection that it answers from, and the copy in Redis."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field

from quota.errors import Unavailable
from streams.api.server import Api
from streams.api.source import Memory
from streams.log import LogError
from streams.metrics.unmetered import Metrics
from streams.redis_copy.copier import Copier
from streams.redis_copy.server import RedisServer
from streams.serving.projection import Projection
from streams.web.listening import Address, Tokens, serving

logger = logging.getLogger(__name__)
DEFAULT = Address("127.0.0.1", 8090)
GRACE_SECONDS = 1.0
"""For questions under way when a worker stops, which still has to flush."""
ROUND_SECONDS = 0.5
"""Between two looks whether Redis holds everything."""
FIRST_WAIT, LONGEST_WAIT = 0.5, 5.0
"""Seconds before something that failed is tried again: twice as many each time."""


@dataclass(frozen=True)
class Windows:
    """Where the API listens (None: nowhere), who may ask, and the Redis that gets a copy (empty: none).

    With `elsewhere` an address that is taken is left to whoever has it, and any free port is used.
    """

    address: Address | None
    tokens: Tokens
    redis: str = field(default="", repr=False)
    elsewhere: bool = False
    metrics: Metrics | None = None


@asynccontextmanager
async def opened(
    windows: Windows, projection: Projection, owned: Callable[[], Iterable[int]]
) -> AsyncIterator[Address | None]:
    """The address of the API while the context lasts; raises AddressTaken.

    `owned` gives the partitions that this worker writes to Redis. Whatever fails in here is logged and tried again: it
    never stops the worker.
    """
    async with AsyncExitStack() as stack:
        at = None
        if windows.address is not None:
            api = Api(Memory(projection), windows.tokens, windows.metrics)
            door = serving(api.app(), windows.address, elsewhere=windows.elsewhere, grace=GRACE_SECONDS)
            at = await stack.enter_async_context(door)
        if windows.address is not None or windows.redis:
            await stack.enter_async_context(beside(kept_up("following what stands", projection.follow)))
        if windows.redis:
            redis = RedisServer(windows.redis)
            stack.push_async_callback(redis.close)
            copier = Copier(redis, projection, owned)
            await stack.enter_async_context(beside(kept_up("the copy in Redis", lambda: rounds(copier))))
        yield at


@asynccontextmanager
async def beside(work: Awaitable[None]) -> AsyncIterator[None]:
    """Lets the work go on while the context lasts."""
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def rounds(copier: Copier) -> None:
    """Keeps the copy, for ever; raises Unavailable."""
    while True:
        await copier.round()
        await asyncio.sleep(ROUND_SECONDS)


async def kept_up(what: str, work: Callable[[], Awaitable[None]]) -> None:
    """Does the work for ever, and again when it fails."""
    wait, loop = FIRST_WAIT, asyncio.get_running_loop()
    while True:
        started = loop.time()
        try:
            await work()
        except (LogError, Unavailable) as error:
            logger.warning("%s: %s; it is tried again", what, error)
        except Exception:
            logger.exception("%s failed and is tried again; the worker goes on", what)
        wait = FIRST_WAIT if loop.time() - started > LONGEST_WAIT else min(2 * wait, LONGEST_WAIT)
        await asyncio.sleep(wait)
