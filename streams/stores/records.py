"""Records that stay on disk: a mapping that decodes what is asked for and forgets it again after a while."""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from enum import Enum
from typing import Literal, TypeVar

from streams.stores.items import Items
from streams.stores.rocks import Rocks

T = TypeVar("T")
CACHED = 20_000
"""Records that are forgotten together, at the second flush after so many were touched."""
MOST_NOTED = 100_000
"""Names that are noted in memory while an index is made anew."""


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


class Index(MutableMapping[str, str]):
    """Names by name, on disk; what was noted since goes there with the flush that was under way, or the next one."""

    def __init__(self, rocks: Rocks, prefix: bytes) -> None:
        self._rocks, self._prefix = rocks, prefix
        self._noted: dict[str, str | None] = {}
        self._sealed: dict[str, str | None] = {}

    def __getitem__(self, key: str) -> str:
        for layer in (self._noted, self._sealed):
            if key in layer:
                found = layer[key]
                break
        else:
            value = self._rocks.get(self._prefix + key.encode())
            found = None if value is None else value.decode()
        if found is None:
            raise KeyError(key)
        return found

    def __setitem__(self, key: str, value: str) -> None:
        self._noted[key] = value

    def __delitem__(self, key: str) -> None:
        self[key]
        self._noted[key] = None

    def __iter__(self) -> Iterator[str]:
        touched = {**self._sealed, **self._noted}
        yield from (key for key, value in touched.items() if value is not None)
        yield from (key for name, _ in self._rocks.scan(self._prefix) if (key := name.decode()) not in touched)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def seal(self) -> Mapping[bytes, bytes | None]:
        """What was noted up to now, as it has to go to disk together with the records of the flush that begins."""
        self._sealed |= self._noted
        self._noted = {}
        return {
            self._prefix + key.encode(): None if value is None else value.encode()
            for key, value in self._sealed.items()
        }

    def settle(self) -> None:
        """What was sealed is on disk."""
        self._sealed = {}

    def update(self, names: Mapping[str, str]) -> None:  # type: ignore[override] # only this form of the four is used
        """Notes many at once, all of committed records: so they may go to disk before any flush."""
        self._noted.update(names)
        if len(self._noted) > MOST_NOTED:
            self._rocks.write(self.seal().items())
            self.settle()
