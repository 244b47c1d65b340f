"""A store beside the log keeps what a shard has heard of corrections, whether it is restored or made anew."""

import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents import activities
from quota.plans import PlanIndex
from schemas.activities import Activity
from streams import tables
from streams.stages.corrections import Corrections
from streams.stages.entities import Entities
from streams.stages.stage import Place
from streams.stores.packed import MemoryShelves
from tests.runtime.chaos import schedule
from tests.runtime.history import MONDAY, Past, plan
from tests.runtime.schedules import asked, numbers
from tests.runtime.storing import StoringLog, take_stored
from tests.runtime.test_corrections import Floor, facts, plainly

TABLE = tables.ACTIVITIES.name
SEEDS = range(8)


class Packing(Floor):
    """New owners get their records in memory, still packed, and sometimes what the one before had derived."""

    def move(self, number: int) -> None:
        self.flush(number)
        derived = self.stages[number].derived() if self.random.random() < 0.5 else None
        place = Place("activities", number, self.shards, self._shard_of)
        self.stages[number] = stage = Entities(activities.KIND, place)
        shelves = MemoryShelves()
        stage.lodge(shelves)
        for key, value in self.tables[number].items():
            shelves.put(TABLE, key.encode(), value)
        if derived is None:
            stage.install(PlanIndex(plan(3)), -1)
        else:
            stage.restore(derived, PlanIndex(plan(3)), -1)


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
    monkeypatch.setattr(Corrections, "restore", lambda self, known: None)
    assert any(counted(said, 2, luck) != plainly(said) for luck in range(50))


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
    assert min(left[each] for each in ("nothing", "all", "some", "derived")) > 5, left
