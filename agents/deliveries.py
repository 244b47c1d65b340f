"""quota.notifications.v1 → [outbox]; what is pending there is sent outside the shard."""

import faust
from faust.types import StreamT

from streams import tables, topics
from streams.app import batches
from streams.batches import Batch
from streams.shards import Shards
from streams.stages.deliveries import Deliveries
from streams.topology import Arrow

ARROW = Arrow(
    name="deliveries",
    reads=topics.NOTIFICATIONS,
    tables=(tables.OUTBOX,),
    publishes=(),
    stage=Deliveries,
)


def declare(app: faust.App, shards: Shards) -> None:
    """Registers the agent with an app."""

    @app.agent(batches(app, topics.NOTIFICATIONS, shards.count), name="deliveries")
    async def deliveries(stream: StreamT[Batch]) -> None:
        async for batch in stream:
            shards.read(batch)
