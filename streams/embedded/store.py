"""The SQLite file behind the embedded log: spots, records, tables, positions and writers, in short transactions."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import wraps
from itertools import repeat
from operator import itemgetter
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

from streams.embedded.failures import failure, require_whole, told
from streams.embedded.rows import Taken, place, taken
from streams.grouping import Group, grouped
from streams.log import LogError, Outgoing, Record, ShutOut, Spot, TopicSpec

LAYOUT = """
CREATE TABLE IF NOT EXISTS spots (
    id INTEGER PRIMARY KEY, topic TEXT NOT NULL, part INTEGER NOT NULL, compact INTEGER NOT NULL,
    first INTEGER NOT NULL DEFAULT 0, next INTEGER NOT NULL DEFAULT 0, position INTEGER, UNIQUE (topic, part));
CREATE TABLE IF NOT EXISTS records (place INTEGER PRIMARY KEY, ts INTEGER NOT NULL, key BLOB, value BLOB);
CREATE TABLE IF NOT EXISTS entries (
    spot INTEGER NOT NULL, key BLOB NOT NULL, offset INTEGER NOT NULL, ts INTEGER NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (spot, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS writers (name TEXT PRIMARY KEY, epoch INTEGER NOT NULL);
"""
RECORDS = "SELECT place - ?, ts, key, value FROM records WHERE place >= ? AND place < ? ORDER BY place LIMIT ?"
# Without an order: sorting a large table takes longer than reading it.
ENTRIES = "SELECT offset, ts, key, value FROM entries WHERE spot = ? AND offset >= ? AND offset < ?"
PASSED = "DELETE FROM records WHERE place >= ? AND place < ?"
# One list of last places for the whole spot: records have no index by key.
LAST = "(SELECT max(place) FROM records WHERE place >= ? AND place < ? GROUP BY key)"
SUPERSEDED = f"{PASSED} AND place NOT IN {LAST}"
CHUNK = 2000
VERSION = 2
PAGE = 16_384
"""Bytes: standings have over a kilobyte, so that few fit a page of the usual size. A file keeps its own."""
CACHE_KIB = 32 * 1024
"""Kibibytes of pages kept: a large flush touches more of a table than SQLite's two megabytes hold."""
FLUSHED, LASTING = "NORMAL", "FULL"
"""A commit that a power failure may take back, as it is repeated from what lasts; and one that it may not."""

P = ParamSpec("P")
T = TypeVar("T")


def connect(path: Path) -> sqlite3.Connection:
    """A connection with this log's settings; a file that is none of ours is left as it is and raises LogError."""
    require_whole(path)
    with told(path):
        found = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False, cached_statements=256)
        with ExitStack() as unless_ready:
            unless_ready.callback(found.close)
            _prepare(found, path)
            unless_ready.pop_all()
    return found


def _prepare(database: sqlite3.Connection, path: Path) -> None:
    if _is_new(database, path):
        database.execute(f"PRAGMA page_size = {PAGE}")
        # One transaction, so that another process sees all of it or nothing.
        database.executescript(f"BEGIN IMMEDIATE; {LAYOUT} PRAGMA user_version = {VERSION}; COMMIT;")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute(f"PRAGMA synchronous = {FLUSHED}")
    database.execute("PRAGMA wal_autocheckpoint = 1000")
    database.execute(f"PRAGMA cache_size = -{CACHE_KIB}")


def _is_new(database: sqlite3.Connection, path: Path) -> bool:
    """Whether the file is empty; raises LogError when somebody else's tables are in it."""
    try:
        version = database.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_NOTADB:
            raise
        message = f"{path} is not a QuotaFlow log ({error}): name another file with --broker"
        raise LogError(message) from error
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if version == 0 and not tables:
        return True
    if "spots" not in tables:
        message = f"{path} is not a QuotaFlow log but another program's database: name another file with --broker"
        raise LogError(message)
    if version != VERSION:
        message = f"{path} was written by another version (layout {version}, this one reads {VERSION})"
        raise LogError(message)
    return False


def _told(method: Callable[P, T]) -> Callable[P, T]:
    """A method of a store, which raises LogError where SQLite fails."""

    @wraps(method)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(*args, **kwargs)
        except sqlite3.Error as error:
            raise LogError(failure(cast(Store, args[0]).path, error)) from error

    return wrapped


class Store:
    """One connection's view of the file; every method is one short transaction or read."""

    def __init__(self, path: Path) -> None:
        """Opens the file, creating it when it is missing."""
        self.path, self.db = path, connect(path)
        self._sync = FLUSHED
        self.spots: dict[Spot, tuple[int, bool]] = {}
        self._seen, self._ends = -1, dict[Spot, int]()
        self._refresh()

    @_told
    def _refresh(self) -> None:
        rows = self.db.execute("SELECT topic, part, id, compact FROM spots")
        self.spots = {Spot(topic, part): (spot, bool(compact)) for topic, part, spot, compact in rows}

    def close(self) -> None:
        """Closes the connection."""
        self.db.close()

    @_told
    def declare(self, topics: Iterable[TopicSpec], shards: int) -> int:
        """Creates missing spots; an existing log's number of shards wins and is given back."""
        topics = list(topics)
        with self.db:
            self.db.execute("BEGIN IMMEDIATE")
            self._refresh()
            known = [1 + max(s.partition for s in self.spots if s.topic == t.name)
                     for t in topics if t.sharded and any(s.topic == t.name for s in self.spots)]  # fmt: skip
            shards = known[0] if known else shards
            self.db.executemany(
                "INSERT OR IGNORE INTO spots (topic, part, compact) VALUES (?, ?, ?)",
                [
                    (t.name, part, t.compact and not t.lag_ms)
                    for t in topics
                    for part in range(shards if t.sharded else 1)
                ],
            )
        self._refresh()
        return shards

    def spot(self, spot: Spot) -> tuple[int, bool]:
        """The spot's row id and whether it is a table; raises LogError when the topic is unknown."""
        if spot not in self.spots:
            self._refresh()
        if spot not in self.spots:
            message = f"this log has no {spot.topic}[{spot.partition}]: apply a plan or start a worker on it first"
            raise LogError(message)
        return self.spots[spot]

    @_told
    def write(
        self,
        records: Sequence[Outgoing],
        positions: Mapping[Spot, int],
        ts: int,
        owner: tuple[str, int] | None,
        *,
        lasting: bool = False,
    ) -> list[int]:
        """Appends records and stores positions in one transaction; raises ShutOut when the owner is not the last.

        Only one that is `lasting`, and all before it, outlives a power failure for sure.
        """
        self._synchronize(LASTING if lasting else FLUSHED)
        with self.db:
            self.db.execute("BEGIN IMMEDIATE")
            if owner is not None:
                self._check(owner)
            offsets = self._append(records, ts)
            self.db.executemany(
                "UPDATE spots SET position = ? WHERE id = ?", [(p, self.spot(s)[0]) for s, p in positions.items()]
            )
        return offsets

    def _synchronize(self, level: str) -> None:
        if level != self._sync:
            self.db.execute(f"PRAGMA synchronous = {level}")
            self._sync = level

    def _check(self, owner: tuple[str, int]) -> None:
        name, epoch = owner
        row = self.db.execute("SELECT epoch FROM writers WHERE name = ?", (name,)).fetchone()
        if row is None or row[0] != epoch:
            message = f"writer {name} was shut out by a later owner"
            raise ShutOut(message)

    def _append(self, records: Sequence[Outgoing], ts: int) -> list[int]:
        offsets = [0] * len(records)
        for where, group in grouped(records).items():
            spot, compact = self.spot(where)
            first = self.db.execute("SELECT next FROM spots WHERE id = ?", (spot,)).fetchone()[0]
            after = first + len(group.places)
            self.db.execute("UPDATE spots SET next = ? WHERE id = ?", (after, spot))
            for at, offset in zip(group.places, range(first, after), strict=True):
                offsets[at] = offset
            (self._put if compact else self._add)(spot, ts, range(first, after), group)
        return offsets

    def _add(self, spot: int, ts: int, offsets: range, group: Group) -> None:
        places = range(place(spot, offsets.start), place(spot, offsets.stop))
        self.db.executemany(
            "INSERT INTO records (place, ts, key, value) VALUES (?, ?, ?, ?)",
            zip(places, repeat(ts), group.keys, group.values),
        )

    def _put(self, spot: int, ts: int, offsets: range, group: Group) -> None:
        last = dict(zip(group.keys, zip(offsets, group.values, strict=True), strict=True))
        if None in last:
            message = "a record for a table has no key"
            raise LogError(message)
        self.db.executemany(
            "DELETE FROM entries WHERE spot = ? AND key = ?", [(spot, k) for k, (_, v) in last.items() if v is None]
        )
        self.db.executemany(
            "INSERT OR REPLACE INTO entries (spot, key, offset, ts, value) VALUES (?, ?, ?, ?, ?)",
            [(spot, key, offset, ts, value) for key, (offset, value) in last.items() if value is not None],
        )

    def read(self, spot: Spot, start: int, end: int) -> list[Record]:
        """Up to a chunk of a topic's records with offsets in [start, end), in order."""
        return [Record(spot.topic, spot.partition, *row) for row in self.fetch(spot, start, end)]

    @_told
    def fetch(self, spot: Spot, start: int, end: int) -> list[Taken]:
        """The same for readers that know the spot."""
        row, _ = self.spot(spot)
        rows = self.db.execute(RECORDS, (place(row, 0), place(row, start), place(row, end), CHUNK))
        return [*map(taken, rows)]

    def scan(self, spot: Spot, start: int, end: int | None) -> Iterator[list[Record]]:
        """A table's records with offsets in [start, end) in chunks, in any order, all as of one moment.

        It holds that moment until its end: for a connection of its own.
        """
        row, _ = self.spot(spot)
        with told(self.path):
            self.db.execute("BEGIN")
            last = self.column("next")[spot] if end is None else end
            rows = self.db.execute(ENTRIES, (row, start, last))
            while chunk := rows.fetchmany(CHUNK):
                yield [Record(spot.topic, spot.partition, *columns) for columns in chunk]

    def ends(self) -> dict[Spot, int]:
        """The next offset of every spot, read again only when another connection has written."""
        version = self.version()
        if version != self._seen:
            self._seen, self._ends = version, self.column("next")
        return self._ends

    @_told
    def column(self, name: str) -> dict[Spot, int]:
        """`first`, `next` or `position` of every spot that has one."""
        pick = itemgetter({"first": 2, "next": 3, "position": 4}[name])
        rows = self.db.execute("SELECT topic, part, first, next, position FROM spots").fetchall()
        return {Spot(row[0], row[1]): pick(row) for row in rows if pick(row) is not None}

    @_told
    def version(self) -> int:
        """A number that differs whenever another connection has written since."""
        return int(self.db.execute("PRAGMA data_version").fetchone()[0])

    @_told
    def take_over(self, name: str) -> int:
        """The epoch of a new writer of this name; all earlier epochs are shut out."""
        with self.db:
            self.db.execute("BEGIN IMMEDIATE")
            self.db.execute("INSERT OR IGNORE INTO writers (name, epoch) VALUES (?, 0)", (name,))
            self.db.execute("UPDATE writers SET epoch = epoch + 1 WHERE name = ?", (name,))
            return int(self.db.execute("SELECT epoch FROM writers WHERE name = ?", (name,)).fetchone()[0])

    @_told
    def forget(self, topic: str, *, superseded_only: bool) -> int:
        """Deletes what every reader has passed: all of it, or only what a later record of the same key replaces."""
        deleted = 0
        with self.db:
            self.db.execute("BEGIN IMMEDIATE")
            rows = self.db.execute("SELECT id, coalesce(position, 0) FROM spots WHERE topic = ?", (topic,)).fetchall()
            for spot, position in rows:
                passed, everything = (place(spot, 0), place(spot, position)), (place(spot, 0), place(spot + 1, 0))
                if superseded_only:
                    deleted += self.db.execute(SUPERSEDED, (*passed, *everything)).rowcount
                else:
                    deleted += self.db.execute(PASSED, passed).rowcount
                    self.db.execute("UPDATE spots SET first = max(first, ?) WHERE id = ?", (position, spot))
        return deleted
