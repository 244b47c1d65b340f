"""What was derived, in chunks, as bytes until somebody asks for something of the chunk."""

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import NamedTuple, Protocol, TypeVar

V = TypeVar("V")
W = TypeVar("W")
Pack = Callable[[W], bytes | None]
Cut = Callable[[str], str]
"""Gives the chunk of a name, like the month of a day."""


class Stored(Protocol):
    """Where pieces are stored."""

    def __call__(self, name: str, start: str = "", /) -> Mapping[str, bytes]:
        """The chunks of the piece of this name by key: those whose keys have this start, without it."""
        ...


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


class FrozenNames(MutableMapping[str, V]):
    """name → value of one scope, in chunks."""

    def __init__(self, chunks: Mapping[str, bytes], thaw: Callable[[bytes], dict[str, V]], cut: Cut) -> None:
        """`thaw` gives the values of one chunk by name."""
        self.chunks, self._cut = FrozenScopes(chunks, thaw), cut

    def __getitem__(self, name: str) -> V:
        return self.chunks[self._cut(name)][name]

    def __setitem__(self, name: str, value: V) -> None:
        self.chunks.setdefault(self._cut(name), {})[name] = value

    def __delitem__(self, name: str) -> None:
        del self.chunks[self._cut(name)][name]

    def __iter__(self) -> Iterator[str]:
        return (name for values in self.chunks.values() for name in values)

    def __len__(self) -> int:
        return sum(map(len, self.chunks.values()))

    def __bool__(self) -> bool:
        return any(self.chunks.values())


class FrozenDays(MutableMapping[str, MutableMapping[str, V]]):
    """scope → name → value; one that has nothing is not among the scopes, but can be asked for."""

    def __init__(self, stored: Stored, piece: str, thaw: Callable[[bytes], dict[str, V]], cut: Cut) -> None:
        """Of the piece of this name."""
        self._stored, self._piece, self._thaw, self._cut = stored, piece, thaw, cut
        self._scopes: dict[str, FrozenNames[V]] = {}

    def __getitem__(self, scope: str) -> FrozenNames[V]:
        if scope not in self._scopes:
            self._scopes[scope] = FrozenNames(self._stored(self._piece, f"{scope}|"), self._thaw, self._cut)
        return self._scopes[scope]

    def __setitem__(self, scope: str, values: Mapping[str, V]) -> None:
        del self[scope]
        self[scope].update(values)

    def __delitem__(self, scope: str) -> None:
        names = self[scope]
        for name in [*names]:
            del names[name]

    def __contains__(self, scope: object) -> bool:
        return isinstance(scope, str) and bool(self[scope])

    def __iter__(self) -> Iterator[str]:
        stored = (key.partition("|")[0] for key in self._stored(self._piece))
        return (scope for scope in dict.fromkeys([*stored, *self._scopes]) if self[scope])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def changed(self, pack: Pack[dict[str, V]]) -> Iterator[tuple[str, bytes | None]]:
        """What differs from the chunks."""
        for scope, names in self._scopes.items():
            for chunk, packed in names.chunks.changed(lambda values: pack(values) if values else None):
                yield f"{scope}|{chunk}", packed


class Frozen(MutableMapping[tuple[str, str], V]):
    """(scope, name) → value, likewise."""

    def __init__(self, stored: Stored, piece: str, thaw: Callable[[bytes], dict[str, V]], cut: Cut) -> None:
        """Of the piece of this name."""
        self.days = FrozenDays(stored, piece, thaw, cut)

    def __getitem__(self, key: tuple[str, str]) -> V:
        return self.days[key[0]][key[1]]

    def __setitem__(self, key: tuple[str, str], value: V) -> None:
        self.days[key[0]][key[1]] = value

    def __delitem__(self, key: tuple[str, str]) -> None:
        del self.days[key[0]][key[1]]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((scope, name) for scope in self.days for name in self.days[scope])

    def __len__(self) -> int:
        return sum(map(len, self.days.values()))


def freeze(mapping: Mapping[tuple[str, str], V], pack: Pack[dict[str, V]], cut: Cut) -> Piece:
    """The bytes of every chunk, or of those only that have changed since they were thawed."""
    if isinstance(mapping, Frozen):
        return Piece(False, mapping.days.changed(pack))
    return Piece(True, _chunked(mapping.items(), pack, cut))


def freeze_days(mapping: Mapping[str, Mapping[str, V]], pack: Pack[dict[str, V]], cut: Cut) -> Piece:
    """Likewise."""
    if isinstance(mapping, FrozenDays):
        return Piece(False, mapping.changed(pack))
    every = (((scope, name), value) for scope, values in mapping.items() for name, value in values.items())
    return Piece(True, _chunked(every, pack, cut))


def _chunked(
    entries: Iterable[tuple[tuple[str, str], V]], pack: Pack[dict[str, V]], cut: Cut
) -> Iterator[tuple[str, bytes | None]]:
    chunks: dict[str, dict[str, V]] = {}
    for (scope, name), value in entries:
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
