"""What a demo's log holds already: how many facts, and which stretch of the floor's time."""

from datetime import datetime
from typing import NamedTuple

from msgspec import Struct, json

from streams import topics
from streams.log import Log, Spot
from streams.simulate.deals import SOURCE

_STEERING = (b'{"type":"tick"', b'{"type":"plan_marker"')


class Inventory(NamedTuple):
    """Facts of any source, and the first and last moment of those of the simulated floor; None where it has none."""

    facts: int
    first: datetime | None
    last: datetime | None


class _Said(Struct):
    source: str
    occurred_at: datetime


_decode = json.Decoder(_Said).decode


async def inventory(log: Log, shards: int) -> Inventory:
    """What the source topics hold now; the floor is fed in the order of time, so up to `last` it is there whole."""
    facts, moments = 0, list[datetime]()
    for spot in (Spot(topic.name, shard) for topic in topics.SOURCES for shard in range(shards)):
        async for chunk in log.read(spot):
            values = [record.value for record in chunk if record.value and not record.value.startswith(_STEERING)]
            facts += len(values)
            ours = [said.occurred_at for said in map(_decode, values) if said.source == SOURCE]
            moments += (min(ours), max(ours)) if ours else ()
    return Inventory(facts, min(moments, default=None), max(moments, default=None))
