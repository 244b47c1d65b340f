"""quota.standings.v1 → [alert-inputs] [alerts] → quota.alerts.v1."""

import faust
from faust.types import StreamT

from streams import tables, topics
from streams.app import batches
from streams.batches import Batch
from streams.shards import Shards
from streams.stages.alerts import Alerts
from streams.topology import Arrow

ARROW = Arrow(
    name="alerts",
    reads=topics.STANDINGS,
    tables=(tables.ALERT_INPUTS, tables.ALERTS),
    publishes=(topics.ALERTS,),
    stage=Alerts,
)


def declare(app: faust.App, shards: Shards) -> None:
    """Registers the agent with an app."""

    @app.agent(batches(app, topics.STANDINGS, shards.count), name="alerts")
    async def alerts(stream: StreamT[Batch]) -> None:
        async for batch in stream:
            shards.read(batch)
