"""A mapping on disk that follows from the records: what changes in it goes there in one batch with them."""

from typing import TypeVar

from msgspec import msgpack

from streams.stores.records import Gone, Records
from streams.stores.rocks import Rocks

T = TypeVar("T")


class Index(Records[T]):
    """Values of one type by key."""

    def __init__(self, rocks: Rocks, prefix: bytes, kind: type[T]) -> None:
        """Those whose keys have this prefix on disk."""
        super().__init__(rocks, (prefix,), lambda _: prefix, msgpack.Decoder(kind).decode)
        self._prefix = prefix
        self._changed: set[str] = set()

    def __setitem__(self, key: str, value: T) -> None:
        super().__setitem__(key, value)
        self._changed.add(key)

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)
        self._changed.add(key)

    def changes(self) -> dict[bytes, bytes | None]:
        """What has to be written of it since this was asked last."""
        changed, self._changed = self._changed, set()
        found = {key: self._find(key) for key in changed}
        return {
            self._prefix + key.encode(): None if isinstance(value, Gone) else msgpack.encode(value)
            for key, value in found.items()
        }
