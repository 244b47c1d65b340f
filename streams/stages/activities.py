"""Activities into buckets, and what all of them add up to as cells."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from functools import lru_cache

from msgspec import json

from quota.activities import Counting, chapter, counted, rank
from quota.catalogue import CONVERSATIONS
from quota.cells import LEAD, add, collect
from quota.conversations import with_lead
from quota.credits import Cells as Credited
from quota.credits import fan_out_all
from quota.facts import identity
from quota.plans import PlanIndex
from quota.quarters import A_DAY, quarter_of
from schemas.activities import ActivitiesCorrected, Activity, Done
from schemas.control import PlanMarker, Tick
from schemas.credits import Parts
from schemas.fields import Origin
from streams import tables, topics
from streams.batches import Fetched
from streams.log import LogError, Outgoing, Spot
from streams.quarantine import Bugs, dead_letters
from streams.stages.buckets import Bucket, Buckets, Performer
from streams.stages.cells import Cell, Cells
from streams.stages.corrections import Corrections
from streams.stages.frozen import Derived, Stored
from streams.stages.stage import Moment, Place, Shelves

MOST_PENDING = 500
"""Facts that wait to be counted together."""

_TOPIC = topics.ACTIVITIES.name
_decode = json.Decoder(Activity | ActivitiesCorrected | Tick | PlanMarker).decode


class Activities:
    """One shard's buckets and cells: the cells are always a function of the buckets and the plan."""

    def __init__(self, place: Place) -> None:
        """Empty until loaded."""
        self.place = place
        self.forwarded = 0
        self._plan: PlanIndex | None = None
        self._counting: Counting | None = None
        self._corrections = Corrections(place)
        self._buckets = Buckets()
        self._cells = Cells(place)
        self._credited: list[Performer] = []
        """For whom something changed."""
        self._discounted = False
        """Whether anything was taken away from them."""
        self._pending: list[tuple[Activity, Fetched]] = []
        self._aside: list[Outgoing] = []
        self._bugs = Bugs()
        self._shard = place.shard

    @property
    def records(self) -> MutableMapping[str, bytes]:
        """The buckets as they are stored, as of the last flush."""
        return self._buckets.records

    @property
    def cells(self) -> MutableMapping[Cell, Parts]:
        """What all buckets added up to when it was said last."""
        return self._cells.parts

    def decode(self, value: bytes) -> object:
        """A fact, an announcement, tick or marker; raises msgspec.DecodeError."""
        return _decode(value)

    def sender_of(self, said: object) -> str:
        """Facts come from outside: the control topic is the only sender that counts."""
        return "control"

    def load(self, table: str, key: bytes, value: bytes) -> None:
        """Takes back a bucket, or the version of a correction."""
        self.records[key.decode()] = value

    def install(self, plan: PlanIndex | None, tick: int) -> None:
        """Recomputes every contribution and cell under this plan."""
        deque(self.installing(plan, tick), maxlen=0)

    def installing(self, plan: PlanIndex | None, tick: int) -> Iterator[None]:
        """Recomputes bucket by bucket what they add, and then cell by cell what that makes of the scopes above."""
        cells: dict[Cell, Parts] = {}
        self._cells.parts = cells
        self._count_by(plan)
        mine: Credited = {}
        for _, bucket in self._corrections.installing(self.records.items()):
            if self._counting is not None:
                collect(mine, counted(bucket, self._counting))
            yield
        if plan is not None:
            yield from fan_out_all(mine, plan, cells)

    def _count_by(self, plan: PlanIndex | None) -> None:
        self._plan, self._counting = plan, None if plan is None else Counting(plan)
        self._buckets.count_by(self._counting)

    def lodge(self, shelves: Shelves) -> None:
        """Keeps records on disk, those of corrections among them."""
        self._corrections.lodge(shelves)
        self._buckets.records = shelves.raw(tables.ACTIVITIES.name, chapter)

    def derived(self) -> Derived:
        """The cells, and what is known of corrections."""
        return Derived(b"", {"cells": self._cells.derived()}, self._corrections.known(self.records.items()))

    def restore(self, few: bytes, stored: Stored, plan: PlanIndex | None, tick: int) -> None:
        """Takes the cells back; what is known of corrections lies on the shelf."""
        self._count_by(plan)
        self._cells.restore(stored)

    def take(self, said: object, record: Fetched, epoch: int) -> None:
        """Notes a fact; it is counted when there are enough of them, or somebody has to know."""
        if isinstance(said, Activity):
            self._pending.append((said, record))
            if len(self._pending) >= MOST_PENDING:
                self._fold()
        elif isinstance(said, ActivitiesCorrected):
            self._fold()
            outdated, letters = self._corrections.hear(said, record)
            self._aside += letters
            for name in outdated:
                self._forget(name, quiet=said.quiet)

    def owed(self) -> Iterable[Outgoing]:
        """Counts what is pending and says every touched cell."""
        self._fold()
        self._credit()
        aside, self._aside = self._aside, []
        return aside + self._corrections.announced() + self._cells.say(self._plan)

    def complete(self, moment: Moment) -> Iterable[Outgoing]:
        """What is owed is said before the tick."""
        return self.owed()

    def switch(self, plan: PlanIndex) -> Iterable[Outgoing]:
        """Says what is owed under the old plan, then every cell that differs under the new one."""
        owed, before = [*self.owed()], self.cells
        self._buckets.settle()
        self.install(plan, 0)
        return owed + self._cells.differing(before)

    def stored(self) -> list[Outgoing]:
        """The records that changed."""
        table, shard = tables.ACTIVITIES.name, self.place.shard
        every = {**self._buckets.stored(), **self._corrections.stored()}
        return [Outgoing(table, shard, key.encode(), value) for key, value in every.items()]

    def _fold(self) -> None:
        """Counts what is pending, in order."""
        if not self._pending:
            return
        pending, self._pending = self._pending, []
        names = [_prefix(fact.source) + fact.id for fact, _ in pending]
        known, good = self._corrections.places.known(names), True
        for (fact, record), name, seen in zip(pending, names, known, strict=True):
            try:
                self._read(fact, record, name, known=seen)
                good = True
            except LogError:  # it is the store that failed, not the facts
                raise
            except Exception as error:  # noqa: BLE001 - a bug on one fact is quarantined with its traceback, not spread
                if good:
                    self._bugs.passed()
                good = False
                self._bugs.met(error)
                self._aside += dead_letters(Spot(_TOPIC, self._shard), [record], error)
        if good:
            self._bugs.passed()

    def _read(self, fact: Activity, record: Fetched, name: str, *, known: bool) -> None:
        """Puts a fact into its bucket; one that belongs to another shard is forwarded there."""
        quarter = quarter_of(fact.occurred_at)
        day = quarter // A_DAY
        bucket = self._buckets.open.get((fact.source, fact.performer, day))
        if bucket is None:
            home = self.place.shard_of(fact.performer)
            if home != self.place.shard:
                self._forward(fact, record, home)
                return
            bucket = self._buckets.of(fact, day)
        if (fact.version or self._corrections.any) and not self._is_newest(bucket, name, fact):
            return
        origin = Origin(_TOPIC, self._shard, record.offset)
        told = with_lead(fact) if fact.activity in CONVERSATIONS else fact.lead
        done = Done(fact.occurred_at, fact.activity, told, fact.version, origin)
        if not bucket.room:
            bucket.make_room(name, done)
        if known or not self._corrections.places.first(name, bucket):
            self._join(bucket, name, done, quarter, quiet=fact.quiet)
        else:
            self._put(bucket, name, done, quarter, quiet=fact.quiet)

    def _forward(self, fact: Activity, record: Fetched, home: int) -> None:
        self.forwarded += 1
        self._aside.append(Outgoing(_TOPIC, home, fact.performer.encode(), record.value))

    def _put(self, bucket: Bucket, name: str, done: Done, quarter: int, *, quiet: bool) -> None:
        """Counts an activity and puts it into its bucket."""
        performer, counting = bucket.performer, self._counting
        if counting is not None and performer.days is not None:
            day = performer.days.names.get(quarter) or performer.days.name(quarter, done.occurred_at)
            plain, talked = counting.kinds.get(done.activity) or counting.kind(done.activity)
            parts = performer.changes[quiet].get(day)
            if parts is None:
                parts = performer.changes[quiet][day] = {}
                self._credited.append(performer)
            told = done.lead
            if talked is not None and told is not None:
                known = isinstance(told, str)
                plain = (*talked, f"{LEAD}{told}") if known else counting.components(done.activity, told, day)
            for component in plain:
                parts[component] = parts.get(component, 0) + 1
        bucket.room -= 1
        bucket.done[name] = done
        if not bucket.changed:
            self._buckets.change(bucket)

    def _discount(self, bucket: Bucket, done: Done, *, quiet: bool) -> None:
        performer, at = bucket.performer, done.occurred_at
        if self._counting is None or performer.days is None:
            return
        day = performer.days.name(quarter_of(at), at)
        gone = dict.fromkeys(self._counting.components(done.activity, done.lead, day), 1)
        add(performer.changes[quiet].setdefault(day, {}), gone, -1)
        self._credited.append(performer)
        self._discounted = True

    def _credit(self) -> None:
        """Makes cells of what changed for performers."""
        for performer in self._credited:
            for quiet, changes in enumerate(performer.changes):
                if changes:
                    change = {(performer.scope, day): parts for day, parts in changes.items()}
                    self._cells.add(_without_zeros(change) if self._discounted else change, quiet=bool(quiet))
                    changes.clear()
        self._credited, self._discounted = [], False

    def _is_newest(self, bucket: Bucket, name: str, fact: Activity) -> bool:
        """Whether no higher version was heard of; what has a lower one is let go, but in the fact's own bucket."""
        highest = self._corrections.highest(name)
        if fact.version > highest:
            self._corrections.raise_to(fact, name)
            self._forget(name, quiet=fact.quiet, but=bucket)
        return fact.version >= highest

    def _forget(self, name: str, *, quiet: bool, but: Bucket | None = None) -> None:
        for bucket in self._holding(name):
            if bucket is not but:
                self._let_go(bucket, name, quiet=quiet)

    def _holding(self, name: str) -> list[Bucket]:
        """The buckets that hold an activity."""
        places = (self._buckets.at(key) for key in self._corrections.places.find(name))
        return [bucket for bucket in places if name in self._buckets.look(bucket)]

    def _let_go(self, bucket: Bucket, name: str, *, quiet: bool) -> None:
        """Takes an activity out of the bucket that holds it."""
        self._discount(bucket, self._buckets.look(bucket)[name], quiet=quiet)
        del self._buckets.look(bucket)[name]
        self._buckets.change(bucket)

    def _join(self, bucket: Bucket, name: str, done: Done, quarter: int, *, quiet: bool) -> None:
        """Puts an activity beside those of one version; of one performer's that of the highest rank stays."""
        holding = self._holding(name)
        own = next((each for each in holding if each.performer is bucket.performer), None)
        if own is not None:
            held = self._buckets.look(own)[name]
            if rank(done) <= rank(held):
                return
            if own is bucket:
                self._discount(bucket, held, quiet=quiet)
            else:
                self._let_go(own, name, quiet=quiet)
        if own is not bucket:
            others = [each.key for each in holding if each is not own]
            self._corrections.places.add(name, bucket, others)
        self._put(bucket, name, done, quarter, quiet=quiet)


_prefix = lru_cache(maxsize=1024)(lambda source: identity(source, ""))
"""What all identities of a source begin with."""


def _without_zeros(changes: Mapping[Cell, Parts]) -> dict[Cell, Parts]:
    some = ((cell, {part: number for part, number in parts.items() if number}) for cell, parts in changes.items())
    return {cell: parts for cell, parts in some if parts}
