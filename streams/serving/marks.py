"""How far every shard's agents have come, as their last flush said."""

from msgspec import json

from quota.plans import PlanIndex
from schemas.marks import Mark
from streams import tables, topics
from streams.log import Log, Spot
from streams.plan_reader import Plans

_decode = json.Decoder(Mark).decode
_SOURCES = frozenset(topic.name for topic in topics.SOURCES)


async def marks(log: Log, shards: int) -> list[Mark]:
    """The marks of all shards; none before a worker has run."""
    found: dict[tuple[int, bytes | None], Mark] = {}
    for shard in range(shards):
        async for chunk in log.read(Spot(tables.MARKS.name, shard)):
            for record in chunk:
                if record.value:
                    found[shard, record.key] = _decode(record.value)
    return [*found.values()]


def in_force(plans: Plans, found: list[Mark]) -> PlanIndex:
    """The plan under which every shard computes what facts add: the oldest, while a change of plan is under way."""
    revision = min((mark.revision for mark in found if mark.topic in _SOURCES), default=0)
    plan = plans.get(revision or plans.newest)
    if plan is None:
        raise LookupError(f"shards compute under revision {revision} of the plan, which the plan topic does not hold")
    return plan
