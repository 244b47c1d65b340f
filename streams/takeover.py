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
from streams.log import Log, LogError, Spot
from streams.plan_reader import Plans
from streams.shard import Reader
from streams.stores.shelf import Shelf
from streams.topology import Arrow, flow, place

_decode_mark = json.Decoder(Mark).decode


async def take_clock(log: Log, shards: int) -> dict[str, Reader]:
    """The clock as its last flush left it; raises LogError where its mark is lost."""
    marks = _marks(await LogTables(log, 0).entries(tables.CLOCK_MARKS))
    spot = Spot(topics.CONTROL.name, 0)
    committed = (await log.committed([spot])).get(spot, 0)
    clock = Clock(shards, _mark(marks, spot, committed, None))
    clock.position = max(clock.position, committed)
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

    A `shelf` holds exactly what the tables hold: then they are read from there, and large ones stay there. Raises
    LogError where a mark is lost, and StoreDamaged where it is the shelf that lacks it.
    """
    source: Source = LogTables(log, shard) if shelf is None else ShelfTables(shelf, shard)
    marks = _marks(await source.entries(tables.MARKS))
    spots = [Spot(arrow.reads.name, shard) for arrow in arrows]
    committed = await log.committed(spots)
    found = {spot.topic: _mark(marks, spot, committed.get(spot, 0), shelf) for spot in spots}
    hops: dict[str, Hop] = {}
    for arrow, spot in zip(arrows, spots, strict=True):
        mark = found[spot.topic]
        stage = arrow.stage(place(arrow, shard, shards))
        await source.fill(stage, arrow.tables, await _plan(plans, mark.revision), mark.tick)
        hops[arrow.reads.name] = hop = Hop(stage.place, flow(arrow, arrows, stage.place), stage, mark, plans.get)
        hop.position = max(hop.position, committed.get(spot, 0))
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


def _mark(marks: Mapping[str, Mark], spot: Spot, committed: int, shelf: Shelf | None) -> Mark:
    """The mark of a reader; an empty one only where nothing was read, for a flush stores mark and position at once."""
    found = marks.get(spot.topic)
    if found is not None or not committed:
        return found or Mark(spot.topic)
    lost = f"there is no mark of {spot.topic}, which was read up to {committed}"
    if shelf is not None:
        raise shelf.damaged(f"{lost} (if the new one says so too, the log lacks it: use `quotaflow copy`)")
    message = f"{lost}: the log has lost a part of its tables; `quotaflow copy` makes a whole one from its facts"
    raise LogError(message)
