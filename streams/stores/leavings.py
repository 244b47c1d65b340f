"""What agents derived from the records of a shard, in the store beside these records, for the next owner."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from msgspec import DecodeError, Struct, ValidationError, msgpack

from streams.stages.frozen import Derived
from streams.stores.index import Index
from streams.stores.rocks import Rocks

T = TypeVar("T")
LEFT, PIECE, INDEXED = b"\x00left\x00", b"\x00piece\x00", b"\x00indexed\x00"
"""What keys begin with: an agent's header, the chunks, and the program that derived the agent's indexes."""
BATCH = 256 * 1024
"""Bytes that are written together, in a few milliseconds."""


class Meta(Struct, frozen=True):
    """Of which log the tables are (the value of its identity record and where that stands), and how far each is.

    `positions` maps a table to the offset after the last record that is in the store, `written` is when that was
    last moved, in seconds since 1970.
    """

    identity: bytes
    place: int
    positions: dict[str, int]
    written: float


class Left(Struct, frozen=True):
    """The header of what an agent has derived: from which tables, by which program; and what is small of it."""

    meta: Meta
    code: str
    few: bytes


class Leavings:
    """The pieces that agents left, each behind a header that is written last, and says as of when they are true."""

    def __init__(self, rocks: Rocks, code: str) -> None:
        """`code` names the program."""
        self._rocks, self._code = rocks, code
        self._indexes: dict[bytes, Index[Any]] = {}

    def few(self, agent: str, meta: Meta | None) -> bytes | None:
        """What is small of what an agent derived; None unless all of it is of this state and this program."""
        with suppress(DecodeError, ValidationError):
            value = self._rocks.get(LEFT + agent.encode())
            left = None if value is None else msgpack.decode(value, type=Left)
            if left is not None and (left.meta, left.code) == (meta, self._code):
                return left.few
        return None

    def chunks(self, agent: str, name: str, start: str = "") -> "Chunks":
        """A piece of what an agent left: the chunks whose keys have this start, without it."""
        return Chunks(self._rocks, _piece(agent, name) + start.encode())

    def index(self, agent: str, name: str, kind: type[T]) -> Index[T] | None:
        """A piece that is true as of the records; None where it was not written, or by another program."""
        if self._rocks.get(INDEXED + agent.encode()) != self._code.encode():
            return None
        prefix = _piece(agent, name)
        made = self._indexes[prefix] = Index(self._rocks, prefix, kind)
        return made

    def changes(self) -> dict[bytes, bytes | None]:
        """What has to be written with the records of the flush that begins."""
        return {key: value for index in self._indexes.values() for key, value in index.changes().items()}

    def rotate(self) -> None:
        """Called when a flush is on disk."""
        for index in self._indexes.values():
            index.rotate()

    def forgotten(self) -> dict[bytes, None]:
        """What has to be written with records of which no agent has heard."""
        return dict.fromkeys(kind + agent for kind in (LEFT, INDEXED) for agent, _ in self._rocks.scan(kind))

    def leave(self, agent: str, derived: Derived, meta: Meta) -> Iterator[int]:
        """Writes all that an agent has derived, in steps; gives after each how many chunks are written."""
        header, mark = LEFT + agent.encode(), INDEXED + agent.encode()
        pieces = {**derived.pieces, **derived.indexes}
        self._rocks.write([(header, None), *([(mark, None)] if derived.indexes else [])])
        for name, piece in pieces.items():
            if piece.whole:
                self._rocks.clear(_piece(agent, name))
        yield from self._write(
            (_piece(agent, name) + chunk.encode(), value)
            for name, piece in pieces.items()
            for chunk, value in piece.chunks
        )
        left = msgpack.encode(Left(meta, self._code, derived.few))
        self._rocks.write([(header, left), *([(mark, self._code.encode())] if derived.indexes else [])])

    def _write(self, entries: Iterable[tuple[bytes, bytes | None]]) -> Iterator[int]:
        batch: list[tuple[bytes, bytes | None]] = []
        size = 0
        for count, entry in enumerate(entries, 1):
            batch.append(entry)
            size += len(entry[0]) + len(entry[1] or b"")
            if size >= BATCH:
                self._rocks.write(batch)
                batch, size = [], 0
                yield count
        self._rocks.write(batch)


class Chunks(Mapping[str, bytes]):
    """Bytes by key, read when they are asked for."""

    def __init__(self, rocks: Rocks, prefix: bytes) -> None:
        """Those whose keys have this prefix on disk."""
        self._rocks, self._prefix = rocks, prefix

    def __getitem__(self, chunk: str) -> bytes:
        value = self._rocks.get(self._prefix + chunk.encode())
        if value is None:
            raise KeyError(chunk)
        return value

    def __iter__(self) -> Iterator[str]:
        return (key.decode() for key, _ in self._rocks.scan(self._prefix))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _piece(agent: str, name: str) -> bytes:
    return PIECE + f"{agent}/{name}".encode() + b"\x00"
