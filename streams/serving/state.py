"""How far a log has come, and what waits for somebody's attention."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from msgspec import json

from quota import cells
from schemas.credits import HeldCredit, Parts
from streams import tables, topics
from streams.log import Log, Spot
from streams.passage import lags
from streams.plan_reader import Plans
from streams.serving.control import control
from streams.serving.dead_letters import dead_letters
from streams.serving.deliveries import deliveries
from streams.serving.marks import marks

_decode = json.Decoder(HeldCredit).decode
OPEN_UNPRICED = cells.OPEN_UNPRICED.rstrip("|")
UNCOUNTED = (cells.UNPRICED, OPEN_UNPRICED, cells.UNKNOWN_STAGE, cells.UNKNOWN_ACTIVITY)
"""What facts say that the plan has no number for: an amount without a rate, a stage or an activity it does not know."""


@dataclass(frozen=True)
class State:
    """A log as of now: `applied` is the newest revision, `in_force` the oldest under which a shard computes.

    `unassigned` is what nobody owns, by metric; `uncounted` what the plan has no price, stage or metric for;
    `messages` counts those that are pending and those that failed for good.
    """

    shards: int
    applied: int
    in_force: int
    time: datetime | None
    tick: int
    live: bool
    lag: dict[str, int]
    unassigned: dict[str, int]
    uncounted: dict[str, int]
    dead_letters: int
    messages: dict[str, int]


async def state(log: Log, shards: int) -> State:
    """Where the log stands."""
    plans = Plans(log)
    await plans.read()
    found, now = await marks(log, shards), await control(log)
    # Deliveries depend on no plan, and nobody waits for them.
    computing = [mark for mark in found if mark.topic != topics.NOTIFICATIONS.name]
    states = Counter(each.state for each in await deliveries(log, shards))
    nobody, company = await _added_up(log, shards, "unassigned"), await _added_up(log, shards, "company")
    return State(
        shards=shards,
        applied=plans.newest,
        in_force=min((mark.revision for mark in computing), default=0),
        time=now.at,
        tick=min((mark.tick for mark in computing), default=-1),
        live=now.live,
        lag=await lags(log, shards),
        unassigned={
            name: count for name, count in sorted(nobody.items()) if "|" not in name and name not in cells.PLAIN
        },
        uncounted={name: count for name in UNCOUNTED if (count := _of(name, nobody) + _of(name, company))},
        dead_letters=len(await dead_letters(log, shards)),
        messages={"pending": states["pending"], "failed": states["failed"]},
    )


def _of(name: str, parts: Parts) -> int:
    """A component, or all those of a name that is followed by something else."""
    return parts.get(name, 0) + sum(count for part, count in parts.items() if part.startswith(f"{name}|"))


async def _added_up(log: Log, shards: int, scope: str) -> Parts:
    """What a scope has over all days, whoever said it."""
    middle = f"|{scope}|".encode()
    last: dict[bytes, bytes | None] = {}
    for shard in range(shards):
        async for chunk in log.read(Spot(tables.TEAM_QUOTAS.name, shard)):
            last.update((r.key, r.value) for r in chunk if r.key is not None and middle in r.key)
    total: Parts = {}
    for value in last.values():
        versions = _decode(value).versions if value else []
        if versions:
            cells.add(total, versions[-1][1])
    return total
