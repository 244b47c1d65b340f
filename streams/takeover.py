"""Taking over a shard: shut out, read, then run (docs/adr/0004)."""

from collections.abc import Mapping, Sequence
from functools import partial
from math import inf

from msgspec import json

from quota.plans import PlanIndex
from schemas.marks import Mark
from streams import tables, topics
from streams.clock import Clock
from streams.config import HORIZON_DAYS
from streams.hop import AHEAD, Hop
from streams.log import Log, LogError, Spot, TopicSpec
from streams.plan_reader import Plans
from streams.shard import Reader
from streams.topology import Arrow, flow, place

_decode_mark = json.Decoder(Mark).decode


async def take_clock(log: Log, shards: int) -> dict[str, Reader]:
    """The clock as its last flush left it."""
    marks = await _marks(log, tables.CLOCK_MARKS, 0)
    spot = Spot(topics.CONTROL.name, 0)
    clock = Clock(shards, marks.get(spot.topic, Mark(spot.topic)))
    clock.position = max(clock.position, (await log.committed([spot])).get(spot, 0))
    return {spot.topic: clock}


async def take_hops(
    log: Log, arrows: Sequence[Arrow], shard: int, shards: int, plans: Plans, *, horizon: int = HORIZON_DAYS
) -> dict[str, Reader]:
    """Every agent's reader of this shard, with its tables loaded and what is derived recomputed; `horizon` in days."""
    marks = await _marks(log, tables.MARKS, shard)
    committed = await log.committed(Spot(arrow.reads.name, shard) for arrow in arrows)
    hops: dict[str, Hop] = {}
    for arrow in arrows:
        mark = marks.get(arrow.reads.name, Mark(arrow.reads.name))
        hops[arrow.reads.name] = hop = await _take_hop(log, arrow, arrows, (shard, shards), mark, plans)
        hop.position = max(hop.position, committed.get(Spot(arrow.reads.name, shard), 0))
        hop.horizon = horizon
    _bind(hops)
    return {**hops}


async def _take_hop(
    log: Log, arrow: Arrow, arrows: Sequence[Arrow], where: tuple[int, int], mark: Mark, plans: Plans
) -> Hop:
    at = place(arrow, *where)
    stage = arrow.stage(at)
    for table in arrow.tables:
        for key, value in (await _entries(log, Spot(table.name, at.shard))).items():
            stage.load(table.name, key, value)
    stage.install(await _plan(plans, mark.revision), mark.tick)
    return Hop(at, flow(arrow, arrows, at), stage, mark, plans.get)


async def _entries(log: Log, table: Spot) -> dict[bytes, bytes]:
    """The last value of every key that was not deleted; brokers give earlier ones too until they compact."""
    entries: dict[bytes, bytes] = {}
    async for chunk in log.read(table):
        for record in chunk:
            if record.key is not None and record.value is not None:
                entries[record.key] = record.value
            elif record.key is not None:
                entries.pop(record.key, None)
    return entries


async def _plan(plans: Plans, revision: int) -> PlanIndex | None:
    return await plans.wait(revision) if revision else None


def _bind(hops: Mapping[str, Hop]) -> None:
    """Sources wait when they are too many ticks ahead of what their own shard's credits have completed."""
    for topic in topics.SOURCES:
        hops[topic.name].limit = partial(_limit, hops[topic.name], hops[topics.CREDITS.name])


def _limit(source: Hop, credited: Hop) -> float:
    # Who has been followed is not ahead: the next tick's number may be far off, for control carries other records too.
    return inf if credited.tick >= source.tick else credited.tick + AHEAD


async def _marks(log: Log, table: TopicSpec, shard: int) -> dict[str, Mark]:
    marks = {}
    async for chunk in log.read(Spot(table.name, shard)):
        for record in chunk:
            if record.value is None:
                message = f"{table.name}[{shard}] holds a deleted mark: the log was changed by something else"
                raise LogError(message)
            mark = _decode_mark(record.value)
            marks[mark.topic] = mark
    return marks
