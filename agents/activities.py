"""sales.activities.v1 → [activities] → quota.credits.v1."""

import faust
from faust.types import StreamT

from streams import tables, topics
from streams.app import batches
from streams.batches import Batch
from streams.shards import Shards
from streams.stages.activities import Activities
from streams.topology import Arrow

ARROW = Arrow(
    name="activities",
    reads=topics.ACTIVITIES,
    tables=(tables.ACTIVITIES,),
    publishes=(topics.CREDITS,),
    stage=Activities,
)


def declare(app: faust.App, shards: Shards) -> None:
    """Registers the agent with an app."""

    @app.agent(batches(app, topics.ACTIVITIES, shards.count), name="activities")
    async def activities(stream: StreamT[Batch]) -> None:
        async for batch in stream:
            shards.read(batch)
