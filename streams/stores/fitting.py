"""Bringing a shard's store to the end of its log: by what is new there, or from the beginning."""

import logging
from collections.abc import Mapping, Sequence
from secrets import token_hex

from msgspec import json

from schemas.marks import Mark
from streams import tables
from streams.filling import require_no_mark
from streams.log import Log, Outgoing, Record, Spot
from streams.progress import STRIDE, Progress
from streams.stores.leavings import Meta
from streams.stores.shelf import Shelf
from streams.stores.stores import Stores

logger = logging.getLogger(__name__)

IDENTITY = b"identity"
"""The key under which a shard's marks say which log this is; written once, and never again."""


async def fit(shelf: Shelf, log: Log, shard: int, names: Sequence[str], stores: Stores) -> None:
    """Makes the store hold exactly what the named tables hold; its writer has shut out all others."""
    progress = Progress(shard)
    spots = {name: Spot(name, shard) for name in names}
    ends = {spot.topic: end for spot, end in (await log.ends(spots.values())).items()}
    starts = {spot.topic: start for spot, start in (await log.starts(spots.values())).items()}
    why = await _misfit(shelf.meta, log, shard, starts, ends)
    if why is None and shelf.meta is not None:
        if await _caught_up(
            shelf, shelf.meta, log, spots, ends, old=stores.clock() - shelf.meta.written > stores.behind
        ):
            return
        why = "it may have missed what was deleted"
    if shelf.meta is not None:
        logger.warning("shard %s: the store %s is built anew from the log: %s", shard, shelf.path, why)
    await _build(shelf, log, spots, progress)


async def _misfit(
    meta: Meta | None, log: Log, shard: int, starts: Mapping[str, int], ends: Mapping[str, int]
) -> str | None:
    """Why the store cannot be used, or None."""
    if meta is None:
        return "it is new"
    if meta.positions.keys() != ends.keys():
        return "it has other tables"
    if any(meta.positions[name] > end for name, end in ends.items()):
        return "it is ahead of the log, so it belongs to another one"
    if any(meta.positions[name] < start for name, start in starts.items()):
        return "it is older than the log's first record"
    async for chunk in log.read(Spot(tables.MARKS.name, shard), meta.place, meta.place + 1):
        if any((record.key, record.value) == (IDENTITY, meta.identity) for record in chunk):
            return None
    return "it belongs to another log"


async def _caught_up(
    shelf: Shelf, meta: Meta, log: Log, spots: Mapping[str, Spot], ends: Mapping[str, int], *, old: bool
) -> bool:
    """Reads what is new; False if there is something and the store is too old for it."""
    positions = dict(meta.positions)
    for name, spot in spots.items():
        # On Kafka a marker of the last transaction stands behind the last record.
        if positions[name] == ends[name]:
            continue
        async for chunk in log.read(spot, positions[name], ends[name]):
            if old:
                return False
            shelf.put(_entries(chunk))
            positions[name] = max(positions[name], *(record.offset + 1 for record in chunk))
    if positions != meta.positions:
        shelf.note(meta.identity, meta.place, positions)
    return True


async def _build(shelf: Shelf, log: Log, spots: Mapping[str, Spot], progress: Progress) -> None:
    shelf.empty()
    identity, place = await _identity(log, spots[tables.MARKS.name])
    ends = await log.ends(spots.values())
    for name, spot in spots.items():
        count = 0
        async for chunk in log.read(spot, 0, ends[spot]):
            shelf.put(_entries(chunk))
            count += len(chunk)
            if count > STRIDE:
                await progress.breathe(count, f"records of {name} stored")
    shelf.note(identity, place, {spot.topic: end for spot, end in ends.items()})


def _entries(chunk: Sequence[Record]) -> list[tuple[str, bytes, bytes | None]]:
    for record in chunk:
        if record.value is None:
            require_no_mark(record)
    return [(record.topic, record.key, record.value) for record in chunk if record.key is not None]


async def _identity(log: Log, marks: Spot) -> tuple[bytes, int]:
    """The record that tells this log from every other, and where it stands; made where there is none."""
    found: tuple[bytes, int] | None = None
    async for chunk in log.read(marks):
        for record in chunk:
            if record.key == IDENTITY and record.value is not None:
                found = record.value, record.offset
    if found is None:
        value = json.encode(Mark(f"identity/{token_hex(16)}"))
        (offset,) = await log.append([Outgoing(*marks, IDENTITY, value)])
        found = value, offset
    return found
