"""Buckets as the bytes in which they are stored, with what came since beside them."""

from collections.abc import Callable, MutableMapping

from msgspec import json

from quota.activities import Counting, entity, whose_day
from quota.facts import identity
from quota.quarters import LocalDays
from schemas.activities import Activity, ActivityBucket, Done
from streams.quarantine import LARGEST_ENTITY, overgrown

LARGEST_DONE = 8 * 1024
"""Bytes that an activity needs at most in a record: each of its four names has at most 200 characters."""
MOST_OPEN = 10_000
"""Buckets that are remembered from one flush to the next."""

decoded = json.Decoder(ActivityBucket).decode
"""Makes a bucket of its record."""
_encode = json.Encoder().encode


class Bucket:
    """A performer's day.

    Unless somebody looks into it, what is stored stays as it is, and what is new is put behind it.
    """

    __slots__ = (
        *("changed", "days", "done", "key", "performer", "place"),
        *("prefix", "record", "room", "scope", "source", "whole"),
    )

    def __init__(self, key: str, source: str, performer: str, record: bytes | None, place: int) -> None:
        """`record` is what is stored of it."""
        self.key, self.source, self.performer, self.record, self.place = key, source, performer, record, place
        self.prefix = identity(source, "")
        """What every identity in it begins with."""
        self.scope = ""
        self.days: LocalDays | None = None
        """Who is credited and when that counts; no days while there is no plan."""
        self.done: dict[str, Done] = {}
        """What is new, or all of it."""
        self.whole = self.changed = False
        self.room = _room(record)
        """So many activities fit in for sure."""
        if record is not None and not (record.startswith(self._head()) and record.endswith(b"]]}}")):
            self.unpack()

    def unpack(self) -> dict[str, Done]:
        """All that it holds."""
        if not self.whole:
            self.done = {**({} if self.record is None else decoded(self.record).done), **self.done}
            self.whole = True
        return self.done

    def release(self) -> None:
        """Needs no more memory than its record; everything new is in there."""
        if self.whole:
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
            bucket = ActivityBucket(self.performer, self.source, self.done)
            self.record = _encode(bucket) if self.done else None
        elif self.done:
            self.record, self.done = self._appended(self.done), {}
        self.room = _room(self.record)
        return self.record

    def _appended(self, done: dict[str, Done]) -> bytes:
        start = self._head() if self.record is None else self.record[:-2] + b","
        return start + _encode(done)[1:] + b"}"

    def _head(self) -> bytes:
        return b'{"performer":%b,"source":%b,"done":{' % (_encode(self.performer), _encode(self.source))


def _room(record: bytes | None) -> int:
    return max(0, (LARGEST_ENTITY - len(record or b"")) // LARGEST_DONE - 1)


class Buckets:
    """One shard's buckets: their records, and those that are open."""

    def __init__(self, place_of: Callable[[str], int]) -> None:
        """`place_of` gives the number of the bucket with this key."""
        self.records: MutableMapping[str, bytes] = {}
        self.open: dict[tuple[str, str, int], Bucket] = {}
        """By source, performer and UTC day."""
        self._place_of = place_of
        self._counting: Counting | None = None
        self._changed: list[Bucket] = []
        self._whole: list[Bucket] = []
        self._stored: dict[str, bytes | None] = {}

    def of(self, fact: Activity) -> Bucket:
        """The fact's bucket; raises InvalidRecord for one that lies out of time."""
        return self.at(entity(fact))

    def at(self, key: str) -> Bucket:
        """The bucket with this key."""
        whose = whose_day(key)
        found = self.open.get(whose)
        if found is None:
            record = self.records.get(key)
            found = self.open[whose] = Bucket(key, whose[0], whose[1], record, self._place_of(key))
            self._count(found)
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
        for bucket in self.open.values():
            self._count(bucket)

    def _count(self, bucket: Bucket) -> None:
        bucket.scope, bucket.days = "", None
        if self._counting is not None:
            bucket.scope, bucket.days = self._counting.whose(bucket.source, bucket.performer)

    def settle(self) -> None:
        """All that is new gets into the records."""
        changed, self._changed = self._changed, []
        for bucket in changed:
            bucket.changed = False
            record = self._stored[bucket.key] = bucket.encode()
            if record is None:
                self.records.pop(bucket.key, None)
            else:
                self.records[bucket.key] = record

    def stored(self) -> dict[str, bytes | None]:
        """The records that changed since this was asked last, None for those that are gone; called at each flush."""
        self.settle()
        stored, self._stored = self._stored, {}
        for bucket in self._whole:
            bucket.release()
        self._whole = []
        if len(self.open) > MOST_OPEN:
            self.open = {}
        return stored
