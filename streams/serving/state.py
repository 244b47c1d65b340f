"""How far a log has come, and what waits for somebody's attention."""

from dataclasses import dataclass
from datetime import datetime

from msgspec import json

from quota import cells
from schemas.credits import HeldCredit, Parts
from streams import tables
from streams.log import Log, Spot
from streams.passage import lags
from streams.plan_reader import Plans
from streams.serving.control import control
from streams.serving.dead_letters import dead_letters
from streams.serving.marks import marks

_decode = json.Decoder(HeldCredit).decode
_UNASSIGNED = b"|unassigned|"


@dataclass(frozen=True)
class State:
    """A log as of now: `applied` is the newest revision, `in_force` the oldest under which a shard computes."""

    shards: int
    applied: int
    in_force: int
    time: datetime | None
    tick: int
    live: bool
    lag: dict[str, int]
    unassigned: dict[str, int]
    dead_letters: int


async def state(log: Log, shards: int) -> State:
    """Where the log stands."""
    plans = Plans(log)
    await plans.read()
    found, now = await marks(log, shards), await control(log)
    return State(
        shards=shards,
        applied=plans.newest,
        in_force=min((mark.revision for mark in found), default=0),
        time=now.at,
        tick=min((mark.tick for mark in found), default=-1),
        live=now.live,
        lag=await lags(log, shards),
        unassigned=await _unassigned(log, shards),
        dead_letters=len(await dead_letters(log, shards)),
    )


async def _unassigned(log: Log, shards: int) -> dict[str, int]:
    """What nobody owns, by metric, over all days."""
    last: dict[bytes, bytes | None] = {}
    for shard in range(shards):
        async for chunk in log.read(Spot(tables.TEAM_QUOTAS.name, shard)):
            last.update((r.key, r.value) for r in chunk if r.key is not None and _UNASSIGNED in r.key)
    total: Parts = {}
    for value in last.values():
        versions = _decode(value).versions if value else []
        if versions:
            cells.add(total, versions[-1][1])
    return {name: count for name, count in sorted(total.items()) if "|" not in name and name not in cells.PLAIN}
