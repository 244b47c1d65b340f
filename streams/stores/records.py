"""Records that stay on disk: a mapping that decodes what is asked for and forgets it again after a while."""

from collections.abc import Callable, Iterator, MutableMapping
from enum import Enum
from typing import Literal, TypeVar

from streams.stores.items import Items
from streams.stores.rocks import Rocks

T = TypeVar("T")
CACHED = 20_000
"""Records that are forgotten together, at the second flush after so many were touched."""


class Gone(Enum):
    """Says of a key that it has no record."""

    GONE = "gone"


GONE: Literal[Gone.GONE] = Gone.GONE


class Records(MutableMapping[str, T]):
    """The records of a stage, by key: those of the disk, and over them what was touched of late.

    What is changed here goes to the disk with the flush that stores it, not by itself. So a record may be forgotten
    only once a whole flush has begun and ended since it was last asked for.
    """

    def __init__(
        self, rocks: Rocks, prefixes: tuple[bytes, ...], prefix_of: Callable[[str], bytes], decode: Callable[[bytes], T]
    ) -> None:
        """`prefix_of` gives the table's prefix of a key, one of `prefixes`."""
        self._rocks, self._prefixes, self._prefix_of, self._decode = rocks, prefixes, prefix_of, decode
        self._young: dict[str, T | Gone] = {}
        self._old: dict[str, T | Gone] = {}

    def _find(self, key: str) -> T | Gone:
        if key in self._young:
            return self._young[key]
        if key in self._old:
            found = self._old[key]
        else:
            value = self._rocks.get(self._prefix_of(key) + key.encode())
            found = GONE if value is None else self._decode(value)
        self._young[key] = found
        return found

    def __getitem__(self, key: str) -> T:
        found = self._find(key)
        if isinstance(found, Gone):
            raise KeyError(key)
        return found

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._find(key) is not GONE

    def __setitem__(self, key: str, value: T) -> None:
        self._young[key] = value

    def __delitem__(self, key: str) -> None:
        self[key]
        self._young[key] = GONE

    def __iter__(self) -> Iterator[str]:
        return (key for key, _ in self.items())

    def __len__(self) -> int:
        return sum(1 for _ in self.items())

    def items(self) -> Items[T]:
        """Every key with its record; those of the disk are decoded one by one and not kept."""
        return Items(self, self._all)

    def rotate(self) -> None:
        """Called when a flush is on disk: forgets what was not asked for since it last forgot something."""
        if len(self._young) > CACHED:
            self._young, self._old = {}, self._young

    def _all(self) -> Iterator[tuple[str, T]]:
        touched = {**self._old, **self._young}
        for prefix in self._prefixes:
            for name, value in self._rocks.scan(prefix):
                key = name.decode()
                if key not in touched:
                    yield key, self._decode(value)
        for key, record in touched.items():
            if not isinstance(record, Gone):
                yield key, record
