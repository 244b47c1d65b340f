"""`quotaflow verify`: a log that was worked on as it should be has no difference, and damage of each kind is named."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from streams.partitioner import partition
from streams.serving import contributions
from tests.agents import damage
from tests.agents.example import FACTS, QUOTAS, Quotaflow, call, deal, lines, write_plan

DEALS, TEAMS = "quotaflow-deals-changelog", "quotaflow-team-quotas-changelog"
STANDINGS = "quota.standings.v1"


def causes(floor: Quotaflow) -> dict[str, str]:
    """What differs, by what it is about."""
    found = json.loads(floor.run("verify", "--json", code=1).stdout)["differences"]
    return {f"{each['kind']} {each['subject']}": each["cause"] for each in found}


def sound(floor: Quotaflow) -> Any:
    found = floor.json("verify")
    assert found["differences"] == []
    return found


def test_a_replayed_log_has_no_difference(replayed: Quotaflow) -> None:
    found = sound(replayed)
    assert (found["facts"], found["left_out"], found["scopes"]) == (len(FACTS), 0, 6)
    assert replayed.run("verify").stdout.endswith("under revision 1 of the plan: no difference.\n")


def test_a_fact_that_was_taken_out_of_its_record_is_named_with_its_place(copied: Quotaflow) -> None:
    def without(record: Any) -> Any:
        record["changes"] = [each for each in record["changes"] if each[0]["id"] != "d1-won"]
        return record

    damage.entry(copied.path, DEALS, "d1", without)
    assert causes(copied)["deal d1"].startswith("the fact crm|d1-won at sales.deals.v1[0]@")
    assert causes(copied)["deal d1"].endswith("is in no record")


def test_a_record_that_is_gone_lacks_every_fact(copied: Quotaflow) -> None:
    damage.entry(copied.path, DEALS, "d2", lambda _: None)
    said = copied.run("verify", code=1).stdout
    assert said.count("deal d2: the fact crm|d2-") == 2


def test_a_record_that_was_changed_is_named_with_what_was_received(copied: Quotaflow) -> None:
    def dearer(record: Any) -> Any:
        (won,) = (change for change, _ in record["changes"] if change["id"] == "d1-won")
        won["amount"]["minor_units"] = 120_000
        return record

    damage.entry(copied.path, DEALS, "d1", dearer)
    assert '"minor_units":120000' in causes(copied)["deal d1"]
    assert 'was received as {"minor_units":100000,"currency":"EUR"}' in causes(copied)["deal d1"]


def test_a_record_that_no_fact_made_is_named(copied: Quotaflow) -> None:
    fact = deal("d9", "01-20", "won", owner="ann", amount=7)
    record = {"deal": "d9", "changes": [[fact, ["sales.deals.v1", 0, 3]]]}
    damage.put(copied.path, DEALS, "d9", record)
    assert causes(copied) == {
        "deal d9": "its record holds the fact crm|d9-won, which sales.deals.v1[0] does not hold for it"
    }


def test_what_cannot_be_read_is_named(copied: Quotaflow) -> None:
    damage.entry(copied.path, DEALS, "d3", lambda _: {"deal": 3})
    damage.entry(copied.path, TEAMS, "deals/0|team:west|2026-01-20", lambda _: {"versions": "none"})
    damage.last(copied.path, STANDINGS, "rep:bob|2026-02", lambda said: {**said, "metrics": 7})
    said = copied.run("verify", code=1).stdout
    assert "deal d3: its record cannot be read: Expected `str`, got `int`" in said
    assert "credit deals/0 team:west 2026-01-20: it cannot be read" in said
    assert "standing rep:bob 2026-02: it cannot be read" in said


def test_a_credit_that_was_changed_is_named_with_its_sender(copied: Quotaflow) -> None:
    def more(held: Any) -> Any:
        held["versions"][-1][1]["revenue"] = 120_000
        return held

    damage.entry(copied.path, TEAMS, "deals/0|team:west|2026-01-20", more)
    assert causes(copied) == {
        "credit team:west 2026-01-20": "deals/0 is kept as saying revenue 120000, its facts add up to 100000"
    }


def test_a_standing_that_was_changed_is_named_with_both_numbers(copied: Quotaflow) -> None:
    def more(standing: Any) -> Any:
        standing["metrics"]["revenue"]["value"] = "1200.00"
        return standing

    damage.last(copied.path, STANDINGS, "team:west|2026-01", more)
    assert causes(copied)["standing team:west 2026-01"].startswith(
        "revenue is 1200.00, the facts add up to 1000.00: its credits are those of the facts"
    )
    assert "1 difference." in copied.run("verify", code=1).stdout


def test_a_standing_that_follows_from_a_wrong_credit_says_so(copied: Quotaflow) -> None:
    def more(held: Any) -> Any:
        held["versions"][-1][1]["revenue"] = 120_000
        return held

    damage.entry(copied.path, TEAMS, "deals/0|team:west|2026-01-20", more)
    copied.replay(lines([deal("d7", "01-21", "won", owner="ann", amount=5)]), name="more.ndjson")
    assert causes(copied)["standing team:west 2026-01"] == (
        "revenue is 1205.00, the facts add up to 1005.00: "
        "credits of deals/0 on 2026-01-20 say revenue 120000 instead of 100000"
    )


def test_a_quota_and_a_pipeline_that_were_changed_are_named(copied: Quotaflow) -> None:
    def easier(standing: Any) -> Any:
        standing["quotas"][0]["target"] = "1.00"
        return standing

    def fuller(standing: Any) -> Any:
        standing["pipeline"]["early_stage_count"] = 99
        return standing

    damage.last(copied.path, STANDINGS, "rep:ann|2026-01", easier)
    damage.last(copied.path, STANDINGS, "company|2026-02", fuller)
    found = causes(copied)
    assert "its quota on revenue is" in found["standing rep:ann 2026-01"]
    assert "early_stage_count=99" in found["standing company 2026-02"]


def test_a_standing_that_is_not_there_is_missed(copied: Quotaflow) -> None:
    damage.last(copied.path, STANDINGS, "team:south|2026-Q1", lambda _: None)
    assert causes(copied)["standing team:south 2026-Q1"].startswith("was never said")


def test_facts_that_nobody_has_processed_are_left_out_and_waited_for_on_demand(copied: Quotaflow) -> None:
    fact = json.dumps(deal("d8", "01-24", "won", owner="ann", amount=1)).encode()
    copied.produce("sales.deals.v1", 0, b"d8", fact)
    assert sound(copied)["left_out"] == 1
    assert "1 fact lies behind the last tick" in copied.run("verify").stdout
    found = copied.json("verify", "--wait")
    assert (found["differences"], found["left_out"], found["facts"]) == ([], 0, len(FACTS) + 1)


def test_before_a_worker_has_run_nothing_can_be_verified(tmp_path: Path) -> None:
    floor = Quotaflow(tmp_path)
    assert "this log has no plan yet" in made(floor).run("verify", code=2).stderr
    floor.apply()
    floor.produce("sales.deals.v1", 0, b"d8", json.dumps(deal("d8", "01-24", "won", owner="ann")).encode())
    assert "1 fact waits and 1 shard serves nothing yet; --wait waits for that" in floor.run("verify", code=2).stderr
    assert floor.json("verify", "--wait")["facts"] == 1


def made(floor: Quotaflow) -> Quotaflow:
    """A log in which nothing is."""
    sqlite3.connect(floor.path).close()
    return floor


def test_what_cannot_be_used_counts_nowhere(copied: Quotaflow) -> None:
    copied.produce("sales.deals.v1", 0, b"x", b"no fact at all")
    early = {**deal("d8", "01-24", "won", owner="ann", amount=1), "occurred_at": "1969-01-01T00:00:00Z"}
    copied.produce("sales.deals.v1", 0, b"d8", json.dumps(early).encode())
    found = copied.json("verify", "--wait")
    assert (found["differences"], found["facts"], found["set_aside"]) == ([], len(FACTS), 2)


@pytest.fixture
def wide(tmp_path: Path) -> Quotaflow:
    """A log with three shards and no facts."""
    floor = Quotaflow(tmp_path)
    floor.run("plan", "apply", write_plan(tmp_path / "plan"), "--shards", "3")
    return floor


def test_facts_in_the_wrong_partition_and_of_old_plans_come_out_right(wide: Quotaflow) -> None:
    wide.replay(lines(FACTS))
    astray = json.dumps(call("c9", "02-04", "ann", "dune")).encode()
    wrong = (partition(b"ann", 3) + 1) % 3
    wide.produce("sales.activities.v1", wrong, b"ann", astray)
    late = {**deal("d1", "01-20", "won", amount=1100), "version": 2}
    wide.replay(lines([late, *FACTS[:4]]), name="late.ndjson")
    wide.apply(QUOTAS.replace("2000.00", "2500.00"))
    found = wide.json("verify", "--wait")
    assert (found["differences"], found["revision"], found["left_out"]) == ([], 2, 0)
    assert found["facts"] == len(FACTS) + 1 + 5


def test_a_shard_that_was_not_told_of_a_corrected_activity_is_named(wide: Quotaflow) -> None:
    places = {partition(name.encode(), 3): name for name in ("ann", "bob", "cat", "dan", "eve", "fay")}
    (here, ann), (there, bob) = sorted(places.items())[:2]
    moved = [{**call("c1", "01-08", name, "acme"), "version": version} for version, name in enumerate((ann, bob))]
    wide.replay(lines(moved))
    assert wide.json("verify")["differences"] == []
    damage.last(wide.path, "sales.activities.v1", f"activities/{there}", lambda _: None, shard=here)
    assert causes(wide)["activity phone|c1"] == f"version 1 came into shard {there}, and shard {here} was not told"


@pytest.mark.parametrize("performers", [("ann", "nobody"), ("nobody", "ann")])
def test_a_late_fact_of_somebody_whom_the_plan_does_not_know_leaves_nothing_unsaid(
    performers: tuple[str, str], tmp_path: Path
) -> None:
    floor = Quotaflow(tmp_path)
    floor.apply()
    for name, day, performer in zip(("c1", "c2"), ("05-08", "02-08"), performers, strict=True):
        floor.replay(lines([call(name, day, performer, "acme")]), name=f"{name}.ndjson")
    assert floor.standing("unassigned", "2026-05")["scope"] == "unassigned"
    sound(floor)


def test_a_log_that_cannot_be_verified_is_another_exit_code(tmp_path: Path) -> None:
    assert "there is no log" in Quotaflow(tmp_path).run("verify", code=2).stderr


def test_an_explanation_that_does_not_add_up_is_named(replayed: Quotaflow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(contributions._VALUES, "revenue", lambda found, plan: iter(found[:1]))
    assert causes(replayed)["explanation company 2026-Q1"] == "revenue is 1500.00, its 1 contributions add up to 0.00"
