"""sales.activities.v1 → [activities] → quota.credits.v1."""

import faust
from faust.types import StreamT

from quota import activities
from schemas.activities import ActivitiesCorrected, Activity, ActivityBucket
from streams import tables, topics
from streams.app import batches
from streams.batches import Batch
from streams.shards import Shards
from streams.stages.entities import Entities, Kind
from streams.topology import Arrow

KIND = Kind(
    topic=topics.ACTIVITIES,
    table=tables.ACTIVITIES,
    fact=Activity | ActivitiesCorrected,
    record=ActivityBucket,
    route=lambda fact: fact.performer,
    entity=activities.entity,
    fold=activities.fold,
    contributions=activities.contributions,
    difference=activities.difference,
    moves=True,
)
ARROW = Arrow(
    name="activities",
    reads=topics.ACTIVITIES,
    tables=(tables.ACTIVITIES,),
    publishes=(topics.CREDITS,),
    stage=lambda place: Entities(KIND, place),
)


def declare(app: faust.App, shards: Shards) -> None:
    """Registers the agent with an app."""

    @app.agent(batches(app, topics.ACTIVITIES, shards.count), name="activities")
    async def activities(stream: StreamT[Batch]) -> None:
        async for batch in stream:
            shards.read(batch)
