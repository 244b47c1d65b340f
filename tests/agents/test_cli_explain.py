"""`explain` and `alerts` over the example: sums that are exact, and transitions in order."""

import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.agents.example import FACTS, Quotaflow, call, deal, lines

COUNTS = ("calls_connected", "leads_spoken_to", "meetings_scheduled", "meetings_held", "opportunities_created")
SUMS = (*COUNTS, "opportunities_advanced", "deals_won", "deals_lost", "revenue")
STOCKS = ("pipeline_count", "pipeline_amount", "pipeline_weighted", "early_stage_count")
SCOPES = ("company", "team:west", "team:south", "rep:ann", "rep:bob", "unassigned")


def total(contributions: list[dict[str, Any]], field: str = "value") -> Decimal:
    return sum((Decimal(str(each[field])) for each in contributions), Decimal())


@pytest.mark.parametrize("scope", SCOPES)
def test_contributions_sum_exactly_to_the_number_that_report_prints(scope: str, replayed: Quotaflow) -> None:
    for period in ("2026-01", "2026-02", "2026-Q1"):
        published = replayed.standing(scope, period)["metrics"]
        for metric in SUMS if period == "2026-01" else (*SUMS, *STOCKS):
            found = replayed.json("explain", scope, metric, period)
            assert found["value"] == published[metric]["value"] == found["sums_to"], (metric, period)
            assert total(found["contributions"]) == Decimal(str(found["value"])), (metric, period)


def test_revenue_names_the_deals_and_the_facts_that_caused_it(replayed: Quotaflow) -> None:
    found = replayed.json("explain", "company", "revenue", "2026-Q1")
    said = [(each["kind"], each["entity"], each["day"], each["value"]) for each in found["contributions"]]
    assert said == [("deal", "d1", "2026-01-20", "1000.00"), ("deal", "d3", "2026-02-03", "500.00")]
    assert [fact["id"] for fact in found["contributions"][0]["facts"]] == ["d1-lead", "d1-offer", "d1-won"]
    assert {fact["topic"] for fact in found["contributions"][0]["facts"]} == {"sales.deals.v1"}
    assert (found["unit"], found["revision"]) == ("EUR", 1)
    assert "owner at that moment" in found["policy"]["whom"]


def test_facts_are_named_by_where_they_are_in_the_log(replayed: Quotaflow) -> None:
    places = [
        (fact["topic"], fact["partition"], fact["offset"])
        for metric in ("revenue", "calls_connected", "meetings_held")
        for each in replayed.json("explain", "company", metric, "2026-Q1")["contributions"]
        for fact in each["facts"]
    ]
    assert len(places) == len(set(places)) == 3 + 2 + 4 + 2
    assert {topic for topic, _, _ in places} == {"sales.deals.v1", "sales.activities.v1", "sales.meetings.v1"}


def test_a_fraction_has_its_numerator_and_its_denominator(replayed: Quotaflow) -> None:
    rate = replayed.json("explain", "company", "win_rate", "2026-Q1")
    assert (rate["numerator"], rate["denominator"]) == (2, 3)
    assert [total(rate["contributions"], part) for part in ("numerator", "denominator")] == [Decimal(2), Decimal(3)]
    assert Fraction(2, 3) == Fraction(rate["value"]).limit_denominator(100)
    average = replayed.json("explain", "company", "average_deal_value", "2026-Q1")
    assert (average["numerator"], average["denominator"], average["value"]) == ("1500.00", 2, "750.00")
    assert total(average["contributions"], "numerator") == 1500


def test_a_median_shows_every_value_that_it_is_the_middle_of(replayed: Quotaflow) -> None:
    found = replayed.json("explain", "company", "cycle_days_median", "2026-Q1")
    assert sorted(each["value"] for each in found["contributions"]) == [15, 27]
    assert found["value"] == found["sums_to"] == 21.0


def test_a_lead_that_was_spoken_to_twice_counts_once(replayed: Quotaflow) -> None:
    found = replayed.json("explain", "rep:ann", "leads_spoken_to", "2026-01")
    assert [(each["entity"], each["value"]) for each in found["contributions"]] == [("c1", 1), ("c2", 0), ("c3", 1)]


@pytest.mark.parametrize("shards", [1, 3])
def test_an_activity_that_was_corrected_to_another_rep_is_part_of_that_reps_number_only(
    shards: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUOTAFLOW_SHARDS", str(shards))
    floor = Quotaflow(tmp_path)
    floor.apply()
    floor.replay(lines(FACTS))
    floor.replay(lines([call("c1", "01-27", "bob", "dock") | {"version": 1}]))
    found = {rep: floor.json("explain", f"rep:{rep}", "calls_connected", "2026-01") for rep in ("ann", "bob")}
    assert {rep: [each["entity"] for each in said["contributions"]] for rep, said in found.items()} == {
        "ann": ["c2", "c3"],
        "bob": ["c4", "c1"],
    }
    assert {rep: (said["value"], said["sums_to"]) for rep, said in found.items()} == {"ann": (2, 2), "bob": (2, 2)}


def test_what_is_open_is_no_part_of_a_period_that_is_over(replayed: Quotaflow) -> None:
    found = replayed.json("explain", "company", "pipeline_amount", "2026-01")
    assert (found["value"], found["sums_to"], found["contributions"]) == (None, None, [])


def test_an_undefined_number_gives_its_reason(replayed: Quotaflow) -> None:
    found = replayed.json("explain", "rep:ann", "win_rate", "2026-02")
    assert (found["value"], found["reason"], found["contributions"]) == (None, "no_closed_deals", [])
    assert "undefined (no_closed_deals)" in replayed.run("explain", "rep:ann", "win_rate", "2026-02").stdout


def test_people_read_the_same_sum(replayed: Quotaflow) -> None:
    said = replayed.run("explain", "company", "revenue", "2026-Q1").stdout
    assert "revenue of Example in 2026-Q1: EUR 1,500, of 2 contributions, under revision 1 of the plan" in said
    assert re.search(r"2026-01-20 +deal d1 +1000\.00 +sales\.deals\.v1/\d+/\d+: crm d1-lead, ", said)
    assert "win rate of Example in 2026-Q1: 66.7 %" in replayed.run("explain", "company", "win_rate", "2026-Q1").stdout


def test_a_period_that_is_not_kept_is_explained_all_the_same(replayed: Quotaflow) -> None:
    found = replayed.json("explain", "company", "revenue", "2026-01-20")
    assert (found["value"], found["sums_to"]) == ("1000.00", "1000.00")


def test_a_plan_that_moves_a_rep_moves_the_explanation(copied: Quotaflow) -> None:
    company = copied.folder / "plan" / "company.yaml"
    company.write_text(company.read_text().replace("name: Bob, team: south", "name: Bob, team: west"))
    copied.run("plan", "apply", copied.folder / "plan")
    copied.replay(b"")
    moved = copied.json("explain", "team:south", "revenue", "2026-Q1")
    assert (moved["value"], moved["contributions"], moved["revision"]) == ("0.00", [], 2)
    assert copied.json("explain", "team:west", "revenue", "2026-Q1")["sums_to"] == "1500.00"


def test_every_win_is_told_in_order_and_ends_with_its_day(replayed: Quotaflow) -> None:
    found = replayed.json("alerts", "--history")["transitions"]
    told = [(each["rule"], each["scope"], each["period"], each["transition"]) for each in found]
    assert told == [
        ("deal_won", "rep:ann", "2026-01-20", "firing"),
        ("deal_won", "rep:ann", "2026-01-20", "resolved"),
        ("deal_won", "rep:bob", "2026-02-03", "firing"),
    ]
    assert {each["rule_id"] for each in found} == {"celebrate"}
    assert found[0]["at"] == "2026-01-20T17:00:00+01:00"
    assert all(each["reason"] and each["summary"] and each["quiet"] for each in found)


def test_alerts_without_history_are_those_that_are_open(replayed: Quotaflow) -> None:
    assert [each["scope"] for each in replayed.json("alerts")["transitions"]] == ["rep:bob"]
    assert replayed.json("alerts", "--rule", "celebrate") == replayed.json("alerts", "--rule", "deal_won")
    said = replayed.run("alerts").stdout
    assert "2026-02-03 17:00" in said
    assert "firing" in said


def test_an_alert_that_its_facts_take_back_is_not_open(copied: Quotaflow) -> None:
    copied.replay(lines([deal("d3", "02-04", "lead")]))
    assert copied.run("alerts").stdout == "No alert is open.\n"
    assert copied.json("alerts", "--history")["transitions"][-1]["transition"] == "retracted"
