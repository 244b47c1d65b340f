"""What no worker does: values of a log's file changed by hand."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from msgspec import json

TABLE = "SELECT id FROM spots WHERE topic = ? AND part = ?"
ENTRY = "SELECT value FROM entries WHERE spot = ? AND key = ?"
LAST = "SELECT max(place) FROM records WHERE place >> 40 = ? AND key = ?"


def entry(path: Path, topic: str, key: str, change: Callable[[Any], Any], shard: int = 0) -> None:
    """Changes a table's record; None removes it."""
    with closing(sqlite3.connect(path)) as file, file:
        (spot,) = file.execute(TABLE, (topic, shard)).fetchone()
        (value,) = file.execute(ENTRY, (spot, key.encode())).fetchone()
        changed = change(json.decode(value))
        if changed is None:
            file.execute("DELETE FROM entries WHERE spot = ? AND key = ?", (spot, key.encode()))
        else:
            where = json.encode(changed), spot, key.encode()
            file.execute("UPDATE entries SET value = ? WHERE spot = ? AND key = ?", where)


def last(path: Path, topic: str, key: str, change: Callable[[Any], Any], shard: int = 0) -> None:
    """Changes the last record of a key; None removes it."""
    with closing(sqlite3.connect(path)) as file, file:
        (spot,) = file.execute(TABLE, (topic, shard)).fetchone()
        (place,) = file.execute(LAST, (spot, key.encode())).fetchone()
        (value,) = file.execute("SELECT value FROM records WHERE place = ?", (place,)).fetchone()
        changed = change(json.decode(value))
        if changed is None:
            file.execute("DELETE FROM records WHERE place >> 40 = ? AND key = ?", (spot, key.encode()))
        else:
            file.execute("UPDATE records SET value = ? WHERE place = ?", (json.encode(changed), place))


def put(path: Path, topic: str, key: str, value: Any, shard: int = 0) -> None:
    """Adds a table's record."""
    with closing(sqlite3.connect(path)) as file, file:
        (spot,) = file.execute(TABLE, (topic, shard)).fetchone()
        (end,) = file.execute("UPDATE spots SET next = next + 1 WHERE id = ? RETURNING next", (spot,)).fetchone()
        row = spot, key.encode(), end - 1, 0, json.encode(value)
        file.execute("INSERT INTO entries (spot, key, offset, ts, value) VALUES (?, ?, ?, ?, ?)", row)
