"""What was derived and not yet asked for: a mapping like any other, that gives back its bytes."""

from collections.abc import MutableMapping

from hypothesis import given
from hypothesis import strategies as st
from msgspec import msgpack

from streams.stages.frozen import Frozen, FrozenScopes, freeze, freeze_scopes

SCOPES, NAMES = st.sampled_from(["company", "rep:a", "rep:b"]), st.sampled_from(["1", "2"])
CELLS = st.dictionaries(st.tuples(SCOPES, NAMES), st.integers(0, 9))
STEPS = st.lists(st.tuples(st.sampled_from(["put", "drop", "get", "freeze"]), SCOPES, NAMES, st.integers(0, 9)))
thaw = msgpack.Decoder(dict[str, int]).decode


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
    found: MutableMapping[tuple[str, str], int] = Frozen(freeze(cells, msgpack.encode), thaw)
    for act, scope, name, number in steps:
        if act == "freeze":
            found = Frozen(freeze(found, msgpack.encode), thaw)
        assert do(found, act, (scope, name), number) == do(cells, act, (scope, name), number)
    assert (dict(found), len(found)) == (cells, len(cells))


@given(held=st.dictionaries(SCOPES, st.dictionaries(NAMES, st.integers(0, 9))), steps=STEPS)
def test_frozen_scopes_are_a_mapping_and_freeze_again(
    held: dict[str, dict[str, int]], steps: list[tuple[str, str, str, int]]
) -> None:
    found: MutableMapping[str, dict[str, int]] = FrozenScopes(freeze_scopes(held, msgpack.encode), thaw)
    for act, scope, name, number in steps:
        if act == "freeze":
            found = FrozenScopes(freeze_scopes(found, msgpack.encode), thaw)
        for mapping in (found, held):
            if act == "put":
                mapping.setdefault(scope, {})[name] = number
            elif act == "drop":
                mapping.pop(scope, None)
        assert (found.get(scope), scope in found, len(found)) == (held.get(scope), scope in held, len(held))
    assert dict(found) == held
