"""A RocksDB on disk: whole, flipped, in use, or in a place where none can be."""

import random
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from streams.log import LogError
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


def foreign(path: Path) -> None:
    path.mkdir(parents=True)
    (path / "letters.txt").write_text("mine")


def a_file(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("mine")


def below_a_file(path: Path) -> None:
    path.parent.write_text("mine")


def not_writable(path: Path) -> None:
    # What a superuser may not write either.
    path.parent.symlink_to("/proc")


def refusing(path: Path) -> None:
    (path / "LOCK").mkdir(parents=True)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (foreign, r"holds letters\.txt, which is no store: name an empty directory with --store"),
        (a_file, "File exists.*; make room there, or name another directory with --store"),
        (below_a_file, "Not a directory.*; make room there, or name another directory with --store"),
        (not_writable, "; make room there, or name another directory with --store"),
        (refusing, "Is a directory; make room there, or name another directory with --store"),
    ],
)
def test_where_no_store_can_be_that_is_told_and_nothing_is_deleted(
    tmp_path: Path, spoil: Callable[[Path], None], why: str
) -> None:
    path = tmp_path / "stores" / "shard-0"
    spoil(path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(LogError, match=why) as found:
        Rocks(path)
    assert "built anew" not in str(found.value)
    assert {*before} <= {*tmp_path.rglob("*")}


FULL = """
import resource, sys
from pathlib import Path
from streams.log import LogError
from streams.stores.rocks import Rocks

rocks = Rocks(Path(sys.argv[1]))
rocks.write([(b"first", b"1")])
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
for act in (lambda: rocks.write([(b"second", b"2")]), rocks.close):
    try:
        act()
    except LogError as error:
        print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print([*Rocks(Path(sys.argv[1])).scan(b"")])
"""
"""Has the operating system refuse to make files longer, as a full disk would."""


def test_a_full_disk_is_told_as_such_and_harms_no_record(tmp_path: Path) -> None:
    run = subprocess.run([sys.executable, "-c", FULL, tmp_path], capture_output=True, text=True, check=True)
    write, close, found = run.stdout.splitlines()
    for each in (write, close):
        assert "File too large" in each
        assert each.endswith("; make room there, or name another directory with --store")
    assert found == "[(b'first', b'1')]"


@pytest.mark.parametrize("how", ["anew", "damaged"])
def test_a_linked_directory_is_emptied_and_stays_linked(tmp_path: Path, how: str) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "shard-0").symlink_to(tmp_path / "real")
    with closing(Rocks(tmp_path / "shard-0")) as rocks:
        rocks.write([(b"key", b"value")])
        if how == "damaged":
            rocks.damaged("for a test")
    with closing(Rocks(tmp_path / "shard-0", anew=how == "anew")) as rocks:
        assert rocks.get(b"key") is None
        rocks.write([(b"other", b"value")])
    with closing(Rocks(tmp_path / "shard-0")) as rocks:
        assert rocks.get(b"other") == b"value"
    assert (tmp_path / "shard-0").is_symlink()


@pytest.mark.parametrize("damaged", [False, True])
@pytest.mark.parametrize("name", ["shard-0", "LOCK", "LOCK: Resource temporarily unavailable"])
def test_a_store_in_use_is_not_touched_whatever_it_is_called(tmp_path: Path, name: str, *, damaged: bool) -> None:
    with closing(Rocks(tmp_path / name)) as rocks:
        rocks.write([(b"key", b"value")])
        if damaged:
            rocks.damaged("for a test")
        with pytest.raises(LogError, match="is in use: give every worker a directory of its own"):
            Rocks(tmp_path / name)
        with pytest.raises(LogError, match="is in use"):
            Rocks(tmp_path / name, anew=True)
        assert rocks.get(b"key") == b"value"


def test_a_damaged_store_is_not_in_use_for_lying_below_a_lock(tmp_path: Path) -> None:
    path = tmp_path / "LOCK: Resource temporarily unavailable"
    filled(path)
    (path / "CURRENT").write_text("nothing of the kind")
    with pytest.raises(StoreDamaged):
        Rocks(path)
    with closing(Rocks(path)) as rocks:
        assert scanned(rocks) == []
