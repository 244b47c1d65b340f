"""Where records stand in the SQLite file, and what its readers take."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, cast

WIDTH = 40
"""Bits of an offset in a record's place, which is the spot's row id before the offset.

SQLite keeps rows in the order of one integer best: with a key of two columns, every record of more than a kilobyte
would spill over into a page of its own.
"""


def place(spot: int, offset: int) -> int:
    """Where a record of a spot stands among all."""
    return (spot << WIDTH) + offset


class Taken(NamedTuple):
    """A record of a topic, as its reader takes it."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


taken = cast(Callable[[tuple[Any, ...]], Taken], partial(tuple.__new__, Taken))
"""Without the check of `_make`: the columns are as many as the fields."""
