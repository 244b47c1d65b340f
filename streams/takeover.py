"""Taking over a shard: shut out, read, then run (docs/adr/0004)."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from math import inf

from msgspec import json

from quota.plans import PlanIndex
from schemas.marks import Mark
from streams import tables, topics
from streams.clock import Clock
from streams.config import HORIZON_DAYS
from streams.filling import Entry, LogTables, ShelfTables, Source
from streams.hop import AHEAD, Hop
from streams.log import Log, Spot
from streams.plan_reader import Plans
from streams.shard import Reader
from streams.stores.shelf import Shelf
from streams.topology import Arrow, flow, place

_decode_mark = json.Decoder(Mark).decode


async def take_clock(log: Log, shards: int) -> dict[str, Reader]:
    """The clock as its last flush left it."""
    marks = _marks(await LogTables(log, 0).entries(tables.CLOCK_MARKS))
    spot = Spot(topics.CONTROL.name, 0)
    clock = Clock(shards, marks.get(spot.topic, Mark(spot.topic)))
    clock.position = max(clock.position, (await log.committed([spot])).get(spot, 0))
    return {spot.topic: clock}


async def take_hops(
    log: Log,
    arrows: Sequence[Arrow],
    shard: int,
    shards: int,
    plans: Plans,
    shelf: Shelf | None = None,
    *,
    horizon: int = HORIZON_DAYS,
) -> dict[str, Reader]:
    """Every agent's reader of this shard, with its tables loaded and what is derived recomputed; `horizon` in days.

    A `shelf` holds exactly what the tables hold: then they are read from there, and large ones stay there.
    """
    source: Source = LogTables(log, shard) if shelf is None else ShelfTables(shelf, shard)
    marks = _marks(await source.entries(tables.MARKS))
    committed = await log.committed(Spot(arrow.reads.name, shard) for arrow in arrows)
    hops: dict[str, Hop] = {}
    for arrow in arrows:
        mark = marks.get(arrow.reads.name, Mark(arrow.reads.name))
        stage = arrow.stage(place(arrow, shard, shards))
        await source.fill(stage, arrow.tables, await _plan(plans, mark.revision), mark.tick)
        hops[arrow.reads.name] = hop = Hop(stage.place, flow(arrow, arrows, stage.place), stage, mark, plans.get)
        hop.position = max(hop.position, committed.get(Spot(arrow.reads.name, shard), 0))
        hop.horizon = horizon
    _bind(hops)
    return {**hops}


async def _plan(plans: Plans, revision: int) -> PlanIndex | None:
    return await plans.wait(revision) if revision else None


def _bind(hops: Mapping[str, Hop]) -> None:
    """Sources wait when they are too many ticks ahead of what their own shard's credits have completed."""
    for topic in topics.SOURCES:
        hops[topic.name].limit = partial(_limit, hops[topic.name], hops[topics.CREDITS.name])


def _limit(source: Hop, credited: Hop) -> float:
    # Who has been followed is not ahead: the next tick's number may be far off, for control carries other records too.
    return inf if credited.tick >= source.tick else credited.tick + AHEAD


def _marks(entries: Iterable[Entry]) -> dict[str, Mark]:
    found = [_decode_mark(value) for _, value in entries]
    return {mark.topic: mark for mark in found}
