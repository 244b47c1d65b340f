"""Facts into entity records, and what all of them add up to as cells: the stage behind every source topic."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from msgspec import json

from quota.cells import add, collect
from quota.credits import fan_out_all
from quota.errors import InvalidRecord
from quota.plans import PlanIndex
from schemas.control import PlanMarker, Tick
from schemas.credits import Parts
from schemas.fields import Origin
from streams.batches import Fetched
from streams.log import LogError, Outgoing, TopicSpec
from streams.quarantine import Bugs, dead_letters, overgrown
from streams.stages.cells import Cell, Cells
from streams.stages.frozen import Derived, Stored
from streams.stages.stage import Moment, Place, Shelves

MOST_ADDS = 50_000
"""How many records' contributions are remembered."""


@dataclass(frozen=True)
class Kind:
    """What differs between activities, meetings and deals: types, keys, and the pure functions of one module of quota.

    `fact` is all that its topic brings beside ticks and markers. `difference` gives contributions(after) -
    contributions(before) where that is cheaper than both of them.
    """

    topic: TopicSpec
    table: TopicSpec
    fact: Any
    record: type[Any]
    route: Callable[[Any], str]
    entity: Callable[[Any], str]
    fold: Callable[[Any, Sequence[tuple[Any, Origin]]], Any]
    contributions: Callable[[Any, PlanIndex], dict[Cell, Parts]]
    difference: Callable[[Any, Any, PlanIndex], Mapping[Cell, Parts]] | None = None


class Entities:
    """The records of one shard's entities, and its cells: always a function of the records and the plan."""

    def __init__(self, kind: Kind, place: Place) -> None:
        """Empty until loaded."""
        self.kind, self.place = kind, place
        self.records: MutableMapping[str, Any] = {}
        self.forwarded = 0
        self._plan: PlanIndex | None = None
        self._adds: dict[str, Mapping[Cell, Parts]] = {}
        self._pending: dict[str, list[tuple[Any, Fetched]]] = defaultdict(list)
        self._cells = Cells(place)
        self._stored: dict[str, bytes | None] = {}
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
        self.records[key.decode()] = self._load(value)

    def install(self, plan: PlanIndex | None, tick: int) -> None:
        """Recomputes every contribution and cell under this plan."""
        deque(self.installing(plan, tick), maxlen=0)

    def installing(self, plan: PlanIndex | None, tick: int) -> Iterator[None]:
        """Recomputes record by record what they add, and then cell by cell what that makes of the scopes above."""
        cells: dict[Cell, Parts] = {}
        self._plan, self._adds, self._cells.parts = plan, {}, cells
        mine: dict[Cell, Parts] = {}
        for _, record in self.records.items():  # noqa: PERF102 - those are decoded one by one and not kept
            if plan is not None:
                collect(mine, self.kind.contributions(record, plan))
            yield
        if plan is not None:
            yield from fan_out_all(mine, plan, cells)

    def lodge(self, shelves: Shelves) -> None:
        """Keeps records on disk."""
        self.records = shelves.records([self.kind.table.name], self._load, lambda _: self.kind.table.name)

    def derived(self) -> Derived:
        """The cells."""
        return Derived(b"", {"cells": self._cells.derived()})

    def restore(self, few: bytes, stored: Stored, plan: PlanIndex | None, tick: int) -> None:
        """Takes the cells back."""
        self._plan = plan
        self._cells.restore(stored)

    def take(self, said: Any, record: Fetched, epoch: int) -> None:
        """Notes a fact for the next drain; one that belongs to another shard is forwarded there."""
        home = self.place.shard_of(self.kind.route(said))
        if home != self.place.shard:
            self.forwarded += 1
            self._aside.append(Outgoing(self.kind.topic.name, home, self.kind.route(said).encode(), record.value))
            return
        try:
            key = self.kind.entity(said)
        except InvalidRecord as error:
            self._aside += dead_letters([record], error, self.place.shard)
            return
        self._pending[key].append((said, record))

    def owed(self) -> Iterable[Outgoing]:
        """Folds what is pending and says every touched cell."""
        for key in [*self._pending]:
            self._fold(key)
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
        table = self.kind.table.name
        return [Outgoing(table, self.place.shard, key.encode(), value) for key, value in stored.items()]

    def _fold(self, key: str) -> None:
        facts = self._pending.pop(key, [])
        if not facts:
            return
        # What only quiet facts change is quiet, wherever batches and flushes end.
        for quiet, run in groupby(facts, key=lambda each: each[0].quiet):
            self._fold_run(key, [*run], quiet=quiet)

    def _fold_run(self, key: str, facts: list[tuple[Any, Fetched]], *, quiet: bool) -> None:
        try:
            after = self.kind.fold(
                self.records.get(key), [(fact, Origin(r.topic, r.partition, r.offset)) for fact, r in facts]
            )
            if after is not None:
                self._keep(key, after, quiet=quiet)
            self._bugs.passed()
        except LogError:  # it is the store that failed, not the facts
            raise
        except Exception as error:  # noqa: BLE001 - a bug on one entity is quarantined with its traceback, not spread
            self._bugs.met(error)
            self._aside += dead_letters([record for _, record in facts], error, self.place.shard)

    def _keep(self, key: str, after: Any, *, quiet: bool) -> None:
        """Stores a record and replaces what it adds; the record is dropped when it holds nothing any more."""
        encoded = None if after is None else json.encode(after)
        if encoded is not None:
            overgrown(key, encoded)
        change = self._difference(key, self.records.get(key), after)
        if after is None:
            self.records.pop(key, None)
        else:
            self.records[key] = after
        self._stored[key] = encoded
        self._cells.add(change, quiet=quiet)

    def _difference(self, key: str, before: Any, after: Any) -> Mapping[Cell, Parts]:
        """What the record `after` adds more than `before` did under the same plan."""
        if self._plan is None:
            return {}
        if self.kind.difference is not None:
            return self.kind.difference(before, after, self._plan)
        change: dict[Cell, Parts] = {}
        for cell, parts in self._added(key, before, self._plan).items():
            add(change.setdefault(cell, {}), parts, -1)
        if after is not None:
            self._adds[key] = self.kind.contributions(after, self._plan)
            for cell, parts in self._adds[key].items():
                add(change.setdefault(cell, {}), parts)
        return {cell: parts for cell, parts in change.items() if parts}

    def _added(self, key: str, before: Any, plan: PlanIndex) -> Mapping[Cell, Parts]:
        """What the record adds so far; remembered for those that change often."""
        if len(self._adds) > MOST_ADDS:
            self._adds.clear()
        known = self._adds.pop(key, None)
        if known is None and before is not None:
            return self.kind.contributions(before, plan)
        return known or {}
