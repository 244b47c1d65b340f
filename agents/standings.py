"""quota.credits.v1 → [rep-quotas] [team-quotas] → quota.standings.v1."""

import faust
from faust.types import StreamT

from streams import tables, topics
from streams.app import batches
from streams.batches import Batch
from streams.log import Spot
from streams.shards import Shards
from streams.stages.stage import Place
from streams.stages.standings import Standings
from streams.topology import Arrow


def stage(place: Place) -> Standings:
    """The stage of a shard; the owner of `company` says the baseline to everybody."""
    owns_company = place.shard == place.shard_of("company")
    return Standings(place, [Spot(topics.STANDINGS.name, p) for p in range(place.shards)] if owns_company else [])


ARROW = Arrow(
    name="standings",
    reads=topics.CREDITS,
    tables=(tables.REP_QUOTAS, tables.TEAM_QUOTAS),
    publishes=(topics.STANDINGS,),
    stage=stage,
)


def declare(app: faust.App, shards: Shards) -> None:
    """Registers the agent with an app."""

    @app.agent(batches(app, topics.CREDITS, shards.count), name="standings")
    async def standings(stream: StreamT[Batch]) -> None:
        async for batch in stream:
            shards.read(batch)
