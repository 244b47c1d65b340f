"""Records in memory as the bytes in which they are stored: those that nobody changes any more compressed together."""

import zlib
from collections.abc import Callable, Iterator, MutableMapping

from msgspec import msgpack

from streams.stores.items import Items

TOGETHER = 16
"""Records of a block: one alone is slow to compress, and of many all are decompressed for one."""
PLAIN = 2 * 1024 * 1024
"""Bytes that are never too many to be kept as they are."""
OPEN = 3
"""Chapters that stay as they are, because they were changed last."""

_unpacked = msgpack.Decoder(tuple[list[str], list[bytes]]).decode


class Blocks(MutableMapping[str, bytes]):
    """Bytes by key. Keys belong to chapters, as a day's; of those that changed last all stays as it is.

    The others are compressed as soon as those that are not take more than a fifth of the memory.
    """

    def __init__(self, chapter: Callable[[str], str]) -> None:
        """`chapter` gives the chapter of a key."""
        self._chapter = chapter
        self._plain: dict[str, dict[str, bytes]] = {}
        """By chapter, the one that changed last at the end."""
        self._latest: str | None = None
        self._size = self._packed = 0
        """Bytes as they are, and compressed."""
        self._blocks: dict[int, bytes] = {}
        self._live: dict[int, int] = {}
        """How many records of a block are still true."""
        self._where: dict[str, int] = {}
        """The block of a key, times TOGETHER, and its place in there."""
        self._next = 0
        self._last: tuple[int, list[bytes]] = (-1, [])
        """The block that was read last."""

    @property
    def size(self) -> int:
        """Bytes of all records as they are kept."""
        return self._size + self._packed

    def __getitem__(self, key: str) -> bytes:
        chapter = self._plain.get(self._chapter(key))
        found = chapter.get(key) if chapter else None
        return self._read(self._where[key]) if found is None else found

    def get(self, key: str, default: bytes | None = None) -> bytes | None:  # type: ignore[override] # no other default
        """The bytes of a key that is most likely not there."""
        chapter = self._plain.get(self._chapter(key))
        found = chapter.get(key) if chapter else None
        if found is None and key in self._where:
            return self._read(self._where[key])
        return default if found is None else found

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and (key in self._where or key in self._plain.get(self._chapter(key), ()))

    def __setitem__(self, key: str, value: bytes) -> None:
        if key in self._where:
            self._forget(key)
        name = self._chapter(key)
        if name != self._latest:
            self._plain[name] = self._plain.pop(name, {})
            self._latest = name
        chapter = self._plain[name]
        self._size += len(value) - len(chapter.get(key, b""))
        chapter[key] = value
        while self._size > PLAIN + self._packed // 4 and len(self._plain) > OPEN:
            self._pack(next(iter(self._plain)))

    def __delitem__(self, key: str) -> None:
        if key in self._where:
            self._forget(key)
        else:
            self._size -= len(self._plain.get(self._chapter(key), {}).pop(key))

    def __iter__(self) -> Iterator[str]:
        yield from (key for chapter in self._plain.values() for key in chapter)
        yield from self._where

    def __len__(self) -> int:
        return len(self._where) + sum(map(len, self._plain.values()))

    def items(self) -> Items[bytes]:
        """Every key with its bytes, block by block."""
        return Items(self, self._all)

    def _all(self) -> Iterator[tuple[str, bytes]]:
        for chapter in [*self._plain.values()]:
            yield from [*chapter.items()]
        for number in [*self._blocks]:
            keys, values = _unpacked(zlib.decompress(self._blocks[number]))
            for place, (key, value) in enumerate(zip(keys, values, strict=True)):
                if self._where.get(key) == number * TOGETHER + place:
                    yield key, value

    def _read(self, where: int) -> bytes:
        number, place = divmod(where, TOGETHER)
        if self._last[0] != number:
            self._last = number, _unpacked(zlib.decompress(self._blocks[number]))[1]
        return self._last[1][place]

    def _forget(self, key: str) -> None:
        """Takes a key out of its block, which goes with the last one."""
        number = self._where.pop(key) // TOGETHER
        self._live[number] -= 1
        if self._live[number] == 0:
            self._drop(number)
        elif self._live[number] == TOGETHER // 4:
            # Too much of it is true no longer: what is goes into a new one, in time.
            keys, values = _unpacked(zlib.decompress(self._blocks[number]))
            found = zip(keys, values, range(number * TOGETHER, (number + 1) * TOGETHER), strict=False)
            left = [(each, value) for each, value, where in found if self._where.get(each) == where]
            for each, value in left:
                del self._where[each]
                self._plain.setdefault(self._chapter(each), {})[each] = value
                self._size += len(value)
            self._drop(number)

    def _drop(self, number: int) -> None:
        self._packed -= len(self._blocks.pop(number))
        del self._live[number]

    def _pack(self, name: str) -> None:
        """Compresses what is left of a chapter; neighbours have much in common."""
        entries = sorted(self._plain.pop(name).items())
        for start in range(0, len(entries), TOGETHER):
            some = entries[start : start + TOGETHER]
            keys, values = [key for key, _ in some], [value for _, value in some]
            block = zlib.compress(msgpack.encode((keys, values)), 1)
            number, self._next = self._next, self._next + 1
            self._blocks[number], self._live[number] = block, len(some)
            self._where.update(zip(keys, range(number * TOGETHER, (number + 1) * TOGETHER), strict=False))
            self._packed += len(block)
            self._size -= sum(map(len, values))
