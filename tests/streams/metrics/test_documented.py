"""docs/monitoring.md says what is so: every metric with its type and labels, every alert, and no others."""

import re
from pathlib import Path

import pytest

from quota.catalogue import BUILT_IN
from streams.metrics.words import FAMILIES, QUOTA
from tests.streams.metrics.expressions import rules, shown, variables
from tests.streams.metrics.parsing import families
from tests.streams.metrics.scenario import Watched

Metrics = dict[str, tuple[str, frozenset[str]]]


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs" / "monitoring.md").read_text()


@pytest.fixture(scope="module")
def documented(page: str) -> Metrics:
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if "| `quotaflow_" in line]
    found = {name.strip("`"): (kind, frozenset(re.findall(r"\w+", labels))) for name, kind, labels, _, _ in rows}
    assert len(found) == len(rows)
    return found


def test_the_metrics_of_a_worker_are_those_of_the_page(documented: Metrics, scenario: Watched) -> None:
    found = {
        family.name + ("_total" if family.type == "counter" else ""): (
            family.type,
            frozenset(label for sample in family.samples for label in sample.labels if label != "le"),
        )
        for name, family in families(scenario.metrics()).items()
        if name.startswith("quotaflow_")
    }
    assert found == documented


def test_the_sales_metrics_are_declared_with_the_labels_of_the_page(documented: Metrics) -> None:
    declared = {f"quotaflow_{name}": ("gauge", frozenset(labels)) for name, (_, labels) in FAMILIES.items()}
    assert {name: documented[name] for name in declared} == declared


def test_dashboards_and_rules_ask_for_nothing_else(documented: Metrics, root: Path) -> None:
    asked = [each.expr for each in shown(root)] + [rule["expr"] for rule in rules(root)]
    asked += [series for _, _, series, _ in variables(root)]
    names = {name for expr in asked for name in re.findall(r"(?<![\w:])quotaflow_\w+(?!\w*:)", expr)}
    plain = {re.sub(r"_(bucket|sum|count)$", "", name) for name in names}
    assert sorted(plain - documented.keys()) == []


def test_the_alerts_of_the_page_are_those_of_the_rules(page: str, root: Path) -> None:
    told = re.findall(r"^\| `(Quotaflow\w+)` \|", page, re.MULTILINE)
    assert told == [rule["alert"] for rule in rules(root) if "alert" in rule]


def test_so_many_series_as_the_page_says(page: str) -> None:
    by_period = [metric for metric in BUILT_IN.values() if metric.aggregation != "stock"]
    quotas = [name for name, (_, labels) in FAMILIES.items() if labels == QUOTA and name.startswith("quota_")]
    assert f"{len(by_period)} for each scope and kind of period" in page
    assert f"{len(quotas)} for each quota and period" in page
