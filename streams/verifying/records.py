"""Entity records against the facts that make them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import json

from quota.activities import CORRECTION
from quota.facts import identity
from quota.recount import EntityRecord, facts_of, recorded
from schemas.activities import ActivityBucket
from schemas.deals import DealChange
from schemas.fields import Origin
from schemas.meetings import MeetingChange
from streams.log import Log, Spot
from streams.partitioner import partition
from streams.serving.entities import entries
from streams.verifying.sources import Held, Lying, Source
from streams.verifying.verdict import Difference

Table = Mapping[str, EntityRecord | str]
"""Records by key; text says why one cannot be read."""


async def table(log: Log, source: Source, shard: int) -> dict[str, EntityRecord | str]:
    """What a shard has stored."""
    decode = json.Decoder(source.record).decode
    found: dict[str, EntityRecord | str] = {}
    async for key, value in entries(log, Spot(source.table.name, shard)):
        try:
            if not key.startswith(CORRECTION):
                found[key.decode(errors="replace")] = decode(value)
        except ValueError as error:
            found[key.decode(errors="replace")] = str(error)
    return found


class Shard:
    """One source's records in one shard, beside what its facts make; `position` is how far its agent has come.

    Facts behind the position may be in a record or not: nothing is said about those that share their identity.
    """

    def __init__(self, source: Source, spot: Spot, shards: int, position: int) -> None:
        self._source, self._spot, self._shards, self._position = source, spot, shards, position

    def differences(self, stored: Table, held: Held) -> Iterator[Difference]:
        """Everything in which the records are not what the facts make."""
        taken = [lying for lying in held.facts if lying.origin.offset < self._position]
        young = {_name(lying) for lying in held.facts if lying.origin.offset >= self._position}
        corrected = held.corrected(lambda heard: heard.offset < self._position)
        wanted = recorded((lying.received for lying in taken), corrected)
        where = {
            name: key for key, record in stored.items() if not isinstance(record, str) for name in facts_of(record)
        }
        for key in sorted({*stored, *wanted}):
            record = stored.get(key)
            if isinstance(record, str):
                yield self._of(key, f"its record cannot be read: {record}")
                continue
            if record is not None and (home := self._home(key, record)) != self._spot.partition:
                yield self._of(key, f"its record lies in shard {self._spot.partition} and belongs to shard {home}")
            for name, cause in self._compared(key, record, wanted.get(key), where):
                if name not in young:
                    yield self._of(key, cause)

    def _of(self, key: str, cause: str) -> Difference:
        return Difference(self._source.kind, key, cause)

    def _home(self, key: str, record: EntityRecord) -> int:
        return partition((record.performer if isinstance(record, ActivityBucket) else key).encode(), self._shards)

    def _compared(
        self, key: str, record: EntityRecord | None, wanted: EntityRecord | None, where: Mapping[str, str]
    ) -> Iterator[tuple[str, str]]:
        """(identity, cause) of every fact that the record does not hold as it should."""
        have, want = ({} if each is None else facts_of(each) for each in (record, wanted))
        for name in sorted({*have, *want}):
            if have.get(name) == want.get(name):
                continue
            if name not in have:
                assert wanted is not None
                elsewhere = f"in the record {where[name]} instead" if name in where else "in no record"
                yield name, f"the fact {name} at {_place(_origin(wanted, name))} is {elsewhere}"
            elif name not in want:
                topic = f"{self._spot.topic}[{self._spot.partition}]"
                yield name, f"its record holds the fact {name}, which {topic} does not hold for it"
            else:
                assert wanted is not None
                said = _contrast(have[name], want[name])
                yield name, f"its record holds the fact {name} of {_place(_origin(wanted, name))} otherwise: {said}"


def strays(
    astray: Iterable[Lying], raws: Mapping[int, set[bytes]], source: Source, shards: int
) -> Iterator[Difference]:
    """Facts that came into a wrong partition and never into the right one; `raws` is what those hold."""
    for lying in astray:
        home = source.home(lying.fact, shards)
        if lying.raw not in raws[home]:
            cause = f"the fact at {_place(lying.origin)} belongs to partition {home} and was not forwarded there"
            yield Difference("fact", _name(lying), cause)


def _name(lying: Lying) -> str:
    return identity(lying.fact.source, lying.fact.id)


def _origin(record: EntityRecord, name: str) -> Origin:
    if isinstance(record, ActivityBucket):
        return record.done[name].origin
    changes: Iterable[tuple[DealChange | MeetingChange, Origin]] = record.changes
    return next(origin for change, origin in changes if identity(change.source, change.id) == name)


def _place(origin: Origin) -> str:
    return f"{origin.topic}[{origin.partition}]@{origin.offset}"


def _contrast(have: object, want: object) -> str:
    """The fields in which two facts differ."""
    one, other = _fields(have), _fields(want)
    said = [f"{name} is {_text(one.get(name))} and was received as {_text(other.get(name))}"
            for name in sorted({*one, *other}) if one.get(name) != other.get(name)]  # fmt: skip
    return ", ".join(said)


def _fields(fact: object) -> dict[str, Any]:
    if isinstance(fact, tuple):
        return dict(zip(("occurred_at", "activity", "lead", "version"), msgspec.to_builtins(fact), strict=True))
    found: dict[str, Any] = msgspec.to_builtins(fact)
    return found


def _text(value: object) -> str:
    return "nothing" if value is None else json.encode(value).decode()
