"""quota.alerts.v1 → quota.notifications.v1."""

import faust
from faust.types import StreamT

from streams import topics
from streams.app import batches
from streams.batches import Batch
from streams.shards import Shards
from streams.stages.notifications import Notifications
from streams.topology import Arrow

ARROW = Arrow(
    name="notifications",
    reads=topics.ALERTS,
    tables=(),
    publishes=(topics.NOTIFICATIONS,),
    stage=Notifications,
)


def declare(app: faust.App, shards: Shards) -> None:
    """Registers the agent with an app."""

    @app.agent(batches(app, topics.ALERTS, shards.count), name="notifications")
    async def notifications(stream: StreamT[Batch]) -> None:
        async for batch in stream:
            shards.read(batch)
