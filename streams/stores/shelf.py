"""One shard's store: its tables as of a known place in their changelogs, never ahead of what is committed."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar

from msgspec import DecodeError, Struct, ValidationError, msgpack

from streams.log import Outgoing
from streams.stores.records import Records
from streams.stores.rocks import Rocks

T = TypeVar("T")
META = b"\x00meta"
DIGEST = 32
"""Bytes of a snapshot's digest."""


class Meta(Struct, frozen=True):
    """Of which log the tables are (the value of its identity record and where that stands), and how far each is.

    `positions` maps a table to the offset after the last record that is in the store, `written` is when that was
    last moved, in seconds since 1970.
    """

    identity: bytes
    place: int
    positions: dict[str, int]
    written: float


class Snapshot(Struct, frozen=True):
    """What was derived from the tables as `meta` describes them, by agent; `code` names the program that did it."""

    meta: Meta
    code: str
    derived: dict[str, bytes]


class Shelf:
    """The tables of a shard on disk, in a directory of their own."""

    def __init__(self, path: Path, clock: Callable[[], float], code: str) -> None:
        """`clock` gives seconds since 1970, `code` names the program; raises LogError where another has it open."""
        self.path, self._clock, self._code = path, clock, code
        self._file = path.with_suffix(".snapshot")
        self._rocks = Rocks(path)
        self._records: list[Records[Any]] = []
        self.meta = self._read_meta()
        self._snapshot = self._read_snapshot()

    def _read_meta(self) -> Meta | None:
        with suppress(DecodeError, ValidationError):
            value = self._rocks.get(META)
            return None if value is None else msgpack.decode(value, type=Meta)
        return None

    def _read_snapshot(self) -> Snapshot | None:
        """The snapshot, unless it is torn, of an earlier state, or made by another program."""
        with suppress(OSError, DecodeError, ValidationError):
            value = memoryview(self._file.read_bytes())
            if blake2b(value[DIGEST:], digest_size=DIGEST).digest() == value[:DIGEST]:
                found = msgpack.decode(value[DIGEST:], type=Snapshot)
                return found if (found.meta, found.code) == (self.meta, self._code) else None
        return None

    def derived(self, agent: str) -> bytes | None:
        """What the agent had derived from exactly these tables."""
        return None if self._snapshot is None else self._snapshot.derived.get(agent)

    def entries(self, table: str) -> Iterator[tuple[bytes, bytes]]:
        """Every record of a table."""
        return self._rocks.scan(_prefix(table))

    def records(
        self, tables: Sequence[str], decode: Callable[[bytes], T], table_of: Callable[[str], str]
    ) -> MutableMapping[str, T]:
        """The records of some tables as a mapping; `table_of` tells to which table a key belongs."""
        prefixes = {table: _prefix(table) for table in tables}
        made = Records(self._rocks, tuple(prefixes.values()), lambda key: prefixes[table_of(key)], decode)
        self._records.append(made)
        return made

    def put(self, records: Iterable[tuple[str, bytes, bytes | None]]) -> None:
        """Takes committed records `(table, key, value)` without noting how far it is."""
        self._snapshot = None
        self._rocks.write((_prefix(table) + key, value) for table, key, value in records)

    def note(self, identity: bytes, place: int, positions: Mapping[str, int]) -> None:
        """Notes of which log it is and how far."""
        self.meta = Meta(identity, place, dict(positions), self._clock())
        self._rocks.write([(META, msgpack.encode(self.meta))])

    def keep(self, records: Sequence[Outgoing], offsets: Sequence[int]) -> None:
        """Takes the records of a flush that was committed at these offsets, all at once."""
        if self.meta is None:
            message = f"the store {self.path} was not fitted to its log"
            raise RuntimeError(message)
        positions = dict(self.meta.positions)
        entries: dict[bytes, bytes | None] = {}
        for record, offset in zip(records, offsets, strict=True):
            if record.topic in positions and record.key is not None:
                entries[_prefix(record.topic) + record.key] = record.value
                positions[record.topic] = max(positions[record.topic], offset + 1)
        self._snapshot = None
        self.meta = Meta(self.meta.identity, self.meta.place, positions, self._clock())
        self._rocks.write([*entries.items(), (META, msgpack.encode(self.meta))])
        for made in self._records:
            made.rotate()

    def snapshot(self, derived: Mapping[str, bytes]) -> None:
        """Leaves what was derived from these tables for the next owner, who gets all of it or nothing."""
        if self.meta is not None:
            value = msgpack.encode(Snapshot(self.meta, self._code, dict(derived)))
            self._file.write_bytes(blake2b(value, digest_size=DIGEST).digest() + value)

    def let_go(self) -> None:
        """The snapshot's memory is not needed any more."""
        self._snapshot = None

    def empty(self) -> None:
        """Begins anew."""
        self._rocks.close()
        shutil.rmtree(self.path)
        self._rocks = Rocks(self.path)
        self.meta = self._snapshot = None

    def close(self) -> None:
        """Lets go of the directory."""
        self._rocks.close()


def _prefix(table: str) -> bytes:
    return table.encode() + b"\x00"
