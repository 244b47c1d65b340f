"""What was derived and not yet asked for: a mapping like any other, that stores again what has changed."""

import operator
from collections.abc import MutableMapping

from hypothesis import given
from hypothesis import strategies as st
from msgspec import msgpack

from streams.stages.frozen import Frozen, FrozenDays, FrozenScopes, Piece, freeze, freeze_days, freeze_scopes

SCOPES, NAMES = st.sampled_from(["company", "rep:a", "rep:b"]), st.sampled_from(["11", "12", "21"])
CELLS = st.dictionaries(st.tuples(SCOPES, NAMES), st.integers(0, 9))
STEPS = st.lists(st.tuples(st.sampled_from(["put", "drop", "get", "freeze"]), SCOPES, NAMES, st.integers(0, 9)))
CUT = operator.itemgetter(0)
thaw = msgpack.Decoder(dict[str, int]).decode


def kept(piece: Piece, before: dict[str, bytes]) -> dict[str, bytes]:
    """What is stored, after what has to be stored now."""
    after = {**({} if piece.whole else before), **dict(piece.chunks)}
    return {scope: value for scope, value in after.items() if value is not None}


class Pieces:
    """Has one piece, whatever its name."""

    def __init__(self, chunks: dict[str, bytes]) -> None:
        self.chunks = chunks

    def __call__(self, _: str, start: str = "", /) -> dict[str, bytes]:
        return {key.removeprefix(start): value for key, value in self.chunks.items() if key.startswith(start)}


def do(mapping: MutableMapping[tuple[str, str], int], act: str, key: tuple[str, str], number: int) -> object:
    if act == "put":
        mapping[key] = mapping.setdefault(key, 0) + number
    elif act == "drop":
        return mapping.pop(key, None)
    return mapping.get(key), key in mapping


@given(cells=CELLS, steps=STEPS)
def test_frozen_cells_are_a_mapping_and_freeze_again(
    cells: dict[tuple[str, str], int], steps: list[tuple[str, str, str, int]]
) -> None:
    stored = Pieces(kept(freeze(cells, msgpack.encode, CUT), {"rep:a": b"old"}))
    found: MutableMapping[tuple[str, str], int] = Frozen(stored, "", thaw, CUT)
    for act, scope, name, number in steps:
        if act == "freeze":
            stored = Pieces(kept(freeze(found, msgpack.encode, CUT), stored.chunks))
            found = Frozen(stored, "", thaw, CUT)
        assert do(found, act, (scope, name), number) == do(cells, act, (scope, name), number)
    assert (dict(found), len(found)) == (cells, len(cells))


@given(held=st.dictionaries(SCOPES, st.dictionaries(NAMES, st.integers(0, 9))), steps=STEPS)
def test_frozen_scopes_are_a_mapping_and_freeze_again(
    held: dict[str, dict[str, int]], steps: list[tuple[str, str, str, int]]
) -> None:
    stored = kept(freeze_scopes(held, msgpack.encode), {"rep:a": b"old"})
    found: MutableMapping[str, dict[str, int]] = FrozenScopes(stored, thaw)
    for act, scope, name, number in steps:
        if act == "freeze":
            stored = kept(freeze_scopes(found, msgpack.encode), stored)
            found = FrozenScopes(stored, thaw)
        for mapping in (found, held):
            if act == "put":
                mapping.setdefault(scope, {})[name] = number
            elif act == "drop":
                mapping.pop(scope, None)
        assert (found.get(scope), scope in found, len(found)) == (held.get(scope), scope in held, len(held))
    assert dict(found) == held


@given(held=st.dictionaries(SCOPES, st.dictionaries(NAMES, st.integers(0, 9), min_size=1)), steps=STEPS)
def test_frozen_days_are_mappings_and_freeze_again(
    held: dict[str, dict[str, int]], steps: list[tuple[str, str, str, int]]
) -> None:
    stored = Pieces(kept(freeze_days(held, msgpack.encode, CUT), {"rep:a": b"old"}))
    found: MutableMapping[str, MutableMapping[str, int]] = FrozenDays(stored, "", thaw, CUT)
    for act, scope, name, number in steps:
        if act == "freeze":
            stored = Pieces(kept(freeze_days(found, msgpack.encode, CUT), stored.chunks))
            found = FrozenDays(stored, "", thaw, CUT)
        elif act == "put":
            found.setdefault(scope, {})[name] = number
            held.setdefault(scope, {})[name] = number
        elif act == "drop":
            found[scope].pop(name, None)
            held.get(scope, {}).pop(name, None)
        mine = held.get(scope, {})
        assert (dict(found[scope]), bool(found.get(scope)), scope in found) == (mine, bool(mine), bool(mine))
    assert {scope: dict(names) for scope, names in found.items()} == {
        scope: each for scope, each in held.items() if each
    }
    found["rep:a"] = {"3": 3}
    assert dict(found["rep:a"]) == {"3": 3}
    del found["rep:a"]
    assert "rep:a" not in [*found]


def test_what_nobody_asked_for_is_not_decoded_and_what_is_as_it_was_is_not_stored_again() -> None:
    decoded: list[bytes] = []

    def note(value: bytes) -> dict[str, int]:
        decoded.append(value)
        return thaw(value)

    stored = Pieces({f"rep:a|{name}": msgpack.encode({name: 1}) for name in "123"})
    cells = Frozen(stored, "", note, str)
    cells["rep:a", "2"] += cells["rep:a", "1"]
    piece = freeze(cells, msgpack.encode, str)
    assert (piece.whole, dict(piece.chunks), len(decoded)) == (False, {"rep:a|2": msgpack.encode({"2": 2})}, 2)
