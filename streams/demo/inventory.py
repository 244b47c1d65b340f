"""What a demo's log holds already: how many facts, and which stretch of the floor's time."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from msgspec import Struct, json

from streams import topics
from streams.log import Log, Record, Spot
from streams.simulate.deals import SOURCE

_NO_FACTS = (b'{"type":"tick"', b'{"type":"plan_marker"', b'{"type":"activities_corrected"')


class Inventory(NamedTuple):
    """Facts of any source; of the simulated floor the first and the last moment, and its meetings and deals."""

    facts: int = 0
    first: datetime | None = None
    last: datetime | None = None
    stories: frozenset[str] = frozenset()
    ends: Mapping[Spot, int] = MappingProxyType({})
    """Where each partition was read to."""


class _Said(Struct):
    source: str
    occurred_at: datetime
    meeting: str | None = None
    deal: str | None = None


_decode = json.Decoder(_Said).decode


def facts_in(chunk: Iterable[Record]) -> list[bytes]:
    """The values of a source topic's records, but for what QuotaFlow itself says there."""
    return [record.value for record in chunk if record.value and not record.value.startswith(_NO_FACTS)]


async def inventory(log: Log, shards: int) -> Inventory:
    """What the source topics hold now; the floor is fed in the order of time, so up to `last` it is there whole."""
    facts, moments, stories = 0, list[datetime](), set[str]()
    ends = await log.ends(Spot(topic.name, shard) for topic in topics.SOURCES for shard in range(shards))
    for spot, end in ends.items():
        async for chunk in log.read(spot, 0, end):
            values = facts_in(chunk)
            facts += len(values)
            ours = [said for said in map(_decode, values) if said.source == SOURCE]
            stories.update(name for said in ours if (name := said.meeting or said.deal))
            if ours:
                times = [said.occurred_at for said in ours]
                moments += (min(times), max(times))
    return Inventory(facts, min(moments, default=None), max(moments, default=None), frozenset(stories), ends)
