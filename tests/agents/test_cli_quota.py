"""`quotaflow quota` over a small past: what is handed down adds up, and what is suggested says from what."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.agents.example import COMPANY, Quotaflow, call, deal, lines

MONTHS = ("01", "02", "03", "04", "05")
SOLD = {"ann": (50, 300, 100, 200, 400), "bob": (50, 100, 100, 0, 200)}
QUOTAS = """
quotas:
  - {scope: company, metric: revenue, period: month, target: 1000.00, from: 2026-01-01}
  - {scope: team:west, metric: revenue, period: month, target: 900.01, from: 2026-01-01}
  - {scope: rep:ann, metric: revenue, period: month, target: 300.00, from: 2026-01-01}
  - {scope: rep:bob, metric: revenue, period: month, target: 100.00, from: 2026-01-01}
  - {scope: rep:bob, metric: deals_lost, period: month, target: 5, direction: lower, from: 2026-01-01}
"""


def facts() -> list[dict[str, Any]]:
    """Each month both win a deal of that much and lose one; a call for every euro of a hundred, and a lead of June."""
    found = []
    for rep, sold in SOLD.items():
        for month, amount in zip(MONTHS, sold, strict=True):
            won, lost = f"{rep}{month}", f"{rep}{month}-not"
            found += [deal(won, f"{month}-02", "lead", owner=rep), deal(won, f"{month}-12", "won", amount=amount)]
            found += [deal(lost, f"{month}-03", "lead", owner=rep), deal(lost, f"{month}-13", "lost")]
            found += [call(f"{rep}{month}-{number}", f"{month}-04", rep, "acme") for number in range(amount // 100)]
    return [*found, deal("later", "06-01", "lead", owner="ann")]


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Quotaflow:
    """Five months, of which the first is left out as history; June has begun."""
    floor = Quotaflow(tmp_path_factory.mktemp("floor"))
    floor.apply(QUOTAS)
    floor.replay(lines(sorted(facts(), key=lambda fact: str(fact["occurred_at"]))))
    return floor


def rows(found: dict[str, Any], field: str) -> dict[str, Any]:
    return {row["scope"]: row[field] for row in found["rows"]}


def test_a_target_is_handed_down_by_history_and_adds_up_to_the_cent(floor: Quotaflow) -> None:
    found = rows(floor.json("quota", "spread", "company", "revenue", "2026-06", "--target", "1000.01"), "target")
    assert found["company"] == found["team:west"] == "1000.01"
    assert Decimal(found["rep:ann"]) + Decimal(found["team:south"]) == Decimal("1000.01")
    assert found["team:south"] == found["rep:bob"] == "285.72"  # 400 of 1,400


def test_the_scopes_own_quota_is_handed_down_unless_told_otherwise(floor: Quotaflow) -> None:
    found = floor.json("quota", "spread", "team:west", "revenue", "2026-06", "--by", "equal", "--round", "10")
    assert rows(found, "target") == {
        "team:west": "900.01",
        "rep:ann": "450.01",
        "team:south": "450.00",
        "rep:bob": "450.00",
    }
    assert rows(found, "planned") == {
        "team:west": "900.01",
        "rep:ann": "300.00",
        "team:south": None,
        "rep:bob": "100.00",
    }


def test_what_is_handed_down_can_go_into_the_plan_as_it_is(floor: Quotaflow, tmp_path: Path) -> None:
    said = floor.run("quota", "spread", "company", "calls_connected", "2026-06", "--target", "14", "--yaml").stdout
    (tmp_path / "company.yaml").write_text(COMPANY)
    (tmp_path / "june.yaml").write_text(said)
    assert "4 quotas" in floor.run("plan", "check", tmp_path).stdout
    assert (
        "{scope: rep:ann, metric: calls_connected, period: month, target: 10, from: 2026-06-01, until: 2026-07-01}"
        in said
    )


def test_weights_come_from_a_file_or_from_the_plan(floor: Quotaflow, tmp_path: Path) -> None:
    listed = tmp_path / "potential.csv"
    listed.write_text("scope,potential\nrep:ann,1\nrep:bob,3\n")
    arguments = ("quota", "spread", "team:west", "revenue", "2026-06", "--target", "400", "--by", "potential")
    assert rows(floor.json(*arguments, "--file", listed), "target")["rep:bob"] == "300.00"
    own = Quotaflow(tmp_path)
    own.apply(QUOTAS + "teams:\n  - {id: north, name: North, parent: south, weights: {potential: 3}}\n")
    assert rows(own.json(*arguments[:-1], "potential"), "target")["team:north"] == "400.00"
    said = own.run(*arguments[:-1], "potentail", code=2).stderr
    assert "the plan has no weight 'potentail'; did you mean" in said


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"scope,size\nrep:ann,1\n", "needs columns `scope` and `potential`"),
        (b"scope,potential\nrep:ann,1\nrep:zoe,1\n", "potential.csv:3: there is no scope 'rep:zoe'"),
        (b"scope,potential\nrep:ann,much\n", "potential.csv:2: 'much' is not a weight"),
        (b"scope,potential\nrep:ann,-1\n", "potential.csv:2: '-1' is not a weight"),
        (b"scope,potential\nrep:ann,NaN\n", "potential.csv:2: 'NaN' is not a weight"),
        (b"scope,potential\nrep:ann\n", "potential.csv:2: None is not a weight"),
        (b"scope,potential\nrep:ann,1\nrep:ann,2\n", "potential.csv:3: 'rep:ann' was weighed before"),
        (b"scope,potential\nrep:ann," + b"1" * 200_000, "cannot be read: field larger than field limit"),
        (b"\xff\xfe", "cannot be read"),
        (b"", "needs columns"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_line(
    content: bytes, problem: str, floor: Quotaflow, tmp_path: Path
) -> None:
    listed = tmp_path / "potential.csv"
    listed.write_bytes(content)
    said = floor.run(
        "quota", "spread", "team:west", "revenue", "2026-06", "--by", "potential", "--file", listed, code=1
    )
    assert problem in said.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (("spread", "team:wets", "revenue", "2026-06"), 2, "there is no scope 'team:wets'; did you mean"),
        (("spread", "company", "win_rate", "2026-06"), 2, "win_rate does not add up over periods and people"),
        (("spread", "company", "revenue", "2026-13"), 2, "is not a period"),
        (("spread", "company", "chats", "2026-06"), 1, "company has no quota on chats in 2026-06; say what to spread"),
        (("spread", "company", "revenue", "2026-06", "--target", "0"), 2, "'0' is not a number above 0"),
        (("spread", "company", "revenue", "2026-06", "--target", "1.005"), 2, "more digits than EUR"),
        (("spread", "company", "chats", "2026-06", "--target", "1.5"), 2, "1.5 is not a whole number"),
        (("spread", "rep:ann", "revenue", "2026-06"), 1, "nobody is below rep:ann in 2026-06"),
        (("suggest", "company", "revenue", "2026-01"), 1, "nothing is over before 2026-01"),
        (("suggest", "company", "chats", "2026-06"), 1, "nothing of chats happened before 2026-06"),
        (("suggest", "company", "revenue", "2026-06", "--growth", "lots"), 2, "'lots' is not a share"),
        (("suggest", "company", "revenue", "2026-06", "--growth", "1e999999999"), 2, "'1e999999999' is not a share"),
        (("suggest", "company", "revenue", "2026-06", "--growth", "-101%"), 2, "'-101%' is not a share"),
        (("reconcile", "company", "revenue", "2026-06", "--tolerance", "-1%"), 2, "'-1%' is not a share"),
        (("reconcile", "company", "revenue", "2026-06", "--size", "custmers"), 2, "the plan has no weight 'custmers'"),
        (("reconcile", "company", "chats", "2026-06"), 1, "neither company nor anybody below has a quota on chats"),
        (("required", "--revenue", "1", "--period", "2026-01"), 1, "say what one is worth with --deal-value"),
        (("required", "--revenue", "1", "--period", "2026-06", "--win-rate", "110%"), 2, "up to 100%"),
    ],
)
def test_what_cannot_be_answered_is_said_with_what_to_do(
    arguments: tuple[str, ...], code: int, problem: str, floor: Quotaflow
) -> None:
    assert problem in floor.run("quota", *arguments, code=code).stderr


def test_a_suggestion_is_the_median_of_the_last_four_months_and_names_them(floor: Quotaflow) -> None:
    found = floor.json("quota", "suggest", "team:west", "revenue", "2026-06", "--growth", "10%")
    assert rows(found, "value") == {
        "team:west": "330.00",  # of 400, 200, 200 and 600, and a tenth
        "rep:ann": "275.00",
        "team:south": "110.00",
        "rep:bob": "110.00",
    }
    assert rows(found, "periods")["rep:bob"] == {
        "2026-02": "100.00",
        "2026-03": "100.00",
        "2026-04": "0.00",
        "2026-05": "200.00",
    }
    shown = floor.run("quota", "suggest", "team:west", "revenue", "2026-06").stdout
    assert "EUR 250" in shown
    assert "4 months" in shown


def test_what_is_planned_from_above_meets_what_history_suggests_or_not(floor: Quotaflow) -> None:
    found = floor.json("quota", "reconcile", "company", "revenue", "2026-06")
    assert rows(found, "gap") == {
        "company": "650.00",
        "team:west": "550.01",
        "rep:ann": "50.00",
        "team:south": None,
        "rep:bob": "0.00",
    }
    assert rows(found, "within_tolerance")["rep:bob"] is True
    assert rows(found, "verdict")["company"] == "unrealistic"
    (children,) = rows(found, "invariants")["team:west"]
    assert (children["sum"], children["over"], children["with_target"], children["count"]) == (
        "300.00",
        "-600.01",
        1,
        2,
    )
    assert (found["fairness"]["people"], found["fairness"]["reached"]) == (2, 2)
    shown = floor.run("quota", "reconcile", "company", "revenue", "2026-06").stdout
    assert (
        "West: its children (1 of 2 have a target) add up to EUR 300, EUR 600.01 less than its own EUR 900.01" in shown
    )
    assert "2 of 2 reps reached the last target" in shown


def test_a_teams_attainment_is_shown_beside_that_of_its_reps(floor: Quotaflow) -> None:
    found = floor.json("quota", "attainment", "company", "revenue", "2026-04")
    assert rows(found, "attained") == {"company": "200.00", "team:west": "200.00", "team:south": "0.00"}
    assert rows(found, "attainment") == {"company": 0.2, "team:west": 20_000 / 90_001, "team:south": None}
    assert rows(found, "reps_attainment") == {"company": 0.5, "team:west": 0.5, "team:south": 0.0}
    assert rows(found, "bands")["company"]["50 to 80 %"] == 1
    shown = floor.run("quota", "attainment", "company", "revenue", "2026-05").stdout
    assert "2 of 2" in shown
    assert "has a quota on chats" in floor.run("quota", "attainment", "company", "chats", "2026-05", code=1).stderr


def test_a_revenue_is_worked_back_at_own_rates_at_the_leaders_and_at_what_might_be(floor: Quotaflow) -> None:
    arguments = ("quota", "required", "--revenue", "3000", "--scope", "rep:bob", "--period", "2026-06")
    found = floor.json(*arguments, "--deal-value", "300", "--calls-per-meeting", "5", "--meetings-per-opportunity", "2")
    won, lost = 4, 4
    worth = (400 + 20 * 1400 / 8) / (won + 20)
    assert found["at"]["own"]["deal_value"] == f"{worth:.2f}"
    assert found["at"]["own"]["win_rate"] == (won + 20 * 0.5) / (won + lost + 20) == 0.5
    assert found["at"]["own"]["required"]["meetings_held"] is None
    assert found["at"]["what_if"]["required"] == {
        "deals_won": 10.0,
        "opportunities_created": 20.0,
        "meetings_held": 40.0,
        "calls_placed": 200.0,
    }
    assert (found["lead_days"], found["last_useful_day"]) == (10, "2026-06-20")
    assert found["working_days"] == 22
    shown = floor.run(*arguments).stdout
    assert "at leaders' rates" in shown
    assert "a deal takes 10 days to be won: opportunities count that are created until 20 June 2026" in shown


def test_what_a_deal_may_be_worth_is_enough_where_none_was_won(floor: Quotaflow) -> None:
    arguments = ("quota", "required", "--revenue", "1000", "--period", "2026-01")
    found = floor.json(*arguments, "--deal-value", "400", "--win-rate", "50%")["at"]
    assert found["own"]["required"]["deals_won"] is None
    assert found["what_if"]["required"]["opportunities_created"] == 5


def test_a_little_a_week_is_never_rounded_to_nothing(floor: Quotaflow) -> None:
    shown = floor.run("quota", "required", "--revenue", "100", "--period", "2026-06", "--deal-value", "1000").stdout
    won = next(line for line in shown.splitlines() if line.startswith("deals won"))
    assert won.split()[-2:] == ["1", "0.1"]  # a tenth of a deal in 22 working days


def test_where_less_is_better_a_quota_is_judged_and_written_so(floor: Quotaflow) -> None:
    found = floor.json("quota", "reconcile", "rep:bob", "deals_lost", "2026-06")
    assert rows(found, "chance") == {"rep:bob": 1.0}
    assert found["fairness"]["reached"] == 1
    said = floor.run("quota", "suggest", "team:west", "deals_lost", "2026-06", "--yaml").stdout
    assert said.count("direction: lower") == 4
