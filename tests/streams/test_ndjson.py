"""Our own format: every usable line becomes its fact, every other one a bad line with the reason."""

import gzip
import json
import random
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.activities import Activity
from schemas.deals import DealChanged
from schemas.meetings import MeetingChanged
from streams.replay import KEPT, MAX_LINE, AnyFact, Bad, Fact, Line, ReplayError, facts, in_time_order, parse, size
from tests.streams.any_facts import GOOD, any_fact

DEAL: dict[str, Any] = {
    "type": "deal_changed",
    "id": "e",
    "source": "s",
    "occurred_at": "2017-03-01T12:00:00Z",
    "deal": "d",
}


def lines_of(tmp_path: Path, raw: bytes, name: str = "facts.ndjson") -> list[Line]:
    (tmp_path / name).write_bytes(raw)
    return list(facts(tmp_path / name, "ndjson"))


def decoded(line: Line) -> AnyFact:
    assert isinstance(line, Fact)
    found: AnyFact = msgspec.json.decode(line.value, type=AnyFact)
    return found


@given(said=any_fact, quiet=st.booleans())
def test_a_fact_survives_its_line(said: AnyFact, *, quiet: bool) -> None:
    arrived = parse(msgspec.json.encode(said), quiet=quiet)
    assert decoded(arrived) == msgspec.structs.replace(said, quiet=quiet)
    assert arrived.occurred_at == said.occurred_at
    assert (
        arrived.topic
        == {
            Activity: "sales.activities.v1",
            MeetingChanged: "sales.meetings.v1",
            DealChanged: "sales.deals.v1",
        }[type(said)]
    )
    key = getattr(said, {Activity: "performer", MeetingChanged: "meeting", DealChanged: "deal"}[type(said)])
    assert arrived.key.decode() == key


def test_a_whole_number_is_an_integer_however_it_is_written() -> None:
    raw = b'{"minor_units": %s, "currency": "USD"}'
    written = [
        json.dumps(DEAL)[:-1].encode() + b', "amount": ' + raw % number + b"}" for number in (b"90", b"9e1", b"90.0")
    ]
    assert len({parse(each, quiet=False) for each in written}) == 1


def test_replayed_facts_are_quiet_unless_told_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "facts.ndjson"
    path.write_text(json.dumps(GOOD))
    assert [decoded(line).quiet for line in facts(path, "ndjson")] == [True]
    assert [decoded(line).quiet for line in facts(path, "ndjson", quiet=False)] == [False]


WRONG: list[tuple[bytes, str]] = [
    (b"not json", "not JSON"),
    (json.dumps(GOOD).encode()[:-5], "not JSON"),
    (b'{"type":"activity"', "not JSON"),
    (b"[]", "expected `object`"),
    (b"7", "expected `object`"),
    (b"null", "expected `object`"),
    (b"{}", "missing required field `type`"),
    (json.dumps(GOOD).encode() + b"}", "not JSON"),
    (json.dumps(GOOD).encode() * 2, "not JSON"),
    (b"\xff\xfe" + json.dumps(GOOD).encode(), "byte 0xff at 0 is not UTF-8"),
    (json.dumps(GOOD | {"more": "x"}).encode().replace(b'"x"', b'"\xe4"'), "is not UTF-8"),
    (json.dumps(GOOD | {"type": "tick"}).encode(), "type: invalid value 'tick'; write activity, meeting_changed"),
    (json.dumps(GOOD | {"type": 7}).encode(), "type: expected `str`"),
    (json.dumps(GOOD | {"performer": 7}).encode(), "performer: expected `str`, got `int`"),
    (json.dumps(GOOD | {"performer": None}).encode(), "performer: expected `str`, got `null`"),
    (json.dumps(GOOD | {"id": ""}).encode(), "id: expected `str` of length >= 1"),
    (json.dumps(GOOD | {"id": "x" * 201}).encode(), "id: expected `str` of length <= 200"),
    (json.dumps({key: value for key, value in GOOD.items() if key != "id"}).encode(), "missing required field `id`"),
    (
        json.dumps(GOOD | {"occurred_at": "2017-03-01T12:00:00"}).encode(),
        "occurred_at: expected `datetime` with a timezone",
    ),
    (json.dumps(GOOD | {"occurred_at": "yesterday"}).encode(), "occurred_at: invalid RFC3339"),
    (json.dumps(GOOD | {"occurred_at": "2017-02-29T12:00:00Z"}).encode(), "occurred_at: invalid RFC3339"),
    (json.dumps(GOOD | {"occurred_at": 1488366000}).encode(), "occurred_at: expected `datetime`"),
    (json.dumps(GOOD | {"occurred_at": "0001-01-01T00:00:00+14:00"}).encode(), "occurred_at is 0001"),
    (json.dumps(GOOD | {"occurred_at": "9999-12-31T23:59:59-14:00"}).encode(), "occurred_at is 9999"),
    (json.dumps(GOOD | {"version": -1}).encode(), "version: expected `int` >= 0"),
    (json.dumps(GOOD | {"version": 10**400}).encode(), "version: "),
    (json.dumps(GOOD | {"version": 1e300}).encode(), "version: "),
    (
        json.dumps(DEAL | {"amount": {"minor_units": 1.5, "currency": "USD"}}).encode(),
        "amount.minor_units: expected `int`",
    ),
    (
        json.dumps(DEAL | {"amount": {"minor_units": 1, "currency": "usd"}}).encode(),
        "amount.currency: expected `str` matching",
    ),
    (json.dumps(DEAL | {"amount": float("nan")}).encode(), "not JSON"),
    (json.dumps(DEAL | {"expected_close": "2017-02-30"}).encode(), "expected_close is '2017-02-30'"),
    (json.dumps(DEAL | {"created_at": "1969-12-31T00:00:00Z"}).encode(), "created_at is 1969"),
    (b'{"type":"activity","id":"\\ud800"}', "not JSON"),
    (b"[" * 60_000, "nested more than 32 deep"),
    (json.dumps(GOOD).encode()[:-1] + b',"x":' + b"[" * 400 + b"]" * 400 + b"}", "nested more than 32 deep"),
    (json.dumps(GOOD | {"x": "y" * MAX_LINE}).encode(), f"more than {MAX_LINE}"),
    (b"\x00" * 10, "not JSON"),
]


@pytest.mark.parametrize(("raw", "reason"), WRONG, ids=[reason for _, reason in WRONG])
def test_a_line_that_cannot_be_used_says_why(tmp_path: Path, raw: bytes, reason: str) -> None:
    before, bad, after = lines_of(tmp_path, b"\n".join([json.dumps(GOOD).encode(), raw, json.dumps(DEAL).encode()]))
    assert isinstance(bad, Bad)
    assert reason in bad.reason
    assert bad.id == "facts.ndjson:2"
    assert bad.raw == (raw if len(raw) <= MAX_LINE else raw[:KEPT])
    assert len(bad.raw) + bad.truncated == len(raw)
    assert decoded(before).id == "e-1"
    assert decoded(after).id == "e"


def test_braces_inside_texts_are_not_nesting(tmp_path: Path) -> None:
    (line,) = lines_of(tmp_path, json.dumps(GOOD | {"lead": '[{"' * 60}).encode())
    assert isinstance(line, Fact)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_fact_or_a_bad_line_for_each_line(
    tmp_path_factory: pytest.TempPathFactory, soup: bytes
) -> None:
    found = lines_of(tmp_path_factory.mktemp("soup"), soup)
    if soup[:2] != b"\x1f\x8b":
        assert len(found) == sum(1 for line in soup.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line.strip())
    assert all(isinstance(line, Bad) for line in found)


@given(st.dictionaries(st.sampled_from([*GOOD, "lead", "version", "deal", "amount"]), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)), st.sampled_from(["activity", "deal_changed", "meeting_changed"]))  # fmt: skip
def test_wrong_types_are_never_an_exception(
    tmp_path_factory: pytest.TempPathFactory, wrong: dict[str, Any], kind: str
) -> None:
    (line,) = lines_of(tmp_path_factory.mktemp("types"), json.dumps(GOOD | {"type": kind} | wrong).encode())
    assert isinstance(line, Fact | Bad)


def test_garbage_between_good_lines_changes_no_fact(tmp_path: Path) -> None:
    rng = random.Random(5)
    good = [json.dumps(GOOD | {"id": f"e-{number}"}).encode() for number in range(500)]
    garbage = [rng.choice(WRONG)[0] for _ in range(500)]
    mixed = good + garbage
    rng.shuffle(mixed)
    found = lines_of(tmp_path, b"\n".join(mixed))
    assert sorted(line.value for line in found if isinstance(line, Fact)) == sorted(
        line.value for line in lines_of(tmp_path, b"\n".join(good)) if isinstance(line, Fact)
    )
    assert sum(isinstance(line, Bad) for line in found) == len(garbage)


def test_line_ends_blank_lines_and_a_byte_order_mark_are_no_facts(tmp_path: Path) -> None:
    line = json.dumps(GOOD).encode()
    found = lines_of(tmp_path, b"\xef\xbb\xbf" + line + b"\r\n\r\n  \n" + line + b"\n\n")
    assert [decoded(fact).id for fact in found] == ["e-1", "e-1"]


def test_a_compressed_file_is_read_as_it_is(tmp_path: Path) -> None:
    raw = b"\n".join([json.dumps(GOOD).encode(), b"garbage", json.dumps(DEAL).encode()])
    assert lines_of(tmp_path, gzip.compress(raw)) == lines_of(tmp_path, raw)


@pytest.mark.parametrize("cut", [12, 60, 100])
def test_a_compressed_file_that_breaks_off_gives_a_last_bad_line(tmp_path: Path, cut: int) -> None:
    rng = random.Random(1)
    raw = b"\n".join(json.dumps(GOOD | {"id": f"{rng.random()}"}).encode() for _ in range(5000))
    packed = gzip.compress(raw)
    *before, last = lines_of(tmp_path, packed[: len(packed) * cut // 200] + b"\x00" * (cut == 60))
    assert all(isinstance(line, Fact | Bad) for line in before)
    assert isinstance(last, Bad)
    whole = zlib.decompressobj(wbits=31).decompress(packed[: len(packed) * cut // 200]).count(b"\n")
    assert whole - 100 <= sum(isinstance(line, Fact) for line in before) <= whole


def test_a_hundred_megabytes_without_a_line_end_are_read_in_little_memory(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "huge.ndjson.gz", "wb", compresslevel=1) as file:
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(b"\n" + json.dumps(GOOD).encode())
    tracemalloc.start()
    huge, good = facts(tmp_path / "huge.ndjson.gz", "ndjson")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000
    assert isinstance(huge, Bad)
    assert (len(huge.raw), huge.truncated) == (KEPT, 100_000_000 - KEPT)
    assert isinstance(good, Fact)


def test_a_folder_is_all_its_files(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_text(json.dumps(GOOD))
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(b"garbage"))
    (tmp_path / "readme.txt").write_text("garbage")
    fact, bad = facts(tmp_path, "ndjson")
    assert isinstance(fact, Fact)
    assert isinstance(bad, Bad)
    assert bad.id == "b.jsonl.gz:1"


def test_progress_tells_every_byte(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_text("\n".join([json.dumps(GOOD)] * 5000))
    seen: list[int] = []
    list(facts(tmp_path, "ndjson", progress=seen.append))
    assert sum(seen) == size(tmp_path, "ndjson") == (tmp_path / "a.ndjson").stat().st_size


@pytest.mark.parametrize(
    ("what", "says"),
    [
        (lambda path: facts(path / "nothing", "ndjson"), "is not there"),
        (lambda path: facts(path, "ndjsn"), "did you mean 'ndjson'"),
        (lambda path: facts(path, "ndjson"), "holds no .ndjson"),
    ],
)
def test_an_export_that_is_not_there_says_what_to_name(tmp_path: Path, what: Callable[[Path], Any], says: str) -> None:
    with pytest.raises(ReplayError, match=says):
        list(what(tmp_path))


@given(st.lists(any_fact, max_size=40), st.randoms(use_true_random=False), st.integers(1, 9))
def test_facts_come_in_order_of_time_however_they_were_written(
    said: list[AnyFact], rng: random.Random, chunk: int
) -> None:
    lines: list[Line] = [parse(msgspec.json.encode(item), quiet=True) for item in said]
    bad = Bad("a:1", "because", b"")
    shuffled = [*lines, bad]
    rng.shuffle(shuffled)
    ordered = list(in_time_order(shuffled, chunk))
    assert ordered[0] is bad
    assert ordered[1:] == sorted(line for line in lines if isinstance(line, Fact))
