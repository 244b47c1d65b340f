"""Shards that keep their tables in a RocksDB: killed, moved, damaged, and always what a shard without one comes to."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from math import inf
from pathlib import Path

import pytest
from msgspec import json

from agents.worker import ARROWS
from quota.plans import PlanIndex
from schemas.marks import Mark
from streams import tables, topics
from streams.config import HORIZON_DAYS
from streams.hop import Hop
from streams.keeping import leave, take_kept
from streams.log import Log, LogError, Outgoing, Spot
from streams.plan_reader import Plans
from streams.stages.activities import Activities
from streams.stages.entities import Entities
from streams.stages.frozen import Derived, Piece
from streams.stores.leavings import BATCH, LEFT
from streams.stores.rocks import DAMAGED
from streams.stores.shelf import Shelf
from streams.stores.stores import Stores, stores
from streams.stores.writer import KeepingWriter
from tests.runtime.chaos import schedule
from tests.runtime.fake_log import FakeLog, at_once
from tests.runtime.history import SHARDS, Past
from tests.runtime.schedules import differences
from tests.runtime.storing import StoringLog, take_stored
from tests.runtime.world import calm

SEEDS = (2, 4, 5, 9)
DEAL = tables.DEALS.name
VALUE = b'{"deal":"d","changes":[]}'
Found = dict[str, bytes]


def test_any_schedule_over_any_store_that_is_left_comes_to_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = {seed: calm(Past(f"past {seed}").history(), each=False) for seed in SEEDS}
    monkeypatch.setattr("tests.runtime.world.take_hops", take_stored)
    left: Counter[str] = Counter()
    for seed in SEEDS:
        log = StoringLog(tmp_path / str(seed), random.Random(f"stores {seed}"))
        found, _ = schedule(Past(f"past {seed}").history(), f"{seed}/stores", trouble=True, log=log, actions=600)
        log.close()
        assert differences(expected[seed], found) == [], f"seed {seed}"
        left += log.left
    assert min(left[each] for each in ("nothing", "all", "some", "derived", "left")) > 5, left


@pytest.fixture
def log() -> FakeLog:
    return made()


def made() -> FakeLog:
    """A log with marks and deals in shard 0, under no plan."""
    log = FakeLog(history=True)
    at_once(log.declare((*topics.ALL, *tables.ALL), SHARDS))
    log.write([Outgoing(DEAL, 0, key, VALUE) for key in (b"a", b"b")])
    log.write([Outgoing(tables.MARKS.name, 0, topics.DEALS.name.encode(), json.encode(Mark(topics.DEALS.name)))])
    return log


class User:
    """Takes shard 0 over, again and again, as another process each time."""

    def __init__(self, folder: Path, program: str = "one", behind: float = inf) -> None:
        self.now, self.program = 0.0, program
        self.stores = Stores(folder, lambda: self.now, behind)

    def took(self, log: Log, act: Callable[[KeepingWriter], None] = lambda _: None) -> Found:
        """The deals that a take-over finds, and whether it found what was derived; then acts, and leaves."""
        writer = at_once(log.writer("shard-0"))
        readers, keeping = at_once(take_kept(log, ARROWS, (0, SHARDS), Plans(log), writer, self.stores))
        assert isinstance(keeping, KeepingWriter)
        stage = getattr(readers[topics.DEALS.name], "stage", None)
        assert isinstance(stage, Entities)
        found = dict(stage.records.items())
        act(keeping)
        at_once(leave(readers.values(), keeping))
        at_once(keeping.close())
        return found


def said(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("streams.stores"))


def put(key: bytes, value: bytes | None) -> Callable[[KeepingWriter], None]:
    return lambda keeping: at_once(_put(keeping, key, value))


async def _put(keeping: KeepingWriter, key: bytes, value: bytes | None) -> None:
    await keeping.commit([Outgoing(DEAL, 0, key, value)], {})


def test_what_was_committed_is_there_again_and_the_changelog_is_not_read(tmp_path: Path, log: FakeLog) -> None:
    user = User(tmp_path)
    assert [*user.took(log, put(b"c", VALUE))] == ["a", "b"]
    log.records[Spot(DEAL, 0)].clear()
    assert [*user.took(log, put(b"a", None))] == ["a", "b", "c"]
    assert [*user.took(log)] == ["b", "c"]


def test_what_was_committed_and_not_kept_is_read_from_the_log(tmp_path: Path, log: FakeLog) -> None:
    user = User(tmp_path)
    user.took(log)
    log.write([Outgoing(DEAL, 0, b"a", None), Outgoing(DEAL, 0, b"c", VALUE)])
    assert [*user.took(log)] == ["b", "c"]


@pytest.mark.parametrize(
    ("hours", "behind", "anew"), [(1, 3600.0 * 12, False), (13, 3600.0 * 12, True), (0, -inf, True)]
)
def test_a_store_that_may_have_missed_deletions_is_built_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, hours: int, behind: float, *, anew: bool
) -> None:
    log, user = made(), User(tmp_path, behind=behind)
    user.took(log)
    assert [*user.took(log)] == ["a", "b"]
    assert said(caplog) == ""
    log.write([Outgoing(DEAL, 0, b"c", VALUE)])
    user.now = hours * 3600.0
    assert [*user.took(log)] == ["a", "b", "c"]
    assert ("built anew from the log: it may have missed what was deleted" in said(caplog)) == anew


@pytest.mark.parametrize(("more", "why"), [(9, "belongs to another log"), (-1, "is ahead of the log")])
def test_the_store_of_another_log_is_built_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, more: int, why: str
) -> None:
    first, other, user = made(), made(), User(tmp_path)
    if more < 0:
        first.write([Outgoing(DEAL, 0, b"c", VALUE)])
    user.took(first)
    User(tmp_path / "of the other").took(other)
    other.write([Outgoing(DEAL, 0, f"new-{n}".encode(), VALUE) for n in range(more)])
    assert [*user.took(other)] == ["a", "b", *(f"new-{n}" for n in range(more))]
    assert why in said(caplog)


def ruined(path: Path) -> None:
    (path / "CURRENT").write_text("nothing of the kind")


def marked(path: Path) -> None:
    (path / DAMAGED).touch()


@pytest.mark.parametrize("ruin", [ruined, marked])
def test_a_damaged_store_is_built_anew(tmp_path: Path, log: FakeLog, ruin: Callable[[Path], None]) -> None:
    user = User(tmp_path)
    user.took(log, put(b"c", VALUE))
    ruin(tmp_path / "shard-0")
    assert [*user.took(log)] == ["a", "b", "c"]


def test_a_store_has_one_worker_at_a_time(tmp_path: Path, log: FakeLog) -> None:
    shelf = Shelf(tmp_path / "shard-0", lambda: 0.0, "")
    with pytest.raises(LogError, match="is in use: give every worker a directory of its own"):
        User(tmp_path).took(log)
    shelf.close()


def derived(number: int, *, whole: bool = True) -> Derived:
    """What an agent has derived, with this number in it."""
    piece = Piece(whole, [(f"scope-{number}", b"%d" % number), *([] if whole else [("gone", None)])])
    return Derived(b"%d" % number, {"cells": piece}, {"places": Piece(True, [("a", b"\x01")])})


def leaves(shelf: Shelf, left: Derived) -> None:
    assert [*shelf.leave("deals", left)] == []  # it is too little for a step


@pytest.mark.parametrize("harm", ["none", "torn", "cut short", "program", "later", "put"])
def test_what_was_derived_is_used_only_where_it_fits(tmp_path: Path, harm: str) -> None:
    shelf = noted(tmp_path)
    leaves(shelf, derived(1))
    if harm == "later":
        shelf.keep([Outgoing(DEAL, 0, b"a", VALUE)], [0])
    elif harm == "put":
        shelf.put([(DEAL, b"a", VALUE)])
    elif harm == "torn":
        header = shelf._rocks.get(LEFT + b"deals") or b""
        shelf._rocks.write([(LEFT + b"deals", header[:-3])])
    elif harm == "cut short":
        entries = [(f"scope-{n}", bytes(BATCH)) for n in range(3)]
        assert next(shelf.leave("deals", Derived(b"", {"cells": Piece(False, entries)}))) == 1
    shelf.close()
    again = Shelf(tmp_path / "shard-0", lambda: 0.0, "two" if harm == "program" else "one")
    assert again.few("deals") == (b"1" if harm == "none" else None)
    assert (again.index("deals", "places", int) is None) == (harm in {"program", "put"})
    again.close()


def noted(folder: Path) -> Shelf:
    """A store that holds what the log does."""
    shelf = Shelf(folder / "shard-0", lambda: 0.0, "one")
    shelf.note(b"log", 0, {DEAL: 0})
    return shelf


def test_a_whole_piece_replaces_what_was_left_before_and_another_is_added_to_it(tmp_path: Path) -> None:
    shelf = noted(tmp_path)
    leaves(shelf, Derived(b"", {"cells": Piece(True, [("gone", b"0"), ("scope-1", b"0")])}))
    leaves(shelf, derived(1, whole=False))
    assert dict(shelf.chunks("deals", "cells")) == {"scope-1": b"1"}
    leaves(shelf, derived(2, whole=False))
    assert dict(shelf.chunks("deals", "cells")) == {"scope-1": b"1", "scope-2": b"2"}
    leaves(shelf, derived(3))
    assert dict(shelf.chunks("deals", "cells")) == {"scope-3": b"3"}
    shelf.close()


def test_an_index_is_as_of_the_records_that_are_stored(tmp_path: Path) -> None:
    shelf = noted(tmp_path)
    leaves(shelf, derived(1))
    index = shelf.index("deals", "places", int)
    assert index is not None
    index["b"] = 2
    shelf.seal()
    index["c"] = 3  # read while the commit is under way
    del index["a"]
    shelf.keep([Outgoing(DEAL, 0, b"a", VALUE)], [0])
    assert dict(index) == {"b": 2, "c": 3}
    shelf.close()
    again = Shelf(tmp_path / "shard-0", lambda: 0.0, "one")
    assert dict(again.index("deals", "places", int) or {}) == {"a": 1, "b": 2}
    again.close()


def test_a_take_over_that_finds_all_derives_nothing_and_the_horizon_is_the_one_asked_for(
    tmp_path: Path, log: FakeLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, derives = User(tmp_path), Counter[str]()

    def counted(kind: type[Entities | Activities]) -> Callable[..., Iterator[None]]:
        installing = kind.installing

        def counting(self: Entities | Activities, plan: PlanIndex | None, tick: int) -> Iterator[None]:
            derives[self.place.agent] += 1
            return installing(self, plan, tick)  # type: ignore[arg-type] # it is its own

        return counting

    monkeypatch.setattr(Entities, "installing", counted(Entities))
    monkeypatch.setattr(Activities, "installing", counted(Activities))
    user.took(log)
    assert derives == {"activities": 1, "meetings": 1, "deals": 1}
    user.took(log, put(b"c", VALUE))
    user.took(log)
    assert derives == {"activities": 1, "meetings": 1, "deals": 1}
    writer = at_once(log.writer("shard-0"))
    readers, keeping = at_once(
        take_kept(log, ARROWS, (0, SHARDS), Plans(log), writer, user.stores, horizon=HORIZON_DAYS + 1)
    )
    assert {reader.horizon for reader in readers.values() if isinstance(reader, Hop)} == {HORIZON_DAYS + 1}
    at_once(keeping.close())


def test_no_setting_means_memory_and_a_missing_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert stores("memory", "embedded://x", lambda: 0.0) is None
    found = stores("rocksdb:some/where", "kafka://host:1", lambda: 0.0)
    assert found is not None
    assert found.directory == Path("some/where")
    monkeypatch.setitem(__import__("sys").modules, "rocksdict", None)
    with pytest.raises(LogError, match=r"needs rocksdict: .*pip install '\.\[store\]'"):
        stores("rocksdb:some/where", "kafka://host:1", lambda: 0.0)
