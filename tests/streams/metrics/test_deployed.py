"""Dashboards, configuration and rules as files: current, complete, and right in the eyes of promtool."""

import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.dashboards.__main__ import ALL, written
from streams.dashboards.layout import COLUMNS
from streams.dashboards.panels import SOURCE
from tests.servers.prometheus import problem, promtool
from tests.streams.metrics.expressions import DASHBOARDS, dashboard, panels, rules, shown, substituted

DEPLOY = Path("deploy") / "prometheus"


@pytest.fixture(params=DASHBOARDS)
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def test_the_dashboards_are_current(root: Path) -> None:
    folder = root / "deploy" / "grafana" / "dashboards"
    assert {path.name for path in folder.iterdir()} == ALL.keys()
    assert [file for file, made in ALL.items() if (folder / file).read_text() != written(made)] == []


def test_a_dashboard_asks_the_source_that_is_provisioned(name: str, root: Path) -> None:
    provisioning = root / "deploy" / "grafana" / "provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources" / "prometheus.yaml").read_text())["datasources"]
    assert {"type": source["type"], "uid": source["uid"]} == SOURCE
    found = re.findall(r'"uid": "([^"]+)"', written(ALL[name]))
    assert set(found) == {SOURCE["uid"], ALL[name].uid}


def test_every_panel_says_what_it_shows_and_in_what(name: str, root: Path) -> None:
    lacking = [
        each["title"]
        for each in panels(root, name)
        if not each["description"].endswith(".")
        or not (each["fieldConfig"]["defaults"].get("unit") or each["fieldConfig"]["overrides"])
    ]
    assert lacking == []


def cells(panel: Any) -> set[tuple[int, int]]:
    at = panel["gridPos"]
    assert at["x"] + at["w"] <= COLUMNS
    return {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}


def test_panels_have_a_number_each_and_do_not_overlap(name: str, root: Path) -> None:
    placed = dashboard(root, name)["panels"]
    assert len({panel["id"] for panel in placed}) == len(placed)
    assert [(one["title"], other["title"]) for one, other in combinations(placed, 2) if cells(one) & cells(other)] == []


def test_variables_that_are_used_are_there_and_the_other_way_round(name: str, root: Path) -> None:
    text = written(ALL[name])
    declared = {variable.name for variable in ALL[name].variables}
    used = set(re.findall(r"\$([a-z]\w*)", text))
    assert used == declared
    assert "$" not in "".join(substituted(target["expr"]) for each in panels(root, name) for target in each["targets"])


def test_every_sum_that_is_recorded_is_used_or_for_the_operator(root: Path) -> None:
    recorded = {rule["record"] for rule in rules(root) if "record" in rule}
    asked = "\n".join(
        [*(each.expr for each in shown(root)), *(rule["expr"] for rule in rules(root) if "alert" in rule)]
    )
    assert [name for name in sorted(recorded) if name not in asked] == []


def test_promtool_accepts_the_configuration_and_the_rules(root: Path, tmp_path: Path) -> None:
    assert problem() is None
    (tmp_path / "token").write_text("token")
    text = (root / DEPLOY / "prometheus.yml").read_text()
    assert text.count("/run/secrets/prometheus_token") == 2
    (tmp_path / "prometheus.yml").write_text(text.replace("/run/secrets/prometheus_token", str(tmp_path / "token")))
    (tmp_path / "rules.yml").write_text((root / DEPLOY / "rules.yml").read_text())
    checked = promtool("check", "config", str(tmp_path / "prometheus.yml"))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert f"{len(rules(root))} rules found" in checked.stdout


def test_every_alert_fires_when_it_should_and_only_then(root: Path) -> None:
    tests = root / DEPLOY / "tests" / "rules.test.yml"
    checked = promtool("test", "rules", str(tests))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    said = yaml.safe_load(tests.read_text())["tests"]
    cases = [case for each in said for case in each["alert_rule_test"]]
    for alert in (rule["alert"] for rule in rules(root) if "alert" in rule):
        fires = {bool(case["exp_alerts"]) for case in cases if case["alertname"] == alert}
        assert fires == {True, False}, alert
