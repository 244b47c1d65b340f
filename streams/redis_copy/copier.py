"""Keeps the copy in Redis: a worker writes the partitions that it owns, whatever became of Redis."""

import logging
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from hashlib import sha256
from typing import NamedTuple

from msgspec import json

from quota.plans import PlanIndex
from schemas.alerts import Transition
from streams.log import Log
from streams.partitioner import partition
from streams.plan_reader import SPOT
from streams.redis_copy import scripts
from streams.redis_copy.layout import ALERTS, FLOOR, HEAD, PLAN, STANDINGS, VERSION, Head, Progress, fields, moment
from streams.redis_copy.server import RedisServer
from streams.serving.latest import KEPT_ALERTS, Latest, order
from streams.serving.projection import Projection
from streams.serving.standings import is_period

logger = logging.getLogger(__name__)
AT_ONCE = 500
"""Records that are written in one step, in which Redis does nothing else."""
ROOM = 2
"""Alerts in Redis for each that is kept, before those that are not are looked for."""
_transition = json.Decoder(Transition).decode


class _Part(NamedTuple):
    """What of the copy is written together: a shard's standings, or its alerts."""

    hash: str
    shard: int
    field: str
    edition: int
    latest: Latest
    grows: Callable[[], tuple[str, str]]
    shown: Callable[[str], bool]


class Copier:
    """Writes what a projection holds of the partitions that are this worker's.

    It remembers nothing: each round looks how far the copy is and goes on from there, so that a Redis that was emptied,
    set back or written by another worker is filled in the same way as one that lacks the last second.
    """

    def __init__(self, redis: RedisServer, projection: Projection, owned: Callable[[], Iterable[int]]) -> None:
        """`owned` gives the numbers of the partitions that are this worker's now."""
        self._redis, self._projection, self._owned = redis, projection, owned
        self._log = ""

    async def round(self) -> None:
        """Brings the copy up to what the projection holds now; raises Unavailable."""
        plan = self._projection.plan
        if not self._projection.caught_up or plan is None:
            return
        head = await self._head(plan)
        # A worker whose plan is older has nothing to say about scopes; it will hear of the newer one.
        if head is None or head.revision != plan.revision:
            return
        for shard in sorted({*self._owned()} & {*range(self._projection.shards)}):
            await self._write(self._standings(shard, plan), head, plan)
            await self._write(self._alerts(shard), head, plan)

    async def _head(self, plan: PlanIndex) -> Head | None:
        """The head of a copy of our log that has our plan or a newer one; None without a log to name."""
        self._log = self._log or await log_id(self._projection.log)
        if not self._log:
            return None
        head = Head.of(await self._redis.hash(HEAD))
        if head.log == self._log and head.revision >= plan.revision:
            return head
        keys = (HEAD, PLAN, STANDINGS, ALERTS)
        if await self._redis.run(scripts.BEGIN, keys, self._log, self._projection.shards):
            level = logging.WARNING if head.log else logging.INFO
            logger.log(level, "a copy is begun in Redis, which held %s", "that of another log" if head.log else "none")
        await self._redis.run(scripts.PLAN, keys[:2], self._log, plan.revision, json.encode(plan.plan))
        return Head.of(await self._redis.hash(HEAD))

    def _standings(self, shard: int, plan: PlanIndex) -> _Part:
        def grows() -> tuple[str, str]:
            return f"as_of:{shard}", moment(self._projection.moment(shard))

        latest = self._projection.standings[shard]
        return _Part(STANDINGS, shard, fields(shard)[0], plan.revision, latest, grows, partial(_stands, plan=plan))

    def _alerts(self, shard: int) -> _Part:
        held = self._projection.alerts
        # What a plan does not have any more was ended when it came into force, and is an alert that ended.
        return _Part(ALERTS, shard, fields(shard)[1], 0, held.partitions[shard], lambda: (FLOOR, held.floor), bool)

    async def _write(self, part: _Part, head: Head, plan: PlanIndex) -> None:
        """Writes what was said since the copy was written last, step by step, unless another worker writes too."""
        before = head.progress(part.field)
        drops = await self._drops(part, before, head)
        begun = before is not None and (before.edition == part.edition or before.complete)
        goal = 0 if begun else part.latest.position
        progress = before if before is not None and before.edition == part.edition else Progress(part.edition, 0, goal)
        said, start = part.latest.since(progress.position), 0
        if before == progress and not said and not drops:
            return
        while True:
            step, start = said[start : start + AT_ONCE], start + AT_ONCE
            after = progress._replace(position=step[-1].offset + 1) if step else progress
            shown = [each for one in step if part.shown(one.key) for each in (one.key, one.value)]
            expected = "" if before is None else str(before)
            told = self._log, plan.revision, part.field, expected, str(after), *part.grows(), len(drops), *drops, *shown
            if not await self._redis.run(scripts.PUT, (HEAD, part.hash), *told) or start >= len(said):
                return
            before, progress, drops = after, after, []

    async def _drops(self, part: _Part, before: Progress | None, head: Head) -> list[bytes]:
        """The fields of the hash that are not wanted any more."""
        if part.hash == STANDINGS:
            if before is None or before.edition == part.edition:
                return []
            names = await self._redis.names(STANDINGS)
            mine = (name for name in names if self._shard(name.partition(b"|")[0]) == part.shard)
            return [name for name in mine if not part.shown(name.decode())]
        if await self._redis.size(ALERTS) <= ROOM * (sum(map(len, self._projection.alerts.partitions)) + KEPT_ALERTS):
            return []
        ended = [each for each in map(_transition, await self._redis.values(ALERTS)) if each.transition != "firing"]
        return [
            each.fingerprint.encode()
            for each in ended
            if order(each) < head.floor and self._shard(each.scope.encode()) == part.shard
        ]

    def _shard(self, scope: bytes) -> int:
        return partition(scope, self._projection.shards)


def _stands(name: str, plan: PlanIndex) -> bool:
    """Whether the plan has the scope and the period of a standing."""
    scope, _, period = name.partition("|")
    return scope in _scopes(plan) and is_period(scope, period, plan)


@lru_cache(maxsize=2)
def _scopes(plan: PlanIndex) -> frozenset[str]:
    return frozenset(plan.scopes)


async def log_id(log: Log) -> str:
    """What tells a log from every other: the first record of its first plan; empty before there is one."""
    async for chunk in log.read(SPOT, 0, 1):
        first = chunk[0]
        said = b"%d|%b|%b" % (first.timestamp, first.key or b"", first.value or b"")
        return f"v{VERSION}-{sha256(said).hexdigest()[:32]}"
    return ""
