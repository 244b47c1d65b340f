"""One shard's store: its tables as of a known place in their changelogs, never ahead of what is committed."""

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from msgspec import DecodeError, ValidationError, msgpack

from streams.log import Outgoing
from streams.stages.frozen import Derived
from streams.stores.leavings import Leavings, Meta
from streams.stores.records import Records
from streams.stores.rocks import Rocks, StoreDamaged

T = TypeVar("T")
META = b"\x00meta"


class Shelf:
    """The tables of a shard on disk, in a directory of their own."""

    def __init__(self, path: Path, clock: Callable[[], float], code: str) -> None:
        """`clock` gives seconds since 1970, `code` names the program; raises LogError where another has it open."""
        self.path, self._clock, self._code = path, clock, code
        self._open()
        try:
            self.meta = self._read_meta()
        except BaseException:
            self._rocks.close()
            raise

    def _open(self, *, anew: bool = False) -> None:
        self._rocks = Rocks(self.path, anew=anew)
        self._leavings = Leavings(self._rocks, self._code)
        self._records: dict[tuple[str, ...], Records[Any]] = {}
        self._sealed: dict[bytes, bytes | None] = {}

    def _read_meta(self) -> Meta | None:
        with suppress(DecodeError, ValidationError):
            value = self._rocks.get(META)
            return None if value is None else msgpack.decode(value, type=Meta)
        return None

    def few(self, agent: str) -> bytes | None:
        """What is small of what the agent had derived from exactly these tables; None if it left nothing."""
        return self._leavings.few(agent, self.meta)

    def chunks(self, agent: str, name: str, start: str = "", /) -> Mapping[str, bytes]:
        """A piece of what the agent had derived: the chunks whose keys have this start, without it."""
        return self._leavings.chunks(agent, name, start)

    def index(self, agent: str, name: str, kind: type[T]) -> MutableMapping[str, T] | None:
        """A piece that the agent derives from records alone, None where it has to derive it first."""
        return self._leavings.index(agent, name, kind)

    def entries(self, table: str) -> Iterator[tuple[bytes, bytes]]:
        """Every record of a table."""
        return self._rocks.scan(_prefix(table))

    def records(
        self, tables: Sequence[str], decode: Callable[[bytes], T], table_of: Callable[[str], str]
    ) -> MutableMapping[str, T]:
        """The records of some tables as a mapping; `table_of` tells to which table a key belongs."""
        prefixes = {table: _prefix(table) for table in tables}
        made = Records(self._rocks, tuple(prefixes.values()), lambda key: prefixes[table_of(key)], decode)
        self._records[tuple(tables)] = made
        return made

    def raw(self, table: str, chapter: Callable[[str], str]) -> MutableMapping[str, bytes]:
        """The records of a table as they are."""
        return self.records([table], bytes, lambda _: table)

    def put(self, records: Iterable[tuple[str, bytes, bytes | None]]) -> None:
        """Takes committed records `(table, key, value)` without noting how far it is."""
        entries = {_prefix(table) + key: value for table, key, value in records}
        self._rocks.write({**self._leavings.forgotten(), **entries}.items())

    def note(self, identity: bytes, place: int, positions: Mapping[str, int]) -> None:
        """Notes of which log it is and how far."""
        self.meta = Meta(identity, place, dict(positions), self._clock())
        self._rocks.write([(META, msgpack.encode(self.meta))])

    def seal(self) -> None:
        """A flush begins: what changes in an index from here on belongs to the next one."""
        self._sealed |= self._leavings.changes()

    def keep(self, records: Sequence[Outgoing], offsets: Sequence[int]) -> None:
        """Takes the records of a flush that was committed at these offsets, all at once."""
        if self.meta is None:
            message = f"the store {self.path} was not fitted to its log"
            raise RuntimeError(message)
        positions = dict(self.meta.positions)
        entries, self._sealed = self._sealed, {}
        for record, offset in zip(records, offsets, strict=True):
            if record.topic in positions and record.key is not None:
                entries[_prefix(record.topic) + record.key] = record.value
                positions[record.topic] = max(positions[record.topic], offset + 1)
        self.meta = Meta(self.meta.identity, self.meta.place, positions, self._clock())
        self._rocks.write([*entries.items(), (META, msgpack.encode(self.meta))])
        for made in self._records.values():
            made.rotate()
        self._leavings.rotate()

    def leave(self, agent: str, derived: Derived) -> Iterator[int]:
        """Leaves what was derived from these tables for the next owner, who gets all of it or nothing.

        It is written in steps; gives after each how many chunks are written.
        """
        if self.meta is None:
            message = f"the store {self.path} was not fitted to its log"
            raise RuntimeError(message)
        yield from self._leavings.leave(agent, derived, self.meta)

    def damaged(self, why: str) -> StoreDamaged:
        """The error to raise where the store lacks what it must have; the next one to open it begins anew."""
        return self._rocks.damaged(why)

    def empty(self) -> None:
        """Begins anew."""
        self._rocks.close()
        self._open(anew=True)
        self.meta = None

    def close(self) -> None:
        """Lets go of the directory."""
        self._rocks.close()


def _prefix(table: str) -> bytes:
    return table.encode() + b"\x00"
