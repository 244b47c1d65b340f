"""What a process that was killed, a power failure or a bad disk leaves of the embedded log's files."""

import shutil
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from streams.embedded import store as storing
from streams.embedded.log import EmbeddedLog
from streams.embedded.store import Store
from streams.log import LogError, Outgoing, Spot, TopicSpec

SPECS = (TopicSpec("facts", "facts"), TopicSpec("table", "a table", compact=True))
FACTS, TABLE = Spot("facts", 0), Spot("table", 0)
FRAME = 24
"""Bytes before each page of a write-ahead log."""
Content = tuple[list[tuple[int, bytes | None]], list[tuple[bytes | None, bytes | None]], dict[Spot, int]]


def transaction(number: int) -> list[Outgoing]:
    said = [Outgoing(*FACTS, b"k", b"%d/%d" % (number, n)) for n in range(3)]
    return [*said, Outgoing(*TABLE, b"last", b"%d" % number)]


def write(store: Store, number: int) -> None:
    store.write(transaction(number), {FACTS: 3 * number}, 0, None)


def content(store: Store) -> Content:
    """All that can be read."""
    ends = store.column("next")
    said = [(record.offset, record.value) for record in store.read(FACTS, 0, ends[FACTS])]
    with opened(store.path) as apart:
        table = [record for chunk in apart.scan(TABLE, 0, ends[TABLE]) for record in chunk]
    return said, [(record.key, record.value) for record in table], store.column("position")


@contextmanager
def opened(path: Path) -> Iterator[Store]:
    store = Store(path)
    try:
        yield store
    finally:
        store.close()


class Left(NamedTuple):
    """The files that are left, what they held before the last transaction and after it, and where that begins."""

    main: bytes
    ahead: bytes
    before: Content
    after: Content
    start: int

    def put(self, path: Path, ahead: bytes) -> None:
        """Lays the files out, with this for a write-ahead log and none of what SQLite shares between processes."""
        path.write_bytes(self.main)
        path.with_name(f"{path.name}-wal").write_bytes(ahead)
        path.with_name(f"{path.name}-shm").unlink(missing_ok=True)


@pytest.fixture
def left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Left:
    """What a process leaves that is killed after a few transactions; pages are small, so that every byte has a turn."""
    monkeypatch.setattr(storing, "PAGE", 512)
    path = tmp_path / "killed.db"
    ahead = path.with_name("killed.db-wal")
    with opened(path) as store:
        store.declare(SPECS, 1)
        for number in range(5):
            write(store, number)
        before, start = content(store), ahead.stat().st_size
        write(store, 5)
        assert ahead.stat().st_size > start + FRAME
        return Left(path.read_bytes(), ahead.read_bytes(), before, content(store), start)


def test_wherever_the_last_write_is_cut_off_it_is_whole_or_absent_and_everything_before_is_there(
    left: Left, tmp_path: Path
) -> None:
    path, end = tmp_path / "cut.db", len(left.ahead)
    for cut in range(left.start, end + 1):
        left.put(path, left.ahead[:cut])
        with opened(path) as store:
            assert content(store) == (left.after if cut == end else left.before), cut
            if cut % 5 == 0:
                write(store, 9)
                assert [value for _, value in content(store)[0]][-1] == b"9/2", cut


def test_whichever_byte_of_the_last_write_is_wrong_it_is_absent_and_everything_before_is_there(
    left: Left, tmp_path: Path
) -> None:
    path = tmp_path / "wrong.db"
    for at in range(left.start, len(left.ahead)):
        torn = bytearray(left.ahead)
        torn[at] ^= 0xFF
        left.put(path, bytes(torn))
        with opened(path) as store:
            assert content(store) == left.before, at


def test_an_earlier_write_that_is_torn_takes_those_after_it_along_and_never_a_part_of_one(
    left: Left, tmp_path: Path
) -> None:
    path, seen = tmp_path / "earlier.db", set[int]()
    for cut in range(0, left.start, 61):
        left.put(path, left.ahead[:cut])
        with opened(path) as store:
            if not store.spots:
                continue
            said, table, positions = content(store)
        count = len(said) // 3
        wanted = [record.value for number in range(count) for record in transaction(number)[:3]]
        assert [value for _, value in said] == wanted
        assert table == ([(b"last", b"%d" % (count - 1))] if count else [])
        assert positions == ({FACTS: 3 * (count - 1)} if count else {})
        seen.add(count)
    assert seen == {0, 1, 2, 3, 4}


@pytest.mark.parametrize("how", ["cut off", "overwritten"])
def test_a_main_file_that_is_torn_is_told_and_never_read_as_something_else(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "PAGE", 512)
    path, whole = tmp_path / "torn.db", tmp_path / "whole.db"
    with opened(whole) as store:
        store.declare(SPECS, 1)
        for number in range(60):
            write(store, number)
        good = content(store)
    told = list[str]()
    for page in range(1, whole.stat().st_size // 512):
        raw = whole.read_bytes()
        start = page * 512
        path.write_bytes(raw[:start] if how == "cut off" else raw[:start] + bytes(512) + raw[start + 512 :])
        try:
            with opened(path) as store:
                assert content(store) == good
        except LogError as error:
            told.append(str(error))
    assert len(told) > 10
    assert [said for said in told if f"{path} is damaged" not in said or "put back a copy" not in said] == []


@pytest.mark.parametrize("main", [b"", None])
def test_what_is_left_of_a_file_that_is_gone_is_not_deleted_unread(
    left: Left, tmp_path: Path, main: bytes | None
) -> None:
    path = tmp_path / "gone.db"
    left.put(path, left.ahead)
    if main is None:
        path.unlink()
    else:
        path.write_bytes(main)
    with pytest.raises(LogError, match=r"gone\.db is damaged \(it is empty or gone, and gone\.db-wal is what is left"):
        Store(path)
    assert path.with_name("gone.db-wal").read_bytes() == left.ahead


async def test_what_comes_from_outside_is_synchronized_with_the_disk_and_what_can_be_repeated_is_not(
    tmp_path: Path,
) -> None:
    log = EmbeddedLog(tmp_path / "log.db")
    await log.start()
    await log.declare(SPECS, 1)
    database, said, levels = log._writer_store().db, list[str](), dict[str, object]()
    writer = await log.writer("shard-0")
    database.set_trace_callback(said.append)
    works: dict[str, Callable[[], Awaitable[object]]] = {
        "append": lambda: log.append(transaction(0)),
        "flush": lambda: writer.commit(transaction(1), {}),
        "replay": lambda: log.append(transaction(2), lasting=False),
        "append again": lambda: log.append(transaction(3)),
    }
    for name, work in works.items():
        said.clear()
        await work()
        # Within a transaction the level could not be changed any more.
        assert [each for each in said if each.startswith("PRAGMA")] == [each for each in said[:1] if "PRAGMA" in each]
        levels[name] = synchronous(database)
    await log.stop()
    assert levels == {"append": 2, "flush": 1, "replay": 1, "append again": 2}


def synchronous(database: sqlite3.Connection) -> object:
    return database.execute("PRAGMA synchronous").fetchone()[0]


def test_a_copy_of_both_files_is_a_backup(left: Left, tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    left.put(path, left.ahead)
    for name in ("log.db", "log.db-wal"):
        shutil.copy(tmp_path / name, tmp_path / f"copy-of-{name}")
    with opened(tmp_path / "copy-of-log.db") as store:
        assert content(store) == left.after
