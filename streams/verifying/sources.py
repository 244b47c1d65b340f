"""What a partition of a source topic holds: facts with their epochs, and what agents could not use of it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from msgspec import DecodeError, json

from quota import activities, deals, meetings
from quota.errors import InvalidRecord
from quota.facts import identity
from quota.recount import Fact, Received
from schemas.activities import ActivitiesCorrected, Activity, ActivityBucket
from schemas.control import PlanMarker, Tick
from schemas.deals import DealChanged, DealRecord
from schemas.fields import Origin
from schemas.meetings import MeetingChanged, MeetingRecord
from streams import tables, topics
from streams.log import Log, Record, Spot, TopicSpec
from streams.partitioner import partition
from streams.quarantine import LARGEST_FACT
from streams.topology import CLOCK


@dataclass(frozen=True)
class Source:
    """A source topic: what its facts are called, what they are, which key they travel under, and who folds them."""

    kind: str
    agent: str
    topic: TopicSpec
    table: TopicSpec
    fact: type[Any]
    record: type[Any]
    route: Callable[[Any], str]
    entity: Callable[[Any], str]

    def home(self, fact: Fact, shards: int) -> int:
        """The partition in which the fact counts."""
        return partition(self.route(fact).encode(), shards)


SOURCES = (
    Source(
        "activity",
        "activities",
        topics.ACTIVITIES,
        tables.ACTIVITIES,
        Activity,
        ActivityBucket,
        lambda fact: fact.performer,
        activities.entity,
    ),
    Source(
        "meeting",
        "meetings",
        topics.MEETINGS,
        tables.MEETINGS,
        MeetingChanged,
        MeetingRecord,
        lambda fact: fact.meeting,
        meetings.entity,
    ),
    Source("deal", "deals", topics.DEALS, tables.DEALS, DealChanged, DealRecord, lambda fact: fact.deal, deals.entity),
)


class Lying(NamedTuple):
    """A fact where it lies: `epoch` is the number of the last tick before it in its partition."""

    epoch: int
    fact: Fact
    origin: Origin
    raw: bytes

    @property
    def received(self) -> Received:
        """The fact and its origin."""
        return self.fact, self.origin


class Heard(NamedTuple):
    """What another shard told of corrected activities: the highest version, by identity."""

    epoch: int
    offset: int
    versions: dict[str, int]


@dataclass
class Held:
    """What a partition holds: facts that belong there, facts that belong elsewhere, what was heard, and what is none.

    `unusable` maps the offsets of what is in no dead letter, though it should be, to what is wrong with it.
    """

    start: int = 0
    end: int = 0
    facts: list[Lying] = field(default_factory=list)
    astray: list[Lying] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    unusable: dict[int, str] = field(default_factory=dict)
    letters: int = 0

    def corrected(self, counts: Callable[[Heard], bool]) -> dict[str, int]:
        """The highest version of each activity that was told in what counts."""
        found: dict[str, int] = {}
        for heard in self.heard:
            if counts(heard):
                for name, version in heard.versions.items():
                    found[name] = max(found.get(name, 0), version)
        return found


class Reading:
    """Reads a source as its agent does: what the agent would set aside is no fact."""

    def __init__(self, source: Source, shards: int, letters: Collection[str]) -> None:
        """`letters` are the ids of all dead letters that ever were: what they are about does not count."""
        self._source, self._shards, self._letters = source, shards, letters
        self._senders = {f"{source.agent}/{shard}" for shard in range(shards) if source.fact is Activity}
        self._decode = json.Decoder(source.fact | ActivitiesCorrected | Tick | PlanMarker).decode

    async def read(self, log: Log, spot: Spot, told: Callable[[int], None]) -> Held:
        """Everything that a partition holds now; `told` hears how many records were read."""
        held, epoch = Held(), -1
        held.start = held.end = (await log.starts([spot])).get(spot, 0)
        async for chunk in log.read(spot):
            for record in chunk:
                epoch = self._note(held, record, epoch)
            held.end = chunk[-1].offset + 1
            told(len(chunk))
        return held

    def _note(self, held: Held, record: Record, epoch: int) -> int:
        """The epoch after the record."""
        origin = Origin(record.topic, record.partition, record.offset)
        lettered = f"{record.topic}/{record.partition}/{record.offset}" in self._letters
        try:
            said = self.said(record.value)
            if isinstance(said, Tick | PlanMarker):
                return max(epoch, said.number) if isinstance(said, Tick) else epoch
            if isinstance(said, ActivitiesCorrected):
                held.heard.append(Heard(epoch, record.offset, _versions(said)))
                return epoch
            lying = Lying(epoch, said, origin, record.value or b"")
            if self._source.home(said, self._shards) != record.partition:
                held.astray.append(lying)
                return epoch
            self._source.entity(said)
        except (ValueError, RecursionError, InvalidRecord) as error:
            if not lettered:
                held.unusable[record.offset] = str(error)
            held.letters += 1
            return epoch
        if lettered:
            held.letters += 1
        else:
            held.facts.append(lying)
        return epoch

    def said(self, value: bytes | None) -> Any:
        """A fact, tick, marker or announcement; raises ValueError for what the agent could not use."""
        if not value or len(value) > LARGEST_FACT:
            raise ValueError("it is empty or too large for a fact")
        try:
            found = self._decode(value)
        except DecodeError as error:
            raise ValueError(str(error)) from error
        if not value.isascii():
            value.decode()
        if isinstance(found, Tick | PlanMarker) and found.sender != CLOCK:
            raise ValueError("only the clock sends ticks and plan markers")
        if isinstance(found, ActivitiesCorrected) and found.sender not in self._senders:
            raise ValueError("only shards tell of corrected activities")
        return found


def _versions(said: ActivitiesCorrected) -> dict[str, int]:
    return {identity(each.source, each.id): each.version for each in said.corrected}
