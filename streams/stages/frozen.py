"""What was derived, in chunks, as bytes until somebody asks for something of the chunk."""

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import NamedTuple, TypeVar

V = TypeVar("V")
W = TypeVar("W")
Stored = Callable[[str], Mapping[str, bytes]]
"""Gives the stored chunks of the piece of this name, by key."""
Pack = Callable[[W], bytes | None]
Cut = Callable[[str], str]
"""Gives the chunk of a name, like the month of a day."""


class Piece(NamedTuple):
    """What has to be stored of something derived: chunks by key, None where there is none any more.

    `whole` means that nothing else of what was stored is true.
    """

    whole: bool
    chunks: Iterable[tuple[str, bytes | None]]


class Derived(NamedTuple):
    """All that a stage has derived: what is small, and pieces by name.

    `indexes` are those pieces that shelves keep up to date once they have them.
    """

    few: bytes
    pieces: dict[str, Piece]
    indexes: dict[str, Piece] = {}  # noqa: RUF012 - nobody changes it


class FrozenScopes(MutableMapping[str, W]):
    """scope → value, like any other mapping; a restart need not decode what nobody asks for."""

    def __init__(self, chunks: Mapping[str, bytes], thaw: Callable[[bytes], W]) -> None:
        """A chunk is one scope's; they stay as they are. `thaw` gives the value of one."""
        self._chunks, self._thaw = chunks, thaw
        self._thawed: dict[str, W | None] = {}
        """None: the scope has nothing."""
        self._were: dict[str, int] = {}
        """The hash of what was thawed."""

    def __getitem__(self, scope: str) -> W:
        if scope not in self._thawed:
            stored = self._chunks.get(scope)
            self._thawed[scope] = None if stored is None else self._thaw(stored)
            self._were[scope] = hash(stored)
        found = self._thawed[scope]
        if found is None:
            raise KeyError(scope)
        return found

    def __setitem__(self, scope: str, value: W) -> None:
        self._thawed[scope] = value

    def __delitem__(self, scope: str) -> None:
        self[scope]
        self._thawed[scope] = None

    def __iter__(self) -> Iterator[str]:
        thawed = [scope for scope, value in self._thawed.items() if value is not None]
        return iter([*(scope for scope in self._chunks if scope not in self._thawed), *thawed])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def changed(self, pack: Pack[W]) -> Iterator[tuple[str, bytes | None]]:
        """What differs from the chunks, None where a scope has nothing any more."""
        # What is stored now is known no longer: another time all is stored that was thawed by now.
        were, self._were = self._were, {}
        for scope, value in self._thawed.items():
            packed = None if value is None else pack(value)
            if hash(packed) != were.get(scope):
                yield scope, packed


class Frozen(MutableMapping[tuple[str, str], V]):
    """(scope, name) → value, likewise."""

    def __init__(self, chunks: Mapping[str, bytes], thaw: Callable[[bytes], dict[str, V]], cut: Cut) -> None:
        """`thaw` gives the values of one chunk by name; `cut` tells which of the scope's it is."""
        self.chunks: FrozenScopes[dict[str, V]] = FrozenScopes(chunks, thaw)
        self._cut = cut

    def __getitem__(self, key: tuple[str, str]) -> V:
        return self.chunks[f"{key[0]}|{self._cut(key[1])}"][key[1]]

    def __setitem__(self, key: tuple[str, str], value: V) -> None:
        self.chunks.setdefault(f"{key[0]}|{self._cut(key[1])}", {})[key[1]] = value

    def __delitem__(self, key: tuple[str, str]) -> None:
        del self.chunks[f"{key[0]}|{self._cut(key[1])}"][key[1]]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((chunk.partition("|")[0], name) for chunk, values in self.chunks.items() for name in values)

    def __len__(self) -> int:
        return sum(map(len, self.chunks.values()))


def freeze(mapping: Mapping[tuple[str, str], V], pack: Pack[dict[str, V]], cut: Cut) -> Piece:
    """The bytes of every chunk, or of those only that have changed since they were thawed."""
    if isinstance(mapping, Frozen):
        return freeze_scopes(mapping.chunks, lambda values: pack(values) if values else None)
    return Piece(True, _chunked(mapping, pack, cut))


def _chunked(
    mapping: Mapping[tuple[str, str], V], pack: Pack[dict[str, V]], cut: Cut
) -> Iterator[tuple[str, bytes | None]]:
    chunks: dict[str, dict[str, V]] = {}
    for (scope, name), value in mapping.items():
        chunks.setdefault(f"{scope}|{cut(name)}", {})[name] = value
    for chunk, values in chunks.items():
        yield chunk, pack(values)


def freeze_scopes(mapping: Mapping[str, W], pack: Pack[W]) -> Piece:
    """Likewise, of one chunk for each scope."""
    if isinstance(mapping, FrozenScopes):
        return Piece(False, mapping.changed(pack))
    return Piece(True, ((scope, pack(value)) for scope, value in mapping.items()))


def by_month(day: str) -> str:
    """Chunks of days of which no more change in a day than have to."""
    return day[:7]


def each(name: str) -> str:
    """Each a chunk of its own."""
    return name
