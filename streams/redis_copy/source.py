"""The API's source in a process that has no log: the copy in Redis."""

import asyncio
from collections.abc import Sequence

from msgspec import json

from quota.plans import PlanIndex
from schemas.plan import Plan
from streams.api.source import Alerts, NotReady, View
from streams.redis_copy import scripts
from streams.redis_copy.layout import ALERTS, KEYS, PLAN, STANDINGS, Head
from streams.redis_copy.server import RedisServer

FILLING = "the copy in Redis is not complete; a worker fills it, come again in a moment"
_plan = json.Decoder(Plan).decode


class RedisSource:
    """Answers from what workers have written."""

    def __init__(self, redis: RedisServer) -> None:
        """Asks Redis again for each question, but for the plan, which is kept as long as it is the newest."""
        self._redis = redis
        self._plan: tuple[str, PlanIndex] | None = None
        self._compiling = asyncio.Lock()

    async def view(self) -> View:
        """What questions are read by; raises NotReady, or Unavailable when Redis does not answer."""
        head = await self._head()
        return View(await self._planned(head), head.as_of)

    async def standings(self, names: Sequence[tuple[str, str]]) -> list[bytes | None]:
        """The last standing of each scope and period id, as it stands in the log."""
        found = await self._redis.some(STANDINGS, [f"{scope}|{period}" for scope, period in names])
        if None in found:
            # It does not stand, or was lost since the head was looked at.
            await self._head()
        return found

    async def alerts(self) -> Alerts:
        """The last transition of every alert that is kept, and of some that are not."""
        values = await self._redis.values(ALERTS)
        return Alerts(values, (await self._head()).floor)

    async def ready(self) -> None:
        """Returns when Redis answers and the copy is complete."""
        await self._head()

    async def _head(self) -> Head:
        head = Head.of(await self._redis.look(scripts.LOOK, KEYS))
        if head is None or not head.complete or not head.revision:
            raise NotReady(FILLING)
        return head

    async def _planned(self, head: Head) -> PlanIndex:
        name = f"{head.log}/{head.revision}"
        async with self._compiling:
            if self._plan is None or self._plan[0] != name:
                value = await self._redis.get(PLAN)
                if value is None:
                    raise NotReady(FILLING)
                self._plan = name, PlanIndex(_plan(value))
            return self._plan[1]
