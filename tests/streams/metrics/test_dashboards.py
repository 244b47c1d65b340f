"""Both dashboards and all rules, evaluated by a real Prometheus that has watched a real worker."""

import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.streams.metrics.expressions import (
    CHOSEN,
    asked,
    lacking,
    panel,
    substituted,
    variables,
)
from tests.streams.metrics.scenario import Watched, until

PERIODS = {"month": "2026-02", "quarter": "2026-Q1"}


def test_every_panel_and_every_rule_has_data(scenario: Watched, root: Path) -> None:
    assert len(asked(root)) > 50
    until(lambda: not lacking(scenario.prometheus, root), "\n".join(lacking(scenario.prometheus, root)))


def test_every_variable_offers_its_choices_and_its_first_one_among_them(scenario: Watched, root: Path) -> None:
    for name, variable, series, label in variables(root):
        found = scenario.prometheus.get(f"/api/v1/label/{label}/values", **{"match[]": series})
        assert found, f"{name}: {variable}"
        assert variable in {"scope", "instance"} or CHOSEN[variable] in found


def by_scope(found: list[Any]) -> dict[str, float]:
    """Values of an instant query by scope; a scope has one."""
    values = {each["metric"]["scope"]: float(each["value"][1]) for each in found}
    assert len(values) == len(found)
    return values


def quotas(scenario: Watched, level: str, period: str, metric: str) -> dict[str, Any]:
    """What `report --json` says of a quota, by scope."""
    said = scenario.floor.json("report", "--level", level, "--period", PERIODS[period])["standings"]
    return {each["scope"]: quota for each in said for quota in each["quotas"] if quota["metric"] == metric}


@pytest.mark.parametrize("level", ["rep", "team", "company"])
@pytest.mark.parametrize(
    ("period", "metric"), [("month", "revenue"), ("quarter", "revenue"), ("month", "calls_connected")]
)
def test_attainment_and_pace_are_those_of_the_report(
    scenario: Watched, root: Path, level: str, period: str, metric: str
) -> None:
    said = quotas(scenario, level, period, metric)
    for title, field in (("Attainment", "attainment"), ("Pace", "pace")):
        (expr,) = panel(root, "sales.json", title, kind="bargauge")
        found = scenario.prometheus.query(substituted(expr, level=level, period=period, metric=metric))
        assert by_scope(found) == {scope: quota[field] for scope, quota in said.items() if quota[field] is not None}
    assert said or (level, metric, period) != ("team", "revenue", "month")


def test_the_table_has_every_number_of_the_report(scenario: Watched, root: Path) -> None:
    fields = ["attained", "target", "expected", "gap", "required_per_day", "attainment", "pace"]
    said = quotas(scenario, "team", "month", "revenue")
    assert len(said) == 2
    for expr, field in zip(panel(root, "sales.json", "Where everybody stands"), fields, strict=True):
        found = scenario.prometheus.query(substituted(expr))
        shown_by_name = {each["metric"]["name"]: float(each["value"][1]) for each in found}
        assert shown_by_name == {
            {"team:west": "West", "team:south": "South"}[scope]: float(quota[field]) for scope, quota in said.items()
        }


def test_the_company_panels_are_those_of_the_report(scenario: Watched, root: Path) -> None:
    (quota,) = quotas(scenario, "company", "month", "revenue").values()
    pipeline = scenario.floor.standing("company", "2026-02")["pipeline"]
    for title, value in (
        ("Attainment", quota["attainment"]),
        ("Pace", quota["pace"]),
        ("Gap", float(quota["gap"])),
        ("Early-stage deals", pipeline["early_stage_count"]),
    ):
        (expr,) = panel(root, "sales.json", title, kind="stat")
        assert scenario.one(substituted(expr)) == value


STAGE_PANELS = {
    "Open deals by stage": "count",
    "Open amount by stage": "amount",
    "Weighted amount by stage": "weighted",
}


@pytest.mark.parametrize(("title", "field"), STAGE_PANELS.items())
def test_the_pipeline_is_that_of_the_report(scenario: Watched, root: Path, title: str, field: str) -> None:
    stages = scenario.floor.standing("company", "2026-02")["pipeline"]["stages"]
    (expr,) = panel(root, "sales.json", title)
    found = {each["metric"]["stage"]: float(each["value"][1]) for each in scenario.prometheus.query(substituted(expr))}
    assert found == {stage["stage"]: float(stage[field]) for stage in stages}
    assert any(found.values())


def test_what_every_scope_has_open_is_that_of_the_report(scenario: Watched, root: Path) -> None:
    said = scenario.floor.json("report", "--level", "rep", "--period", "2026-02")["standings"]
    (amount,) = panel(root, "sales.json", "Open amount")
    (early,) = panel(root, "sales.json", "Early-stage deals", kind="bargauge")
    for expr, value in (
        (amount, lambda pipeline: sum(float(stage["amount"]) for stage in pipeline["stages"])),
        (early, lambda pipeline: pipeline["early_stage_count"]),
    ):
        found = by_scope(scenario.prometheus.query(substituted(expr, level="rep")))
        assert found == {each["scope"]: value(each["pipeline"]) for each in said}


def test_revenue_of_all_is_that_of_the_report(scenario: Watched, root: Path) -> None:
    said = scenario.floor.json("report", "--level", "team", "--period", "2026-02")["standings"]
    (expr,) = panel(root, "sales.json", "Revenue")
    found = by_scope(scenario.prometheus.query(substituted(expr)))
    assert found == {each["scope"]: float(each["metrics"]["revenue"]["value"]) for each in said}


def test_alerts_are_those_of_the_command(scenario: Watched, root: Path) -> None:
    said = scenario.floor.json("alerts")["transitions"]
    names = {"rep:ann": "Ann", "rep:bob": "Bob", "team:west": "West", "team:south": "South", "company": "Example"}
    places = Counter((each.get("rule_id", each["rule"]), names[each["scope"]], each["period"]) for each in said)
    (expr,) = panel(root, "sales.json", "Alerts that fire")
    found = scenario.prometheus.query(expr)
    assert len(places) > 1
    assert places == {
        (*(each["metric"][name] for name in ("rule", "name", "period")),): int(each["value"][1]) for each in found
    }
    (total,) = panel(root, "sales.json", "Alerts firing")
    assert scenario.one(total) == len(said)
    (rule_panel,) = panel(root, "sales.json", "Alerts firing by rule")
    by_rule = {each["metric"]["rule"]: int(each["value"][1]) for each in scenario.prometheus.query(rule_panel)}
    rule_counts = Counter(each.get("rule_id", each["rule"]) for each in said)
    assert by_rule == {rule: rule_counts[rule] for rule in ("celebrate", "too-slow", "too-few")}


def test_a_dead_letter_is_an_alert_of_prometheus(scenario: Watched) -> None:
    firing = 'ALERTS{alertname="QuotaflowDeadLetters", alertstate="firing"}'
    until(lambda: bool(scenario.prometheus.query(firing)), firing)
    (alert,) = scenario.prometheus.query(firing)
    assert alert["metric"]["topic"] == "sales.deals.v1"
    others = scenario.prometheus.query('ALERTS{alertname!="QuotaflowDeadLetters", alertstate="firing"}')
    assert others == []


def test_promtool_finds_nothing_wrong_with_the_metrics(scenario: Watched) -> None:
    command = ["promtool", "check", "metrics"]
    checked = subprocess.run(command, input=scenario.metrics(), capture_output=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
