"""`explain --target`: the pieces of a target add up to the one in the standing."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.agents.example import COMPANY, Quotaflow, deal, lines

PEOPLE = COMPANY.replace(
    "team: west}", "team: west, hired: 2026-01-12, absences: [{from: 2026-02-02, until: 2026-02-07}]}"
)
QUOTAS = """
quotas:
  - scope: rep:ann
    metric: revenue
    period: quarter
    target: 9000
    ramp: [25, 50]
    season: [30, 30, 40]
    relief: [{period: 2026-Q1, amount: -100.01, reason: a storm, by: Cara Losch}]
    stretch: 10000
    set_by: Cara Losch
    reason: as last year
  - {scope: rep:ann, metric: deals_won, period: quarter, target: 7}
  - {scope: company, metric: revenue, period: quarter, target: 9000}
"""


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Quotaflow:
    made = Quotaflow(tmp_path_factory.mktemp("targets"))
    plan = made.folder / "plan"
    plan.mkdir()
    (plan / "plan.yaml").write_text(PEOPLE + QUOTAS)
    made.run("plan", "apply", plan)
    made.replay(lines([deal("d1", "02-20", "won", owner="ann", amount=1000)]))
    return made


def shown(floor: Quotaflow, scope: str, metric: str) -> Any:
    standing = floor.standing(scope, "2026-Q1")
    return next(quota for quota in standing["quotas"] if quota["metric"] == metric)


def parts(found: dict[str, Any]) -> Decimal:
    return sum((Decimal(str(each["amount"])) for each in (*found["pieces"], *found["relief"])), Decimal())


@pytest.mark.parametrize(
    ("scope", "metric"), [("rep:ann", "revenue"), ("rep:ann", "deals_won"), ("company", "revenue")]
)
def test_pieces_and_relief_add_up_to_the_target_that_is_reported(scope: str, metric: str, floor: Quotaflow) -> None:
    found, said = floor.json("explain", scope, metric, "2026-Q1", "--target"), shown(floor, scope, metric)
    assert parts(found) == Decimal(str(found["target"]))
    assert float(found["target"]) == pytest.approx(float(said["target"]), abs=0.00005)
    assert found["base"] == said.get("base", said["target"])
    assert found.get("stretch") == said.get("stretch")


def test_a_target_says_who_set_it_and_why_and_what_each_piece_is(floor: Quotaflow) -> None:
    found = floor.json("explain", "rep:ann", "revenue", "2026-Q1", "--target")
    assert (found["set_by"], found["reason"], found["unit"], found["revision"]) == (
        "Cara Losch",
        "as last year",
        "EUR",
        1,
    )
    assert found["relief"] == [{"amount": "-100.01", "reason": "a storm", "by": "Cara Losch"}]
    assert [(each["from"], each["present_days"], each["ramp"]) for each in found["pieces"]] == [
        ("2026-01-01", 0, 0.25),
        ("2026-01-12", 15, 0.25),
        ("2026-02-01", 0, 0.25),
        ("2026-02-02", 0, 0.25),
        ("2026-02-07", 3, 0.25),
        ("2026-02-12", 12, 0.5),
        ("2026-03-01", 8, 0.5),
        ("2026-03-12", 14, 1.0),
    ]


def test_people_read_the_pieces_and_the_sum(floor: Quotaflow) -> None:
    said = floor.run("explain", "rep:ann", "revenue", "2026-Q1", "--target").stdout
    assert "target for revenue of Ann in 2026-Q1: EUR " in said
    assert ", where EUR 9,000 was set by quota rep.ann.revenue.quarter, under revision 1 of the plan" in said
    assert "relief: -100.01, by Cara Losch: a storm" in said
    assert "stretch target: EUR " in said
    assert "set by Cara Losch: as last year" in said
    counted = floor.run("explain", "rep:ann", "deals_won", "2026-Q1", "--target").stdout
    assert "where 7 was set" in counted
    assert "relief" not in counted


def test_where_no_quota_is_in_force_it_says_which_there_are(floor: Quotaflow) -> None:
    assert "it has one per quarter" in floor.run("explain", "rep:ann", "revenue", "2026-01", "--target", code=2).output
    nothing = floor.run("explain", "rep:bob", "revenue", "2026-Q1", "--target", code=2).output
    assert "it has none on revenue at all" in nothing
    assert "there is no metric" in floor.run("explain", "rep:ann", "revenu", "2026-Q1", "--target", code=2).output


def test_a_recount_comes_to_the_same_standings(floor: Quotaflow) -> None:
    verdict = floor.json("verify")
    assert verdict["differences"] == []


def test_a_documented_plan_explains_its_targets(root: Path, tmp_path: Path) -> None:
    text = (root / "docs" / "plans.md").read_text()
    example = text.split("### What a quota asks for")[1].split("```yaml\n")[1].split("```")[0]
    firm = "company: {name: Acme, currency: USD}\ncalendars: [{id: default, zone: America/Chicago}]\n"
    (tmp_path / "plan").mkdir()
    (tmp_path / "plan" / "plan.yaml").write_text(f"{firm}teams: [{{id: chicago}}]\n{example}")
    made = Quotaflow(tmp_path)
    made.run("plan", "apply", tmp_path / "plan")
    found = made.json("explain", "rep:anna-snelling", "revenue", "2027-Q3", "--target")
    assert [(each["from"], each["ramp"], each["present_days"]) for each in found["pieces"]] == [
        ("2027-07-01", 1.0, 22),
        ("2027-08-02", 1.0, 0),
        ("2027-08-16", 1.0, 34),
    ]
    assert (found["target"], found["base"]) == ("71363.64", "90000.00")
    assert made.json("explain", "company", "revenue", "2027", "--target")["stretch"] == "4500000.00"
