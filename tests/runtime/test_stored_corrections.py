"""A store beside the log keeps what a shard has heard of corrections, whether it is restored or made anew."""

import random
from collections import Counter
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import msgpack

from quota.plans import PlanIndex
from schemas.activities import Activity
from streams import tables
from streams.stages.activities import Activities
from streams.stages.corrections import Corrections
from streams.stages.frozen import FrozenScopes
from streams.stages.stage import Place
from streams.stores.packed import MemoryShelves
from tests.runtime.chaos import schedule
from tests.runtime.history import MONDAY, SHARDS, Past, plan
from tests.runtime.schedules import asked, numbers
from tests.runtime.storing import StoringLog, take_stored
from tests.runtime.test_corrections import Floor, facts, plainly
from tests.runtime.test_frozen import Pieces, kept
from tests.runtime.world import READ, Calm, Worker, World, work

T = TypeVar("T")
TABLE = tables.ACTIVITIES.name
SEEDS = range(8)
TURNS = 15


class Shelves(MemoryShelves):
    """Has indexes that somebody left."""

    def __init__(self, indexes: dict[str, Mapping[str, bytes]]) -> None:
        super().__init__()
        self._left = indexes
        self.indexes: dict[str, MutableMapping[str, Any]] = {}

    def index(self, agent: str, name: str, kind: type[T]) -> MutableMapping[str, T] | None:
        if name in self._left:
            self.indexes[name] = FrozenScopes(self._left[name], msgpack.Decoder(kind).decode)
        return self.indexes.get(name)


class Packing(Floor):
    """New owners get their records still packed; and sometimes the indexes, or all, that the one before had derived."""

    def __init__(self, shards: int, luck: random.Random) -> None:
        super().__init__(shards, luck)
        self.shelves = [Shelves({}) for _ in range(shards)]
        self.cells: list[dict[str, bytes]] = [{} for _ in range(shards)]

    def move(self, number: int) -> None:
        self.flush(number)
        left, derived = self.random.choice(["nothing", "indexes", "all"]), self.stages[number].derived()
        self.cells[number] = cells = kept(derived.pieces["cells"], self.cells[number])
        shelves = Shelves(
            {name: kept(piece, {}) for name, piece in derived.indexes.items()} if left != "nothing" else {}
        )
        if left != "nothing" and not derived.indexes:
            shelves.indexes = self.shelves[number].indexes
        self.shelves[number] = shelves
        self.stages[number] = stage = Activities(Place("activities", number, self.shards, self._shard_of))
        stage.lodge(shelves)
        for key, value in self.tables[number].items():
            shelves.put(TABLE, key.encode(), value)
        if left == "all":
            stage.restore(derived.few, Pieces(cells), PlanIndex(plan(3)), -1)
        else:
            stage.install(PlanIndex(plan(3)), -1)


@given(received=st.lists(facts, max_size=12), shards=st.integers(1, 4), luck=st.integers(0, 9999))
def test_owners_who_restore_what_was_derived_count_as_if_nothing_had_happened(
    received: list[Activity], shards: int, luck: int
) -> None:
    assert counted(received, shards, luck) == plainly(received)


def counted(received: list[Activity], shards: int, luck: int) -> Counter[tuple[str, str, str]]:
    """What each rep did according to owners who change often."""
    floor = Packing(shards, random.Random(luck))
    floor.run(received)
    for number in range(shards):
        floor.move(number)
    return Counter({key: number for key, number in floor.counted().items() if key[0].startswith("rep:")})


def test_a_restored_shard_that_has_forgotten_its_corrections_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    said = [a_call("anna", 1), a_call("anna", 0), a_call("ben", 0)]
    assert all(counted(said, 2, luck) == plainly(said) != {} for luck in range(50))
    monkeypatch.setattr(Corrections, "lodge", lambda self, shelves: None)
    assert any(counted(said, 2, luck) != plainly(said) for luck in range(500))


def a_call(performer: str, version: int) -> Activity:
    return Activity("1", "crm", MONDAY, performer, "call_placed", version=version)


def test_any_schedule_over_any_store_comes_to_plain_loops_when_corrections_name_other_performers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.runtime.world.take_hops", take_stored)
    left: Counter[str] = Counter()
    for seed in SEEDS:
        history = Past(f"around {seed}", facts=40, passed_around=True).history()
        log = StoringLog(tmp_path / str(seed), random.Random(f"around {seed}"))
        found, story = schedule(history, f"around {seed}", trouble=True, log=log, actions=300)
        log.close()
        assert numbers(found) == asked(history), f"seed {seed}: {story}"
        left += log.left
    assert min(left[each] for each in ("nothing", "all", "some", "derived", "left")) > 5, left


@pytest.mark.parametrize("seed", range(5))
def test_owners_who_stop_in_good_order_after_a_few_records_each_come_to_plain_loops(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.runtime.world.take_hops", take_stored)
    history, luck = Past(f"in order {seed}", passed_around=True).history(), random.Random(seed)
    log = StoringLog(tmp_path, luck, orderly=True)
    world, worker = World(history, log, luck), Worker(log)
    while world.appear():
        pass
    for _ in range(TURNS):
        for number in range(SHARDS):
            worker.take(number)
            for topic in READ:
                worker.owners[number].step(topic, luck.randint(0, 3))
    work(worker, Calm(1000, lambda: False))
    world.close()
    work(worker, Calm(1000, lambda: False))
    log.close()
    assert numbers(world.outcome()) == asked(history)
    assert log.left["left"] > TURNS
