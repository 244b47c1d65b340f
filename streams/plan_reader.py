"""The plan as every worker knows it: a group-less reader of all revisions."""

import asyncio
from collections import defaultdict
from collections.abc import Callable

from quota.plans import PlanIndex
from streams import topics
from streams.log import Log, Record, Spot
from streams.plans.records import MANIFEST, assemble

SPOT = Spot(topics.PLAN.name, 0)


class Plans:
    """Every complete revision, compiled; a revision exists once its manifest does."""

    def __init__(self, log: Log) -> None:
        """Knows nothing until it runs."""
        self._log = log
        self._parts: dict[int, list[Record]] = defaultdict(list)
        self._known: dict[int, PlanIndex] = {}
        self._news = asyncio.Condition()
        self.on_news: Callable[[], None] = lambda: None

    def get(self, revision: int) -> PlanIndex | None:
        """A revision's plan, or None while it is not complete."""
        return self._known.get(revision)

    @property
    def newest(self) -> int:
        """The highest complete revision, 0 when there is none."""
        return max(self._known, default=0)

    async def wait(self, revision: int) -> PlanIndex:
        """The plan of a revision, as soon as it is complete."""
        async with self._news:
            await self._news.wait_for(lambda: revision in self._known)
        return self._known[revision]

    async def read(self) -> int:
        """Reads what is there now and gives the offset after it."""
        end = 0
        async for chunk in self._log.read(SPOT):
            await self._note(chunk)
            end = chunk[-1].offset + 1
        return end

    async def follow(self, start: int) -> None:
        """Reads on for ever."""
        async for chunk in self._log.tail({SPOT: start}):
            await self._note(chunk)

    async def _note(self, chunk: list[Record]) -> None:
        for record in chunk:
            self._parts[_revision(record)].append(record)
        # Large plans come in many chunks: before the manifest, there is nothing to put together.
        for revision in sorted({_revision(record) for record in chunk if (record.key or b"").endswith(MANIFEST)}):
            values = [record.value for record in self._parts[revision] if record.value is not None]
            plan = assemble(values)
            if plan is not None:
                self._known[revision] = PlanIndex(plan)
                del self._parts[revision]
        async with self._news:
            self._news.notify_all()
        self.on_news()


def _revision(record: Record) -> int:
    return int((record.key or b"").split(b"/")[0])
