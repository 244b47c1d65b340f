"""Records in memory, as the bytes in which they were stored until somebody asks for them."""

from collections.abc import Callable, Iterator, MutableMapping, Sequence
from typing import Any, Generic, TypeVar

from streams.stores.blocks import Blocks
from streams.stores.items import Items

T = TypeVar("T")


class Packed(MutableMapping[str, T], Generic[T]):
    """A mapping that decodes a record when it is asked for first; most of a year's records never are."""

    def __init__(self, decode: Callable[[bytes], T]) -> None:
        """Empty; `decode` makes a record of its bytes."""
        self._decode = decode
        self._held: dict[str, T | bytes] = {}

    def __getitem__(self, key: str) -> T:
        found = self._held[key]
        if isinstance(found, bytes):
            found = self._held[key] = self._decode(found)
        return found

    def get(self, key: str, default: Any = None) -> Any:
        """The record of a key; written out, for a mapping's own way to say no is to raise."""
        found = self._held.get(key)
        if isinstance(found, bytes):
            found = self._held[key] = self._decode(found)
        return default if found is None else found

    def __contains__(self, key: object) -> bool:
        return key in self._held

    def __setitem__(self, key: str, value: T | bytes) -> None:
        self._held[key] = value

    def __delitem__(self, key: str) -> None:
        del self._held[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def items(self) -> Items[T]:
        """Every key with its record, decoded one by one and not kept."""
        return Items(self, self._unpacked)

    def _unpacked(self) -> Iterator[tuple[str, T]]:
        decode = self._decode
        for key, held in self._held.items():
            yield key, decode(held) if isinstance(held, bytes) else held


class MemoryShelves:
    """Where a stage's records stand in memory; to be filled table by table."""

    def __init__(self) -> None:
        """Nothing stands there yet."""
        self._tables: dict[str, MutableMapping[str, Any]] = {}

    def put(self, table: str, key: bytes, value: bytes) -> None:
        """Takes a stored record of a table that a stage has asked for."""
        self._tables[table][key.decode()] = value

    def records(
        self, tables: Sequence[str], decode: Callable[[bytes], T], table_of: Callable[[str], str]
    ) -> MutableMapping[str, T]:
        """The records of these tables, in one mapping; those that stay bytes need nothing but a dict."""
        made: MutableMapping[str, Any] = {} if decode is bytes else Packed(decode)
        self._tables |= dict.fromkeys(tables, made)
        return made

    def raw(self, table: str, chapter: Callable[[str], str]) -> MutableMapping[str, bytes]:
        """The records of this table as they are, those of old chapters compressed."""
        made = self._tables[table] = Blocks(chapter)
        return made

    def index(self, agent: str, name: str, kind: type[T]) -> MutableMapping[str, T] | None:
        """Nothing is known but the records."""
        return None
