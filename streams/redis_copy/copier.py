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
from streams.redis_copy.layout import ALERTS, FLOOR, HEAD, KEYS, STANDINGS, VERSION, Head, Progress, fields, moment
from streams.redis_copy.server import RedisServer
from streams.serving.latest import KEPT_ALERTS, Latest, Said
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
        head, shards = Head.of(await self._redis.look(scripts.LOOK, KEYS)), self._projection.shards
        if head is not None and (head.log, head.shards) == (self._log, shards) and head.revision >= plan.revision:
            return head
        if await self._redis.run(scripts.BEGIN, KEYS, self._log, shards, int(head is None)):
            held = "a damaged one" if head is None else "that of another log" if head.log else "none"
            level = logging.INFO if held == "none" else logging.WARNING
            logger.log(level, "a copy is begun in Redis, which held %s", held)
        await self._redis.run(scripts.PLAN, KEYS[:2], self._log, plan.revision, json.encode(plan.plan))
        return Head.of(await self._redis.look(scripts.LOOK, KEYS))

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
        before, latest = head.progress(part.field), part.latest
        # One who has read less of the log than is in the copy has nothing to add to it, nor anything to take from it.
        if before is not None and (latest.position < before.seen or before[:2] == (part.edition, latest.position)):
            return
        drops = await self._drops(part, before)
        progress, end = _begun(before, part), latest.position
        said = latest.since(progress.position)
        for start in range(0, max(len(said), 1), AT_ONCE):
            step = said[start : start + AT_ONCE]
            position = end if start + AT_ONCE >= len(said) else step[-1].offset + 1
            after = progress._replace(position=position, seen=max(progress.seen, position))
            if not await self._put(part, before, after, plan, drops, step):
                return
            before, progress, drops = after, after, []

    async def _put(
        self,
        part: _Part,
        before: Progress | None,
        after: Progress,
        plan: PlanIndex,
        drops: list[bytes],
        step: list[Said],
    ) -> bool:
        shown = [each for said in step if part.shown(said.key) for each in (said.key, said.value)]
        progress = part.field, "" if before is None else str(before), str(after)
        told = self._log, plan.revision, *progress, *part.grows(), len(drops), *drops, *shown
        return await self._redis.run(scripts.PUT, (HEAD, part.hash), *told)

    async def _drops(self, part: _Part, before: Progress | None) -> list[bytes]:
        """The fields of the hash that are not wanted any more."""
        if before is None:
            return []
        if part.hash == STANDINGS:
            names = await self._redis.names(STANDINGS) if before.edition != part.edition else []
            mine = (name for name in names if self._shard(name.partition(b"|")[0]) == part.shard)
            return [name for name in mine if not part.shown(name.decode())]
        held = sum(map(len, self._projection.alerts.partitions))
        # What ended and was forgotten before it was copied may still be firing there.
        if before.position >= part.latest.forgotten and await self._redis.size(ALERTS) <= ROOM * (held + KEPT_ALERTS):
            return []
        there = map(_transition, await self._redis.values(ALERTS))
        mine_there = (each for each in there if self._shard(each.scope.encode()) == part.shard)
        return [each.fingerprint.encode() for each in mine_there if each.fingerprint not in part.latest]

    def _shard(self, scope: bytes) -> int:
        return partition(scope, self._projection.shards)


def _begun(before: Progress | None, part: _Part) -> Progress:
    """From where on a partition is written: under another edition from the start, while what is there still serves."""
    if before is None:
        return Progress(part.edition, 0, part.latest.position, 0)
    if before.edition == part.edition:
        return before
    goal = 0 if before.complete else part.latest.position
    return Progress(part.edition, 0, goal, before.seen)


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
