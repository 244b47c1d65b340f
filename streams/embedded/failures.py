"""What SQLite raises, told as the log's errors: what is wrong with which file, and what to do about it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streams.log import LogError

DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
PRIMARY = 0xFF
"""The bits of an error code that name its kind; those above them say more."""


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Raises LogError where SQLite failed on the file."""
    try:
        yield
    except sqlite3.Error as error:
        raise LogError(failure(path, error)) from error


def failure(path: Path, error: sqlite3.Error) -> str:
    """What happened in words."""
    kind = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & PRIMARY
    if kind in DAMAGED:
        return damaged(path, str(error))
    if kind in BUSY:
        return f"{path} is held by another process ({error}): see what works on it, then run the command again"
    return (
        f"{path} cannot be used ({error}): see that its disk has room and that you may write there. "
        "What was accepted before is in it; run the command again then"
    )


def damaged(path: Path, why: str) -> str:
    """What to do about a file that is torn."""
    return (
        f"{path} is damaged ({why}): keep it and {path.name}-wal as they are, and put back a copy of both, "
        "or name another file with --broker and replay the facts into it"
    )


def require_whole(path: Path) -> None:
    """Raises LogError where there is a write-ahead log but nothing before it: SQLite would delete that unread."""
    ahead = path.with_name(f"{path.name}-wal")
    if ahead.exists() and ahead.stat().st_size and not (path.exists() and path.stat().st_size):
        raise LogError(damaged(path, f"it is empty or gone, and {ahead.name} is what is left of it"))
