"""sales.deals.v1 → [deals] → quota.credits.v1."""

from operator import attrgetter

import faust
from faust.types import StreamT

from quota import deals
from schemas.deals import DealChanged, DealRecord
from streams import tables, topics
from streams.app import batches
from streams.batches import Batch
from streams.shards import Shards
from streams.stages.entities import Entities, Kind
from streams.topology import Arrow

KIND = Kind(
    topic=topics.DEALS,
    table=tables.DEALS,
    fact=DealChanged,
    record=DealRecord,
    route=attrgetter("deal"),
    check=deals.entity,
    change_of=deals.change_of,
    fold=deals.fold,
    begin=deals.Deal,
    state=deals.state,
)
ARROW = Arrow(
    name="deals",
    reads=topics.DEALS,
    tables=(tables.DEALS,),
    publishes=(topics.CREDITS,),
    stage=lambda place: Entities(KIND, place),
)


def declare(app: faust.App, shards: Shards) -> None:
    """Registers the agent with an app."""

    @app.agent(batches(app, topics.DEALS, shards.count), name="deals")
    async def deals(stream: StreamT[Batch]) -> None:
        async for batch in stream:
            shards.read(batch)
