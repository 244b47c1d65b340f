"""Records that are not all in memory, and records that stay packed: each a mapping like any other."""

import tempfile
from collections.abc import MutableMapping
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.stores import records
from streams.stores.packed import MemoryShelves
from streams.stores.records import Records
from streams.stores.rocks import Rocks

KEYS = st.sampled_from(["a", "b", "ä|1", "c"])
STEPS = st.lists(st.tuples(st.sampled_from(["put", "drop", "get", "flush"]), KEYS, st.integers(0, 9)), max_size=40)
TABLES = ("low", "high")


def table_of(key: str) -> str:
    return TABLES[key > "b"]


def do(mapping: MutableMapping[str, list[int]], act: str, key: str, number: int) -> object:
    """One step; a value that is there is changed in place, as stages do."""
    if act == "put":
        mapping.setdefault(key, []).append(number)
    elif act == "drop":
        return mapping.pop(key, None)
    return list(mapping.get(key, ())), key in mapping


def packed(mapping: MutableMapping[str, list[int]], key: str) -> bytes | None:
    return bytes(mapping[key]) if key in mapping else None


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, kept=st.integers(0, 3))
def test_records_on_disk_are_a_mapping_however_soon_they_are_forgotten(
    steps: list[tuple[str, str, int]], kept: int
) -> None:
    plain: dict[str, list[int]] = {}
    with tempfile.TemporaryDirectory() as folder:
        rocks = Rocks(Path(folder) / "db")
        rocks.write([(b"lower\x00a", b"of another table")])
        before, records.CACHED = records.CACHED, kept
        found = Records(rocks, (b"low\x00", b"high\x00"), lambda key: table_of(key).encode() + b"\x00", list)
        changed: set[str] = set()
        for act, key, number in steps:
            assert do(found, act, key, number) == do(plain, act, key, number)
            changed |= {key} if act in {"put", "drop"} else set()
            if act == "flush":
                rocks.write((f"{table_of(key)}\0{key}".encode(), packed(plain, key)) for key in changed)
                changed.clear()
                found.rotate()
            assert dict(found.items()) == plain
        records.CACHED = before
        assert (sorted(found), len(found)) == (sorted(plain), len(plain))
        rocks.close()


@given(stored=st.dictionaries(KEYS, st.integers(0, 9)), steps=STEPS)
def test_packed_records_are_a_mapping(stored: dict[str, int], steps: list[tuple[str, str, int]]) -> None:
    shelves = MemoryShelves()
    found = shelves.records(TABLES, list[int], table_of)
    for key, number in stored.items():
        shelves.put(table_of(key), key.encode(), bytes([number]))
    plain = {key: [number] for key, number in stored.items()}
    for act, key, number in steps:
        assert do(found, act, key, number) == do(plain, act, key, number)
        assert dict(found.items()) == plain
    assert (sorted(found), len(found)) == (sorted(plain), len(plain))
