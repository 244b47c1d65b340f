"""Ten thousand lines that nobody can use: every good number is exact, and every bad line is kept with the reason."""

import base64
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from streams.log import Outgoing
from tests.e2e.cli import SHARDS, SOURCES, Beside, Json, Quotaflow, working
from tests.e2e.comparing import wrong
from tests.e2e.garbage import bad_lines, line
from tests.e2e.quarter import cut, facts

BAD = 10_000
KEPT = 4 * 1024
"""Bytes at least that are kept of what is too large."""


@dataclass(frozen=True)
class Mixed:
    """A replayed file: the export that its good lines were made of, and its bad ones by their place."""

    flow: Quotaflow
    export: Path
    path: Path
    bad: Mapping[str, bytes]
    said: str


@pytest.fixture(scope="module")
def export(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cut(sample, tmp_path_factory.mktemp("export") / "data")


@pytest.fixture(scope="module")
def mixed(export: Path, example: Path, tmp_path_factory: pytest.TempPathFactory) -> Mixed:
    """Good lines with bad ones between them, replayed and processed."""
    flow = Quotaflow.embedded(tmp_path_factory.mktemp("mixed"))
    good = facts(export)
    numbered = [*enumerate([*map(line, good), *bad_lines(good, BAD, 4)])]
    random.Random(5).shuffle(numbered)
    path = flow.folder / "mixed.ndjson"
    path.write_bytes(b"\n".join(raw for _, raw in numbered))
    bad = {f"{path.name}:{place}": raw for place, (number, raw) in enumerate(numbered, 1) if number >= len(good)}
    flow.run("plan", "apply", example)
    return Mixed(flow, export, path, bad, flow.run("replay", path, "--wait").stdout)


def raw_of(letter: Json) -> bytes:
    return base64.b64decode(letter["raw"]) if letter.get("encoding") == "base64" else letter["raw"].encode()


def size_and_start(letter: Json) -> tuple[int, bytes]:
    raw = raw_of(letter)
    return len(raw) + letter.get("truncated", 0), raw[:KEPT]


def kept_well(letter: Json, raw: bytes) -> bool:
    """Whether the letter has the bytes, or of very many the first ones and how many are missing."""
    kept, missing = raw_of(letter), letter.get("truncated", 0)
    if not missing:
        return kept == raw
    return raw.startswith(kept) and len(kept) + missing == len(raw) and len(kept) >= KEPT


def test_the_good_numbers_are_exact(mixed: Mixed) -> None:
    assert wrong(mixed.flow.standings(), mixed.export) == []


def test_the_replay_says_how_many_lines_it_could_not_use(mixed: Mixed) -> None:
    assert f"{len(facts(mixed.export)):,} facts sent" in mixed.said
    assert "10,000 lines that cannot be used" in mixed.said
    assert mixed.flow.json("status")["dead_letters"] == BAD


def test_exactly_the_bad_lines_are_kept_each_once_with_its_bytes_and_a_reason(mixed: Mixed) -> None:
    letters = mixed.flow.lines("dead-letters", "list")
    assert len(letters) == BAD
    assert {letter["id"] for letter in letters} == mixed.bad.keys()
    assert [letter for letter in letters if not kept_well(letter, mixed.bad[letter["id"]])] == []
    assert [letter for letter in letters if not letter["reason"]] == []


def test_the_same_file_again_changes_nothing(mixed: Mixed) -> None:
    before = mixed.flow.standings(), mixed.flow.run("dead-letters", "list", "--json").stdout
    mixed.flow.run("replay", mixed.path, "--wait")
    assert mixed.flow.standings() == before[0]
    assert sorted(mixed.flow.run("dead-letters", "list", "--json").stdout.split("\n")) == sorted(before[1].split("\n"))


def test_garbage_in_the_source_topics_does_not_stop_a_worker(export: Path, example: Path, tmp_path: Path) -> None:
    flow = Quotaflow.embedded(tmp_path)
    flow.run("plan", "apply", example)
    good, chance = [*map(line, facts(export))], random.Random(6)
    unusable = [*bad_lines(facts(export), 3000, 7), b"", b'{"type":"tick","number":"x"}']
    records = [Outgoing(chance.choice(SOURCES), chance.randrange(SHARDS), b"anyone", value) for value in unusable]
    records += [Outgoing("sales.deals.v1", chance.randrange(SHARDS), b"anyone", value) for value in good]
    chance.shuffle(records)
    with working(flow) as worker, Beside(flow.broker) as beside:
        beside.append(records)
        (tmp_path / "facts.ndjson").write_bytes(b"\n".join(good))
        flow.run("replay", tmp_path / "facts.ndjson", "--wait")
        assert worker.running
        assert wrong(flow.standings(), export) == []
        letters = flow.lines("dead-letters", "list")
    # By content, not by place: a fact in the wrong partition is forwarded before it is looked at as a whole.
    assert len({letter["id"] for letter in letters}) == len(letters)
    assert Counter(map(size_and_start, letters)) == Counter((len(raw), raw[:KEPT]) for raw in unusable)


def test_a_letter_is_shown_whole_and_what_is_still_bad_stays_when_it_is_sent_again(mixed: Mixed) -> None:
    name, raw = next((name, raw) for name, raw in mixed.bad.items() if 100 < len(raw) < KEPT)
    shown = mixed.flow.json("dead-letters", "show", name)
    assert (shown["id"], raw_of(shown)) == (name, raw)
    assert shown["reason"] in mixed.flow.run("dead-letters", "show", name).stdout
    answer = mixed.flow.json("dead-letters", "replay")
    assert answer["replayed"] == []
    assert {kept["id"] for kept in answer["kept"]} == mixed.bad.keys()
    assert mixed.flow.json("status")["dead_letters"] == BAD
