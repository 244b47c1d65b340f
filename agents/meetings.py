"""sales.meetings.v1 → [meetings] → quota.credits.v1."""

from operator import attrgetter

import faust
from faust.types import StreamT

from quota import meetings
from schemas.meetings import MeetingChanged, MeetingRecord
from streams import tables, topics
from streams.app import batches
from streams.batches import Batch
from streams.shards import Shards
from streams.stages.entities import Entities, Kind
from streams.topology import Arrow

KIND = Kind(
    topic=topics.MEETINGS,
    table=tables.MEETINGS,
    fact=MeetingChanged,
    record=MeetingRecord,
    route=attrgetter("meeting"),
    check=meetings.entity,
    change_of=meetings.change_of,
    fold=meetings.fold,
    begin=meetings.Meeting,
    state=meetings.state,
)
ARROW = Arrow(
    name="meetings",
    reads=topics.MEETINGS,
    tables=(tables.MEETINGS,),
    publishes=(topics.CREDITS,),
    stage=lambda place: Entities(KIND, place),
)


def declare(app: faust.App, shards: Shards) -> None:
    """Registers the agent with an app."""

    @app.agent(batches(app, topics.MEETINGS, shards.count), name="meetings")
    async def meetings(stream: StreamT[Batch]) -> None:
        async for batch in stream:
            shards.read(batch)
