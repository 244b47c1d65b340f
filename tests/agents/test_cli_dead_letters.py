"""Dead letters on the command line: what could not be used is kept whole, and used once it can be."""

import base64
import json
from typing import Any

import pytest

from tests.agents.example import BAD, Quotaflow, call, lines


def listed(floor: Quotaflow) -> list[dict[str, Any]]:
    return [json.loads(line) for line in floor.run("dead-letters", "list", "--json").stdout.splitlines()]


def test_every_bad_line_is_listed_with_its_bytes_and_the_reason(replayed: Quotaflow) -> None:
    found = {letter["id"]: letter for letter in listed(replayed)}
    assert sorted(found) == ["facts.ndjson:10", "facts.ndjson:11", "facts.ndjson:9"]
    assert found["facts.ndjson:9"]["raw"].encode() == BAD[0]
    assert found["facts.ndjson:10"]["encoding"] == "base64"
    assert base64.b64decode(found["facts.ndjson:10"]["raw"]) == BAD[1]
    assert found["facts.ndjson:11"]["reason"].startswith("performer: expected")
    assert "encoding" not in found["facts.ndjson:9"]


def test_people_read_the_list_and_a_letter(replayed: Quotaflow) -> None:
    said = replayed.run("dead-letters", "list").stdout
    assert "facts.ndjson:11: performer: expected" in said
    assert said.endswith("3 dead letters.\n")
    letter = replayed.run("dead-letters", "show", "facts.ndjson:11").stdout
    assert letter.endswith(BAD[2].decode() + "\n")
    assert replayed.json("dead-letters", "show", "facts.ndjson:11")["raw"] == BAD[2].decode()


def test_an_id_that_is_not_there_is_answered_with_one_that_is(replayed: Quotaflow) -> None:
    said = replayed.run("dead-letters", "show", "facts.ndjson:12", code=1).stderr
    assert "did you mean 'facts.ndjson:1" in said


def test_what_is_still_bad_stays_with_its_reason(copied: Quotaflow) -> None:
    found = copied.json("dead-letters", "replay")
    assert found["replayed"] == []
    assert sorted(each["id"] for each in found["kept"]) == ["facts.ndjson:10", "facts.ndjson:11", "facts.ndjson:9"]
    assert "0xff at 0 is not UTF-8" in copied.run("dead-letters", "replay", "facts.ndjson:10").stdout
    assert len(listed(copied)) == 3


def test_bad_lines_that_are_sent_twice_are_listed_once(copied: Quotaflow) -> None:
    copied.replay(b"\n" * 8 + b"\n".join(BAD))
    assert len(listed(copied)) == 3


def test_a_letter_of_a_producer_is_replayed_once_it_is_good_and_leaves_the_list(copied: Quotaflow) -> None:
    fact = call("c9", "01-27", "ann", "dock")
    copied.produce("sales.activities.v1", 0, b"ann", json.dumps({**fact, "version": -1}).encode())
    copied.produce("quota.dead-letters.v1", 0, b"made-good", copied.letter("made-good", json.dumps(fact).encode()))
    copied.replay(b"")
    (refused,) = (letter for letter in listed(copied) if "offset" in letter)
    assert "version" in refused["reason"]
    assert refused["raw"] == json.dumps({**fact, "version": -1})
    done = copied.json("dead-letters", "replay", "made-good", refused["id"])
    assert done["replayed"] == ["made-good"]
    assert [each["id"] for each in done["kept"]] == [refused["id"]]
    copied.replay(b"")
    assert "made-good" not in {letter["id"] for letter in listed(copied)}
    assert copied.standing("rep:ann", "2026-01")["metrics"]["calls_connected"] == {"value": 4}


def test_a_fact_that_lies_too_far_ahead_is_set_aside_and_counts_once_it_may_lie_there(
    copied: Quotaflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = call("far", "01-27", "ann", "dock") | {"occurred_at": "2150-01-27T10:00:00+01:00"}
    before, time = len(listed(copied)), copied.json("status")["time"]
    copied.replay(lines([far, call("near", "01-28", "ann", "dock")]))
    assert copied.json("status")["time"] == time
    (letter,) = listed(copied)[before:] or [{}]
    assert letter["reason"].startswith("occurred_at is 2150-01-27T10:00:00+01:00: over 366 days after it was received")
    assert json.loads(letter["raw"])["id"] == "far"
    (kept,) = copied.json("dead-letters", "replay", letter["id"])["kept"]
    assert "over 366 days" in kept["reason"]
    assert copied.standing("rep:ann", "2026-01")["metrics"]["calls_connected"] == {"value": 4}
    monkeypatch.setenv("QUOTAFLOW_HORIZON_DAYS", "60000")
    assert copied.json("dead-letters", "replay", letter["id"])["replayed"] == [letter["id"]]
    copied.replay(b"")
    assert len(listed(copied)) == before
    assert copied.standing("rep:ann", "2150-01")["metrics"]["calls_connected"] == {"value": 1}


def test_a_letter_of_which_bytes_were_cut_off_is_not_guessed_at(copied: Quotaflow) -> None:
    raw = lines([call("c9", "01-27", "ann", "dock")]).strip()
    copied.produce("quota.dead-letters.v1", 0, b"cut", copied.letter("cut", raw, truncated=9))
    (kept,) = copied.json("dead-letters", "replay", "cut")["kept"]
    assert "9 of its bytes were not kept" in kept["reason"]
