"""A source partition cut at the clock's records: what lies before each of them, as it goes into another log."""

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple

from msgspec import Raw, json

from quota.errors import InvalidRecord
from schemas.activities import ActivitiesCorrected
from schemas.control import PlanMarker, Tick
from streams.log import Log, Outgoing, Record, Spot
from streams.partitioner import partition
from streams.quarantine import LARGEST_FACT
from streams.verifying.sources import Reading, Source

_RING = 1 << 128


@dataclass
class Sum:
    """How many records, and a digest of what they say that does not depend on their order or on who is told."""

    facts: int = 0
    unusable: int = 0
    digest: int = 0

    def take(self, topic: str, value: bytes | None, *, usable: bool) -> None:
        """Adds a record."""
        self.facts += usable
        self.unusable += not usable
        said = _fields(value) if usable and value else None
        content = (value or b"") if said is None else json.encode({k: v for k, v in said.items() if k != "quiet"})
        self.digest = (self.digest + int.from_bytes(sha256(topic.encode() + b"|" + content).digest()[:16])) % _RING


class Old(NamedTuple):
    """A partition of the old log: how many there are, up to where it is copied, and how far its agent has come."""

    spot: Spot
    shards: int
    end: int
    position: int


class Cursor:
    """Reads a partition of the old log once, from one of the clock's records to the next."""

    def __init__(self, log: Log, source: Source, old: Old, new: int, rested: Collection[str]) -> None:
        """`new` is how many shards the other log has; `rested` are the ids of dead letters whose facts came again."""
        self._source, self._old, self._new, self._rested = source, old, new, rested
        self._chunks = log.read(old.spot, 0, old.end)
        self._reading = Reading(source, old.shards, ())
        self._records: list[Record] = []
        self._at = 0
        self.sum = Sum()

    async def before(self, number: int | None) -> AsyncIterator[Outgoing]:
        """What lies before the copy of the control record of this number; None gives all that is left."""
        while await self._more():
            record = self._records[self._at]
            said = self._said(record)
            if isinstance(said, Tick | PlanMarker):
                if number is not None and said.number >= number:
                    return
            elif not isinstance(said, ActivitiesCorrected) and (moved := self._moved(record, said)) is not None:
                yield moved
            self._at += 1

    async def _more(self) -> bool:
        if self._at < len(self._records):
            return True
        self._records, self._at = await anext(self._chunks, []), 0
        return bool(self._records)

    def _said(self, record: Record) -> Any:
        """A fact, tick or marker; None for what agents cannot use."""
        try:
            return self._reading.said(record.value)
        except (ValueError, RecursionError):
            return None

    def _moved(self, record: Record, fact: Any) -> Outgoing | None:
        """The record as it goes into the other log; None for what stands there under another offset, too."""
        if f"{record.topic}/{record.partition}/{record.offset}" in self._rested:
            return None
        if fact is None:
            self.sum.take(record.topic, record.value, usable=False)
            return Outgoing(record.topic, record.partition % self._new, record.key, record.value)
        astray = self._source.home(fact, self._old.shards) != record.partition
        if astray and record.offset < self._old.position:
            return None  # it was forwarded, and counts where and when it arrived
        self.sum.take(record.topic, record.value, usable=True)
        key, value = self._source.route(fact).encode(), record.value or b""
        return Outgoing(record.topic, partition(key, self._new), key, hushed(value) if self._counts(fact) else value)

    def _counts(self, fact: Any) -> bool:
        """Whether it is a fact, or lies out of time and will be a dead letter: those keep their bytes."""
        try:
            self._source.entity(fact)
        except InvalidRecord:
            return False
        return True


def hushed(value: bytes) -> bytes:
    """The fact as one of which nobody is told, every other byte of its fields as it was."""
    said = _fields(value)
    assert said is not None
    quiet = json.encode({**said, "quiet": Raw(b"true")})
    # A fact that just fits stays as it is: better told twice than lost.
    return quiet if len(quiet) <= LARGEST_FACT else value


def _fields(value: bytes) -> dict[str, Raw] | None:
    return json.decode(value, type=dict[str, Raw])
