"""Buckets as the bytes in which they are stored, with what came since beside them."""

from collections.abc import MutableMapping

from msgspec import json

from quota.activities import Counting, day_of, whose, whose_day
from quota.facts import require_plausible
from quota.quarters import LocalDays
from schemas.activities import Activity, ActivityBucket, Done
from schemas.credits import Parts
from streams.quarantine import LARGEST_ENTITY, overgrown

LARGEST_DONE = 10 * 1024
"""Bytes that an activity needs at most in a record: each of its seven names has at most 200 characters."""
MOST_OPEN, MOST_PERFORMERS = 2000, 20_000
"""Buckets and performers that are remembered from one flush to the next."""

decoded = json.Decoder(ActivityBucket).decode
"""Makes a bucket of its record."""
_encode = json.Encoder().encode


class Performer:
    """Who does things, as a source names him: who is credited, when that counts, and what has changed for him."""

    __slots__ = ("changes", "days", "head", "key", "name", "scope", "source")

    def __init__(self, source: str, name: str) -> None:
        """Nobody is credited before there is a plan: then there are no days."""
        self.source, self.name = source, name
        self.key = whose(source, name)
        self.head = b'{"performer":%b,"source":%b,"done":{' % (_encode(name), _encode(source))
        """What his records begin with."""
        self.scope = ""
        self.days: LocalDays | None = None
        self.changes: tuple[dict[str, Parts], dict[str, Parts]] = ({}, {})
        """By local day, loud and quiet ones."""

    def count_by(self, counting: Counting | None) -> None:
        """Is credited so from now on."""
        self.scope, self.days = ("", None) if counting is None else counting.whose(self.source, self.name)


class Bucket:
    """A performer's day.

    Unless somebody looks into it, what is stored stays as it is, and what is new is put behind it.
    """

    __slots__ = ("changed", "day", "done", "key", "performer", "place", "record", "room", "whole")

    def __init__(self, key: str, performer: Performer, day: int, record: bytes | None) -> None:
        """`record` is what is stored of it, `day` the UTC day's ordinal."""
        self.key, self.performer, self.day, self.record = key, performer, day, record
        self.place = 0
        """A number, once it has one."""
        self.done: dict[str, Done] = {}
        """What is new, or all of it."""
        self.whole = self.changed = False
        self.room = _room(record)
        """So many activities fit in for sure."""
        if record is not None and not (record.startswith(performer.head) and record.endswith(b"]]}}")):
            self.unpack()

    def unpack(self) -> dict[str, Done]:
        """All that it holds."""
        if not self.whole:
            self.done = {**({} if self.record is None else decoded(self.record).done), **self.done}
            self.whole = True
        return self.done

    def release(self) -> None:
        """Needs no more memory than its record; everything new is in there."""
        self.whole, self.done = False, {}

    def make_room(self, name: str, done: Done) -> None:
        """For one more activity; raises InvalidRecord if the record would be too large."""
        self.encode()
        if not self.room:
            overgrown(self.key, self._appended({name: done}))
            self.room = 1

    def encode(self) -> bytes | None:
        """The record with all that is new; None when nothing is left."""
        if self.whole:
            bucket = ActivityBucket(self.performer.name, self.performer.source, self.done)
            self.record = _encode(bucket) if self.done else None
        elif self.done:
            self.record, self.done = self._appended(self.done), {}
        self.room = _room(self.record)
        return self.record

    def _appended(self, done: dict[str, Done]) -> bytes:
        start = self.performer.head if self.record is None else self.record[:-2] + b","
        return start + _encode(done)[1:] + b"}"


def _room(record: bytes | None) -> int:
    return LARGEST_ENTITY // LARGEST_DONE if record is None else max(0, (LARGEST_ENTITY - len(record)) // LARGEST_DONE)


class Buckets:
    """One shard's buckets: their records, and those that are open."""

    def __init__(self) -> None:
        """None."""
        self.records: MutableMapping[str, bytes] = {}
        self.open: dict[tuple[str, str, int], Bucket] = {}
        """By source, performer and UTC day."""
        self._performers: dict[tuple[str, str], Performer] = {}
        self._counting: Counting | None = None
        self._changed: list[Bucket] = []
        self._whole: list[Bucket] = []
        self._stored: dict[str, bytes | None] = {}

    def of(self, fact: Activity, day: int) -> Bucket:
        """The fact's bucket, of that UTC day; raises InvalidRecord for one that lies out of time."""
        require_plausible(fact.occurred_at, "occurred_at")
        return self._opened(fact.source, fact.performer, day)

    def at(self, key: str) -> Bucket:
        """The bucket with this key."""
        named = whose_day(key)
        return self.open.get(named) or self._opened(*named)

    def _opened(self, source: str, name: str, day: int) -> Bucket:
        performer = self._performers.get((source, name))
        if performer is None:
            performer = self._performers[source, name] = Performer(source, name)
            performer.count_by(self._counting)
        key = f"{performer.key}|{day_of(day)}"
        found = self.open[source, name, day] = Bucket(key, performer, day, self.records.get(key))
        return found

    def look(self, bucket: Bucket) -> dict[str, Done]:
        """All that a bucket holds; whoever changes that says so."""
        if not bucket.whole:
            self._whole.append(bucket)
        return bucket.unpack()

    def change(self, bucket: Bucket) -> None:
        """Will store it."""
        if not bucket.changed:
            bucket.changed = True
            self._changed.append(bucket)

    def count_by(self, counting: Counting | None) -> None:
        """What is in the buckets is counted so from now on."""
        self._counting = counting
        for performer in self._performers.values():
            performer.count_by(counting)

    def settle(self) -> None:
        """All that is new gets into the records."""
        changed, self._changed = self._changed, []
        stored, records = self._stored, self.records
        for bucket in changed:
            bucket.changed, key = False, bucket.key
            record = stored[key] = bucket.encode()
            if record is None:
                records.pop(key, None)
            else:
                records[key] = record

    def stored(self) -> dict[str, bytes | None]:
        """The records that changed since this was asked last, None for those that are gone; called at each flush."""
        self.settle()
        stored, self._stored = self._stored, {}
        for bucket in self._whole:
            bucket.release()
        self._whole = []
        if len(self.open) > MOST_OPEN:
            self.open = {}
            if len(self._performers) > MOST_PERFORMERS:
                self._performers = {}
        return stored
