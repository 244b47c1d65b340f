"""A RocksDB on disk: whole, flipped, in use, or in a place where none can be."""

import random
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from streams.stores.rocks import Rocks, StoreDamaged

RECORDS = [(b"%06d" % n, random.Random(n).randbytes(60)) for n in range(6000)]
PREFIX = b"table\x00"
Reading = Callable[[Rocks], list[tuple[bytes, bytes | None]]]


def filled(path: Path) -> Path:
    """Makes a store whose records are all in one file, and gives that file."""
    rocks = Rocks(path)
    rocks.write((PREFIX + key, value) for key, value in RECORDS)
    rocks.close()
    (file,) = path.glob("*.sst")
    return file


def flip(file: Path, part: int, parts: int, luck: random.Random) -> None:
    """Flips one bit in this part of a file."""
    found = bytearray(file.read_bytes())
    found[(len(found) * part + luck.randrange(len(found))) // parts] ^= 1 << luck.randrange(8)
    file.write_bytes(found)


def scanned(rocks: Rocks) -> list[tuple[bytes, bytes | None]]:
    return [*rocks.scan(PREFIX)]


def asked(rocks: Rocks) -> list[tuple[bytes, bytes | None]]:
    return [(key, rocks.get(PREFIX + key)) for key, _ in RECORDS]


@pytest.mark.parametrize("reading", [scanned, asked])
def test_where_a_bit_flipped_all_records_are_found_or_damage_is_told(tmp_path: Path, reading: Reading) -> None:
    luck, told = random.Random("bits"), 0
    for part in range(12):
        path = tmp_path / f"{part}"
        flip(filled(path), part, 12, luck)
        try:
            with closing(Rocks(path)) as rocks:
                assert reading(rocks) == RECORDS
        except StoreDamaged:
            told += 1
            with closing(Rocks(path)) as again:
                assert scanned(again) == []
    assert told >= 10
