"""Entity records one by one: every deal, meeting and activity, what it adds where, and the facts behind it."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import NamedTuple

from msgspec import json

from quota import activities, deals, meetings
from quota.plans import PlanIndex
from schemas.activities import ActivityBucket
from schemas.credits import Parts
from schemas.deals import DealChange, DealRecord
from schemas.fields import Origin
from schemas.meetings import MeetingChange, MeetingRecord
from streams import tables
from streams.log import Log, Spot, TopicSpec

_decode_deal = json.Decoder(DealRecord).decode
_decode_meeting = json.Decoder(MeetingRecord).decode
_decode_bucket = json.Decoder(ActivityBucket).decode


class FactRef(NamedTuple):
    """A fact: its source and id there, and where it was first received."""

    source: str
    id: str
    origin: Origin


class Entity(NamedTuple):
    """One deal, meeting or activity: what it adds, to its owner and by local day, and its facts in order."""

    kind: str
    id: str
    adds: Mapping[tuple[str, str], Parts]
    facts: tuple[FactRef, ...]


async def entities(log: Log, shards: int, plan: PlanIndex) -> AsyncIterator[Entity]:
    """Everything that tables hold, under this plan; an activity stands for itself, not for its bucket."""
    async for _, value in _entries(log, tables.DEALS, shards):
        deal = _decode_deal(value)
        yield Entity("deal", deal.deal, deals.contributions(deal, plan), _facts(deal))
    async for _, value in _entries(log, tables.MEETINGS, shards):
        meeting = _decode_meeting(value)
        yield Entity("meeting", meeting.meeting, meetings.contributions(meeting, plan), _facts(meeting))
    async for key, value in _entries(log, tables.ACTIVITIES, shards):
        for activity in () if key.startswith(activities.CORRECTION) else _activities(_decode_bucket(value), plan):
            yield activity


async def deal_records(log: Log, shards: int) -> list[DealRecord]:
    """Every deal's record."""
    return [_decode_deal(value) async for _, value in _entries(log, tables.DEALS, shards)]


async def entries(log: Log, table: Spot) -> AsyncIterator[tuple[bytes, bytes]]:
    """Every key of a shard's table with its last value."""
    last: dict[bytes, bytes | None] = {}
    async for chunk in log.read(table):
        last.update((record.key or b"", record.value) for record in chunk)
    for key, value in last.items():
        if value:
            yield key, value


async def _entries(log: Log, table: TopicSpec, shards: int) -> AsyncIterator[tuple[bytes, bytes]]:
    for shard in range(shards):
        async for entry in entries(log, Spot(table.name, shard)):
            yield entry


def _facts(record: DealRecord | MeetingRecord) -> tuple[FactRef, ...]:
    changes: Iterable[tuple[DealChange | MeetingChange, Origin]] = record.changes
    told = sorted((fact.occurred_at, fact.source, fact.id, origin) for fact, origin in changes)
    return tuple(FactRef(source, name, origin) for _, source, name, origin in told)


def _activities(bucket: ActivityBucket, plan: PlanIndex) -> Iterator[Entity]:
    for identity, done in bucket.done.items():
        alone = ActivityBucket(bucket.performer, bucket.source, {identity: done})
        name = identity.partition("|")[2]
        adds = activities.contributions(alone, plan)
        yield Entity("activity", name, adds, (FactRef(bucket.source, name, done.origin),))
