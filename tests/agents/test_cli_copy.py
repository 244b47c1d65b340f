"""`quotaflow copy`: into another number of shards and back, every standing and transition is what it was."""

import json
from pathlib import Path
from typing import Any

import pytest

from streams.lock import WorkerLock
from streams.partitioner import partition
from tests.agents.example import BAD, FACTS, QUOTAS, Quotaflow, call, deal, lines, write_plan


def processed(floor: Quotaflow) -> None:
    """A worker, in the process of a command, has done all there is to do; and nothing differs from the facts."""
    found = floor.json("verify", "--wait")
    assert (found["differences"], found["left_out"]) == ([], 0)


def told(floor: Quotaflow) -> list[dict[str, Any]]:
    """Transitions but for whom they were told to."""
    found = floor.json("alerts", "--history")["transitions"]
    return [{name: value for name, value in each.items() if name not in {"tick", "quiet"}} for each in found]


def same(one: Quotaflow, other: Quotaflow) -> None:
    assert one.json("report") == other.json("report")
    assert told(one) == told(other)


def moved(floor: Quotaflow, shards: int, *options: str) -> Quotaflow:
    """A copy with so many shards, worked on until nothing is left to do."""
    target = floor.on(f"copy-{shards}.db")
    floor.run("copy", target.broker, "--shards", str(shards), *options)
    processed(target)
    return target


@pytest.fixture
def eventful(tmp_path: Path) -> Quotaflow:
    """A log with three shards, three revisions, late facts, a stray one, garbage, and a letter that was mended."""
    floor = Quotaflow(tmp_path)
    floor.run("plan", "apply", write_plan(tmp_path / "plan"), "--shards", "3")
    half = len(FACTS) // 2
    floor.replay(lines(FACTS[:half]))
    floor.apply(QUOTAS.replace("2000.00", "900.00"))
    stray = json.dumps({**call("c9", "02-04", "ann", "dune"), "new_field": 1.50}).encode()
    floor.produce("sales.activities.v1", (partition(b"ann", 3) + 1) % 3, b"ann", stray)
    floor.replay(lines(FACTS[half:]) + b"\n".join([*BAD, b""]))
    floor.produce("sales.deals.v1", 1, b"x", b"no fact at all")
    early = json.dumps({**deal("d8", "01-24", "won", owner="ann"), "occurred_at": "1969-01-01T00:00:00Z"}).encode()
    floor.produce("sales.deals.v1", partition(b"d8", 3), b"d8", early)
    mended = floor.letter("facts.ndjson:77", json.dumps(call("c8", "02-05", "bob", "elm")).encode())
    floor.produce("quota.dead-letters.v1", 0, b"facts.ndjson:77", mended)
    floor.run("dead-letters", "replay", "facts.ndjson:77")
    late = {**deal("d1", "01-20", "won", amount=1100), "version": 2}
    floor.replay(lines([late, deal("d9", "02-06", "won", owner="ann", amount=4)]), "--notify", name="late.ndjson")
    floor.apply(QUOTAS.replace("2000.00", "2500.00"))
    processed(floor)
    return floor


def letters(floor: Quotaflow) -> list[bytes]:
    """What could not be used, wherever it came from."""
    listed = floor.run("dead-letters", "list", "--json").stdout.splitlines()
    return sorted(str(json.loads(letter)["raw"]).encode() for letter in listed)


def test_other_numbers_of_shards_change_neither_standings_nor_transitions(replayed: Quotaflow, tmp_path: Path) -> None:
    first = Quotaflow(tmp_path)
    replayed.run("copy", first.broker, "--shards", "4")
    processed(first)
    same(first, replayed)
    last = moved(first, 3)
    same(last, replayed)
    assert last.json("status")["shards"] == 3
    assert letters(last) == letters(replayed)


def test_late_stray_and_unusable_records_and_changes_of_the_plan_come_along(eventful: Quotaflow) -> None:
    before = eventful.json("verify")
    for shards in (1, 5):
        target = moved(eventful, shards)
        same(target, eventful)
        assert letters(target) == letters(eventful)
        after = target.json("verify")
        assert (after["revision"], after["standings"]) == (3, before["standings"])
        assert after["facts"] == before["facts"]


def test_a_copy_of_a_copy_has_the_same_digest(eventful: Quotaflow) -> None:
    there, back = eventful.on("there.db"), eventful.on("back.db")
    one = json.loads(eventful.run("copy", there.broker, "--shards", "2", "--json").stdout)
    two = json.loads(there.run("copy", back.broker, "--shards", "3", "--json").stdout)
    assert {**one, "shards": 3} == two
    assert two["shards"] == back.json("status")["shards"] == 3


def test_nobody_is_told_anything_again(eventful: Quotaflow) -> None:
    assert not all(each["quiet"] for each in eventful.json("alerts", "--history")["transitions"])
    target = moved(eventful, 2)
    assert all(each["quiet"] for each in target.json("alerts", "--history")["transitions"])


def test_messages_that_wait_are_sent_first_or_given_up(tmp_path: Path) -> None:
    floor = Quotaflow(tmp_path)
    floor.apply(QUOTAS + "routes:\n  - {id: wins, recipient: floor, sink: console}\n")
    floor.replay(lines(FACTS), "--notify")
    waiting = len(floor.json("notifications", "--pending")["notifications"])
    said = floor.run("copy", floor.on("other.db").broker, code=1).stderr
    assert waiting == 2
    assert "2 messages are pending, and the target would never send them" in said
    assert not floor.on("other.db").path.exists()
    target = moved(floor, 2, "--leave-messages")
    same(target, floor)
    assert target.json("notifications")["notifications"] == []


def test_more_facts_and_a_new_plan_go_on_where_the_copy_stands(eventful: Quotaflow) -> None:
    target = moved(eventful, 2)
    more = lines([deal("d4", "02-09", "won"), call("c7", "02-10", "ann", "acme"), deal("d6", "03-20", "lost")])
    for floor in (eventful, target):
        floor.replay(more, name="more.ndjson")
        floor.apply(QUOTAS.replace("2000.00", "777.00"))
        processed(floor)
    same(target, eventful)


def test_a_target_that_holds_anything_is_refused(copied: Quotaflow) -> None:
    other = copied.on("other.db")
    other.apply()
    said = copied.run("copy", other.broker, code=1).stderr
    assert "the target is not empty" in said
    assert "this is the log itself" in copied.run("copy", copied.broker, code=2).stderr
    assert "names no log" in copied.run("copy", "somewhere", code=2).stderr


def test_an_empty_target_with_other_shards_than_asked_for_is_refused(copied: Quotaflow) -> None:
    other = copied.on("other.db")
    copied.run("copy", other.broker, "--shards", "2")
    assert "has 2 shards already, not 3" in copied.run("copy", other.broker, "--shards", "3", code=1).stderr


def test_a_log_that_a_worker_works_on_is_refused(copied: Quotaflow) -> None:
    with WorkerLock(copied.path, "worker"):
        said = copied.run("copy", copied.on("other.db").broker, code=1).stderr
    assert "`quotaflow worker` (process" in said
    assert not copied.on("other.db").path.exists()
