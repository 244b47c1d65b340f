"""Shards that keep their tables in a RocksDB: killed, moved, damaged, and always what a shard without one comes to."""

import random
from collections import Counter
from collections.abc import Callable
from math import inf
from pathlib import Path

import pytest
from msgspec import json

from agents.worker import ARROWS
from schemas.marks import Mark
from streams import tables, topics
from streams.keeping import leave, take_kept
from streams.log import Log, LogError, Outgoing, Spot
from streams.plan_reader import Plans
from streams.stages.entities import Entities
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
VALUE = b'{"deal":"d","changes":{}}'
Found = dict[str, object]


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
    assert min(left[each] for each in ("nothing", "all", "some", "derived")) > 5, left


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
        found = {key: record.deal for key, record in stage.records.items()}
        act(keeping)
        leave(readers.values(), keeping)
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


def cells(entities: Entities) -> Found:
    return {"|".join(cell): parts for cell, parts in entities.cells.items()}


@pytest.mark.parametrize("harm", ["none", "torn", "gone", "program", "later"])
def test_what_was_derived_is_used_only_where_it_fits(tmp_path: Path, harm: str) -> None:
    path, file = tmp_path / "shard-0", tmp_path / "shard-0.snapshot"
    shelf = Shelf(path, lambda: 0.0, "one")
    shelf.note(b"log", 0, {DEAL: 0})
    shelf.snapshot({"deals": b"cells"})
    if harm == "later":
        shelf.keep([Outgoing(DEAL, 0, b"a", VALUE)], [0])
    shelf.close()
    if harm == "torn":
        file.write_bytes(file.read_bytes()[:-3])
    elif harm == "gone":
        file.unlink()
    again = Shelf(path, lambda: 0.0, "two" if harm == "program" else "one")
    assert again.derived("deals") == (b"cells" if harm == "none" else None)
    again.close()


def test_no_setting_means_memory_and_a_missing_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert stores("memory", "embedded://x", lambda: 0.0) is None
    found = stores("rocksdb:some/where", "kafka://host:1", lambda: 0.0)
    assert found is not None
    assert found.directory == Path("some/where")
    monkeypatch.setitem(__import__("sys").modules, "rocksdict", None)
    with pytest.raises(LogError, match=r"needs rocksdict: install quotaflow\[store\]"):
        stores("rocksdb:some/where", "kafka://host:1", lambda: 0.0)
