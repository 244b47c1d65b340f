"""quota.control.v1 → every partition of every source topic."""

import faust
from faust.types import StreamT

from streams import topics
from streams.app import batches
from streams.batches import Batch
from streams.shards import Shards


def declare(app: faust.App, shards: Shards) -> None:
    """Registers the agent with an app."""

    @app.agent(batches(app, topics.CONTROL, shards.count), name="clock")
    async def clock(stream: StreamT[Batch]) -> None:
        async for batch in stream:
            shards.read(batch)
