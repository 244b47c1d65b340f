"""What was derived, scope by scope, as bytes until somebody asks for something of the scope."""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import TypeVar

V = TypeVar("V")


class Frozen(MutableMapping[tuple[str, str], V]):
    """(scope, name) → value, like any other mapping; a restart need not decode what nobody asks for."""

    def __init__(self, scopes: dict[str, bytes], thaw: Callable[[bytes], Mapping[str, V]]) -> None:
        """`thaw` gives the values of one scope by name."""
        self.frozen, self._thaw = scopes, thaw
        self.thawed: dict[tuple[str, str], V] = {}

    def _touch(self, scope: str) -> None:
        if scope in self.frozen:
            for name, value in self._thaw(self.frozen.pop(scope)).items():
                self.thawed[scope, name] = value

    def __getitem__(self, key: tuple[str, str]) -> V:
        self._touch(key[0])
        return self.thawed[key]

    def __setitem__(self, key: tuple[str, str], value: V) -> None:
        self._touch(key[0])
        self.thawed[key] = value

    def __delitem__(self, key: tuple[str, str]) -> None:
        self._touch(key[0])
        del self.thawed[key]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for scope in [*self.frozen]:
            self._touch(scope)
        return iter(self.thawed)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def freeze(mapping: Mapping[tuple[str, str], V], pack: Callable[[dict[str, V]], bytes]) -> dict[str, bytes]:
    """The bytes of every scope; what has not been thawed is as it was."""
    packed, loose = (dict(mapping.frozen), mapping.thawed) if isinstance(mapping, Frozen) else ({}, mapping)
    scopes: dict[str, dict[str, V]] = {}
    for (scope, name), value in loose.items():
        scopes.setdefault(scope, {})[name] = value
    return packed | {scope: pack(values) for scope, values in scopes.items()}


class FrozenScopes(MutableMapping[str, dict[str, V]]):
    """scope → name → value, likewise."""

    def __init__(self, scopes: dict[str, bytes], thaw: Callable[[bytes], dict[str, V]]) -> None:
        self.frozen, self._thaw = scopes, thaw
        self.thawed: dict[str, dict[str, V]] = {}

    def __getitem__(self, scope: str) -> dict[str, V]:
        if scope in self.frozen:
            self.thawed[scope] = self._thaw(self.frozen.pop(scope))
        return self.thawed[scope]

    def __setitem__(self, scope: str, value: dict[str, V]) -> None:
        self.frozen.pop(scope, None)
        self.thawed[scope] = value

    def __delitem__(self, scope: str) -> None:
        self[scope]
        del self.thawed[scope]

    def __iter__(self) -> Iterator[str]:
        return iter([*self.frozen, *self.thawed])

    def __len__(self) -> int:
        return len(self.frozen) + len(self.thawed)


def freeze_scopes(mapping: Mapping[str, dict[str, V]], pack: Callable[[dict[str, V]], bytes]) -> dict[str, bytes]:
    """The bytes of every scope, as `freeze` gives them."""
    packed, loose = (dict(mapping.frozen), mapping.thawed) if isinstance(mapping, FrozenScopes) else ({}, mapping)
    return packed | {scope: pack(values) for scope, values in loose.items()}
