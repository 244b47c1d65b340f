"""Changes into records of all changes of an entity, and what all entities add up to: the stage of deals and meetings."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from msgspec import json

from quota.cells import collect
from quota.credits import fan_out_all
from quota.errors import InvalidRecord
from quota.plans import PlanIndex
from quota.shares import Share, difference
from schemas.control import PlanMarker, Tick
from schemas.credits import Parts
from schemas.fields import Origin
from streams.batches import Fetched
from streams.log import LogError, Outgoing, TopicSpec
from streams.quarantine import Bugs, dead_letters, overgrown
from streams.stages.cells import Cell, Cells
from streams.stages.frozen import Derived, Stored
from streams.stages.growing import encode, entry, grown, may_hold
from streams.stages.stage import Moment, Place, Shelves

AWAKE = 200000
"""Entities whose history is forgotten together, at the second flush after so many were touched."""


class History(Protocol):
    """An entity as its changes make it under a plan."""

    adds: tuple[Share, ...]
    changed_at: datetime

    def hear(self, change: Any) -> None:
        """Takes a change that happened after all others."""
        ...

    def count(self) -> tuple[Share, ...]:
        """Finds out anew what it adds."""
        ...


@dataclass(frozen=True)
class Kind:
    """What differs between meetings and deals: types, keys, and the pure functions of one module of quota."""

    topic: TopicSpec
    table: TopicSpec
    fact: Any
    record: type[Any]
    route: Callable[[Any], str]
    entity: Callable[[Any], str]
    change_of: Callable[[Any], Any]
    fold: Callable[[Any, Sequence[tuple[Any, Origin]]], Any]
    begin: Callable[[str, PlanIndex], History]
    state: Callable[[Any, PlanIndex], History]
    contributions: Callable[[Any, PlanIndex], dict[Cell, Parts]]


class Histories:
    """The records of one shard's entities, and its cells: always a function of the records and the plan."""

    def __init__(self, kind: Kind, place: Place) -> None:
        """Empty until loaded."""
        self.kind, self.place = kind, place
        self.records: MutableMapping[str, bytes] = {}
        self.forwarded = 0
        self._plan: PlanIndex | None = None
        self._cells = Cells(place)
        self._awake, self._drowsy = dict[str, History](), dict[str, History]()
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
        """A fact, tick or marker; raises msgspec.DecodeError."""
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
        self._plan, self._awake, self._drowsy, self._cells.parts = plan, {}, {}, cells
        if plan is None:
            return
        mine: dict[Cell, Parts] = {}
        for _, record in self.records.items():
            collect(mine, self.kind.contributions(self._load(record), plan))
            yield
        yield from fan_out_all(mine, plan, cells)

    def lodge(self, shelves: Shelves) -> None:
        """Keeps records on disk."""
        self.records = shelves.records([self.kind.table.name], _as_stored, lambda _: self.kind.table.name)

    def derived(self) -> Derived:
        """The cells."""
        return Derived(b"", {"cells": self._cells.derived()})

    def restore(self, few: bytes, stored: Stored, plan: PlanIndex | None, tick: int) -> None:
        """Takes the cells back."""
        self._plan = plan
        self._cells.restore(stored)

    def take(self, said: Any, record: Fetched, epoch: int) -> None:
        """Takes a fact into its entity's record; one that belongs to another shard is forwarded there."""
        place, key = self.place, self.kind.route(said)
        if key not in self._awake and (home := place.shard_of(key)) != place.shard:
            self.forwarded += 1
            self._aside.append(Outgoing(self.kind.topic.name, home, key.encode(), record.value))
            return
        try:
            self.kind.entity(said)
            self._hear(key, said, Origin(self.kind.topic.name, place.shard, record.offset))
            self._bugs.passed()
        except LogError:  # it is the store that failed, not the fact
            raise
        except Exception as error:  # noqa: BLE001 - a bug on one entity is quarantined with its traceback, not spread
            self._awake.pop(key, None)
            self._drowsy.pop(key, None)
            self._bugs.met(error)
            self._aside += dead_letters([record], error, place.shard)

    def _hear(self, key: str, fact: Any, origin: Origin) -> None:
        change, held = self.kind.change_of(fact), self.records.get(key)
        known = held is not None and may_hold(held, said := entry(change, origin))
        if held is None:
            after = encode(self.kind.record(key, [(change, origin)]))
        elif not known:
            after = grown(held, said)
        elif folded := self.kind.fold(self._load(held), [(fact, origin)]):
            after = encode(folded)
        else:
            return
        overgrown(key, after)
        if self._plan is not None:
            history = self._history(key, held, self._plan)
            before = history.adds
            if known or change.occurred_at <= history.changed_at:
                history = self.kind.state(self._load(after), self._plan)
            else:
                history.hear(change)
                history.count()
            self._awake[key] = history
            self._cells.add(difference(before, history.adds), quiet=fact.quiet)
        self.records[key] = self._stored[key] = after

    def _history(self, key: str, held: bytes | None, plan: PlanIndex) -> History:
        found = self._awake.get(key) or self._drowsy.get(key)
        if found is not None:
            return found
        return self.kind.begin(key, plan) if held is None else self.kind.state(self._load(held), plan)

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


def _as_stored(value: bytes) -> bytes:
    return value
