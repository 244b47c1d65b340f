"""What a transaction writes, by column for each spot: both engines take it so."""

from collections.abc import Iterable
from typing import NamedTuple, cast

from streams.log import Outgoing, Spot


class Group(NamedTuple):
    """What is written to one spot: the places among all records, keys and values."""

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
