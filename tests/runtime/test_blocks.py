"""Records that are compressed when nobody changes them any more: a mapping like any other, in fewer bytes."""

import zlib
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.stores import blocks
from streams.stores.blocks import Blocks

KEYS = st.builds("{}|{}".format, st.sampled_from("abc"), st.integers(0, 9))
STEPS = st.lists(st.tuples(st.sampled_from(["put", "put", "drop", "get"]), KEYS, st.binary(max_size=4)), max_size=80)


def chapter(key: str) -> str:
    return key[-1]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that may be compressed is, in blocks of a few."""
    monkeypatch.setattr(blocks, "PLAIN", 0)
    monkeypatch.setattr(blocks, "TOGETHER", 4)


@pytest.mark.usefixtures("small")
@given(steps=STEPS)
def test_blocks_are_a_mapping_whatever_is_compressed(steps: list[tuple[str, str, bytes]]) -> None:
    found, expected = Blocks(chapter), dict[str, bytes]()
    for act, key, value in steps:
        if act == "put":
            found[key] = expected[key] = value
        elif act == "drop":
            assert found.pop(key, None) == expected.pop(key, None)
        assert (found.get(key), key in found, len(found)) == (expected.get(key), key in expected, len(expected))
        assert dict(found.items()) == {each: found[each] for each in found} == expected
    with pytest.raises(KeyError):
        found["nobody"]


def test_days_that_nobody_changes_take_a_fraction_of_their_bytes() -> None:
    found, written = Blocks(lambda key: key[-10:]), 0
    for day in range(20):
        for number in range(500):
            digest = f"{zlib.crc32(f'{day}{number}'.encode()):08x}"
            value = (
                f'{{"performer":"rep.{number:05}@sales.example.com","done":{{"crm|{digest}":["call_placed"]}}}}'.encode()
                * 6
            )
            found[f"crm|rep.{number:05}|{date(2026, 3, 1) + timedelta(days=day)}"] = value
            written += len(value)
    assert found.size < blocks.PLAIN + written / 10
