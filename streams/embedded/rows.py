"""Records on their way into the SQLite file and out of it: where they stand, and by column for each spot."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple, cast

from streams.log import Outgoing, Spot

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


class Group(NamedTuple):
    """What a transaction writes to one spot: its places in the transaction, keys and values."""

    places: list[int]
    keys: list[bytes | None]
    values: list[bytes | None]


def grouped(records: Iterable[Outgoing]) -> dict[Spot, Group]:
    """The records of each spot, in order."""
    groups: dict[tuple[str, int], Group] = {}
    for at, (topic, partition, key, value) in enumerate(records):
        group = groups.get((topic, partition))
        if group is None:
            group = groups[Spot(topic, partition)] = Group([], [], [])
        group.places.append(at)
        group.keys.append(key)
        group.values.append(value)
    return cast(dict[Spot, Group], groups)
