"""Changes into entity records, and what all of them add up to as cells: the stage of meetings and deals."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from msgspec import json

from quota.credits import fan_out_all
from quota.plans import PlanIndex
from quota.shares import Adds, gather
from schemas.control import PlanMarker, Tick
from schemas.credits import Parts
from schemas.fields import Origin
from streams.batches import Fetched
from streams.log import LogError, Outgoing, Spot, TopicSpec
from streams.quarantine import LARGEST_ENTITY, Bugs, dead_letters, overgrown
from streams.stages.cells import Cell, Cells
from streams.stages.frozen import Derived, Stored
from streams.stages.growing import begun, encode, grown, may_hold
from streams.stages.stage import Moment, Place, Shelves

AWAKE = 1000
"""Entities that are forgotten but for their records, together, at the second flush after so many were touched."""


class Entity(Protocol):
    """What the changes of an entity make of it under a plan."""

    changed_at: datetime
    adds: Adds

    def hear(self, change: Any) -> None:
        """Takes a change that happened after all others."""
        ...

    def count(self) -> Adds:
        """Finds out what it adds now."""
        ...


@dataclass(frozen=True)
class Kind:
    """What differs between meetings and deals: types, keys, and the pure functions of one module of quota.

    `check` raises InvalidRecord for a fact that cannot be used, `change_of` gives what it says of its entity. `state`
    gives what a record describes, `begin` what one without changes does.
    """

    topic: TopicSpec
    table: TopicSpec
    fact: Any
    record: type[Any]
    route: Callable[[Any], str]
    check: Callable[[Any], object]
    change_of: Callable[[Any], Any]
    fold: Callable[[Any, Sequence[tuple[Any, Origin]]], Any]
    begin: Callable[[str, PlanIndex], Entity]
    state: Callable[[Any, PlanIndex], Entity]


class Entities:
    """The records of one shard's entities, and its cells: always a function of the records and the plan."""

    def __init__(self, kind: Kind, place: Place) -> None:
        """Empty until loaded."""
        self.kind, self.place = kind, place
        self._route, self._check, self._change_of = kind.route, kind.check, kind.change_of
        self._source = Spot(kind.topic.name, place.shard)
        self.records: MutableMapping[str, bytes] = {}
        self.forwarded = 0
        self._plan: PlanIndex | None = None
        self._cells = Cells(place)
        self._awake: dict[str, Entity] = {}
        self._drowsy: dict[str, Entity] = {}
        self._stored: dict[str, bytes] = {}
        self._aside: list[Outgoing] = []
        self._bugs = Bugs()
        self._decode = json.Decoder(kind.fact | Tick | PlanMarker).decode
        self._load = json.Decoder(kind.record).decode

    @property
    def cells(self) -> MutableMapping[Cell, Parts]:
        """What all records added up to when it was said last."""
        return self._cells.parts

    def decode(self, value: bytes) -> object:
        """A fact, a tick or a marker; raises msgspec.DecodeError."""
        return self._decode(value)

    def sender_of(self, said: object) -> str:
        """Facts come from outside: the control topic is the only sender that counts."""
        return "control"

    def load(self, table: str, key: bytes, value: bytes) -> None:
        """Takes back an entity record."""
        self.records[key.decode()] = value

    def install(self, plan: PlanIndex | None, tick: int) -> None:
        """Recomputes every contribution and cell under this plan."""
        deque(self.installing(plan, tick), maxlen=0)

    def installing(self, plan: PlanIndex | None, tick: int) -> Iterator[None]:
        """Recomputes record by record what they add, and then cell by cell what that makes of the scopes above."""
        cells: dict[Cell, Parts] = {}
        self._begin(plan)
        self._cells.parts = cells
        if plan is None:
            return
        mine: dict[Cell, Parts] = {}
        load, state = self._load, self.kind.state
        for _, record in self.records.items():  # noqa: PERF102 - those on disk are read in one go
            gather(mine, state(load(record), plan).adds)
            yield
        yield from fan_out_all(mine, plan, cells)

    def _begin(self, plan: PlanIndex | None) -> None:
        self._plan, self._awake, self._drowsy = plan, {}, {}

    def lodge(self, shelves: Shelves) -> None:
        """Keeps records on disk."""
        self.records = shelves.records([self.kind.table.name], bytes, lambda _: self.kind.table.name)

    def derived(self) -> Derived:
        """The cells."""
        return Derived(b"", {"cells": self._cells.derived()})

    def restore(self, few: bytes, stored: Stored, plan: PlanIndex | None, tick: int) -> None:
        """Takes the cells back."""
        self._begin(plan)
        self._cells.restore(stored)

    def take(self, said: Any, record: Fetched, epoch: int) -> None:
        """Takes a fact into its entity's record; one that belongs to another shard is forwarded there."""
        key = self._route(said)
        held = self.records.get(key)
        if held is None and (home := self.place.shard_of(key)) != self.place.shard:
            self.forwarded += 1
            self._aside.append(Outgoing(self.kind.topic.name, home, key.encode(), record.value))
            return
        try:
            self._check(said)
            self._hear(key, held, said, record.offset)
            self._bugs.in_a_row = 0
        except LogError:  # it is the store that failed, not the fact
            raise
        except Exception as error:  # noqa: BLE001 - a bug on one entity is quarantined with its traceback, not spread
            self._awake.pop(key, None)
            self._drowsy.pop(key, None)
            self._bugs.met(error)
            self._aside += dead_letters(self._source, [record], error)

    def _hear(self, key: str, held: bytes | None, fact: Any, offset: int) -> None:
        change, origin, known = self._change_of(fact), (*self._source, offset), False
        entry = encode((change, origin))
        if held is None:
            after = begun(encode(self.kind.record(key, [])), entry)
        elif known := may_hold(held, entry):
            folded = self.kind.fold(self._load(held), [(fact, Origin(*origin))])
            if folded is None:
                return
            after = encode(folded)
        else:
            after = grown(held, entry)
        if len(after) > LARGEST_ENTITY:
            overgrown(key, after)
        if self._plan is not None:
            entity = self._awake.get(key) or self._wake(key, held, self._plan)
            before = entity.adds
            if known or change.occurred_at <= entity.changed_at:
                entity = self.kind.state(self._load(after), self._plan)
            else:
                entity.hear(change)
                entity.count()
            self._awake[key] = entity
            self._cells.replace(before, entity.adds, quiet=fact.quiet)
        self.records[key] = self._stored[key] = after

    def _wake(self, key: str, record: bytes | None, plan: PlanIndex) -> Entity:
        if record is None:
            return self.kind.begin(key, plan)
        return self._drowsy.get(key) or self.kind.state(self._load(record), plan)

    def owed(self) -> Iterable[Outgoing]:
        """Says every cell that changed."""
        aside, self._aside = self._aside, []
        return aside + self._cells.say(self._plan)

    def complete(self, moment: Moment) -> Iterable[Outgoing]:
        """What is owed is said before the tick."""
        return self.owed()

    def switch(self, plan: PlanIndex) -> Iterable[Outgoing]:
        """Says what is owed under the old plan, then every cell that differs under the new one."""
        owed, before = [*self.owed()], self.cells
        self.install(plan, 0)
        return owed + self._cells.differing(before)

    def stored(self) -> list[Outgoing]:
        """The entity records that changed."""
        stored, self._stored = self._stored, {}
        if len(self._awake) > AWAKE:
            self._awake, self._drowsy = {}, self._awake
        table, shard = self.kind.table.name, self.place.shard
        return [Outgoing(table, shard, key.encode(), value) for key, value in stored.items()]
