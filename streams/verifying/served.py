"""What a shard serves as of its last complete tick: its standings, and the credits that it computes them from."""

from dataclasses import dataclass, field

from msgspec import json

from quota.credits import Cells
from schemas.control import PlanMarker, Tick
from schemas.credits import HeldCredit, Parts
from schemas.standings import Standing
from streams import tables, topics
from streams.log import Log, Record, Spot
from streams.serving.entities import entries
from streams.serving.standings import STANDING
from streams.verifying.verdict import Difference

TRIES = 20
"""Looks at a shard's credits until its standings stand still for as long as one takes."""
_standing = json.Decoder(Standing).decode
_said = json.Decoder(Tick | PlanMarker).decode
_held = json.Decoder(HeldCredit).decode
_CONTROLS = (b'{"type":"tick"', b'{"type":"plan_marker"')


@dataclass
class Served:
    """A shard: its last complete tick (-1: none), the last standing of every (scope, period), and its credits.

    Credits are as that tick sees them, by sender; None if they were written all the time.
    """

    shard: int
    tick: int = -1
    standings: dict[tuple[str, str], Standing] = field(default_factory=dict)
    credits: dict[str, Cells] | None = None
    unreadable: list[Difference] = field(default_factory=list)


async def served(log: Log, shard: int) -> Served:
    """What the shard serves now."""
    spot, found = Spot(topics.STANDINGS.name, shard), Served(shard)
    for _ in range(TRIES):
        before = await log.ends([spot])
        found = await _standings(log, spot, before.get(spot, 0))
        found.credits = await _credits(log, found)
        if await log.ends([spot]) == before:
            return found
    found.credits = None
    return found


async def _standings(log: Log, spot: Spot, end: int) -> Served:
    """A flush is read whole or not at all, so that the last tick in it is the one that the standings are as of."""
    found = Served(spot.partition)
    last: dict[bytes, bytes] = {}
    async for chunk in log.read(spot, 0, end):
        for record in chunk:
            if record.value is not None and record.value.startswith(STANDING):
                last[record.key or b""] = record.value
            found.tick = max(found.tick, _tick(record, spot.partition))
    for key, value in last.items():
        try:
            standing = _standing(value)
        except ValueError as error:
            found.unreadable.append(_unreadable("standing", key, error))
        else:
            found.standings[standing.scope, standing.period] = standing
    return found


def _tick(record: Record, shard: int) -> int:
    """The number of a tick that this shard has completed; -1 for anything else."""
    if not record.value or not record.value.startswith(_CONTROLS):
        return -1
    said = _said(record.value)
    return said.number if isinstance(said, Tick) and said.sender == f"standings/{shard}" else -1


async def _credits(log: Log, served: Served) -> dict[str, Cells]:
    found: dict[str, Cells] = {}
    for table in (tables.REP_QUOTAS, tables.TEAM_QUOTAS):
        async for key, value in entries(log, Spot(table.name, served.shard)):
            try:
                parts = _seen(value, served.tick)
                sender, scope, day = key.decode().split("|")
            except ValueError as error:
                served.unreadable.append(_unreadable("credit", key, error))
            else:
                if parts:
                    found.setdefault(sender, {})[scope, day] = parts
    return found


def _unreadable(kind: str, key: bytes, error: ValueError) -> Difference:
    return Difference(kind, key.decode(errors="replace").replace("|", " "), f"it cannot be read: {error}")


def _seen(value: bytes, tick: int) -> Parts:
    """What a tick sees of a cell: the last version that was said before it."""
    seen: Parts = {}
    for epoch, parts, _ in _held(value).versions:
        if epoch < tick:
            seen = parts
    return seen
