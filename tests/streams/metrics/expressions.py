"""Every expression of the dashboards and the rules, as Prometheus is asked for them."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.servers.prometheus import Prometheus

CHOSEN = {"level": "team", "period": "month", "metric": "revenue", "scope": ".*", "instance": ".*"}
GRAFANA = {"__rate_interval": "1m", "__range": "2m"}
DASHBOARDS = ("sales.json", "operations.json")
_THRESHOLD = re.compile(r"\s(?:>|<|==)\s[\d.]+")
Json = Mapping[str, Any]


class Asked(NamedTuple):
    """An expression and where it stands."""

    where: str
    expr: str


def dashboard(root: Path, name: str) -> Any:
    """A dashboard as it is checked in."""
    return json.loads((root / "deploy" / "grafana" / "dashboards" / name).read_text())


def substituted(text: str, **chosen: str) -> str:
    """The expression with Grafana's variables filled in; one that nobody knows stays, and is no PromQL."""
    for name, value in (CHOSEN | GRAFANA | chosen).items():
        text = re.sub(rf"\${name}\b", value, text)
    return text


def panels(root: Path, name: str) -> Iterator[Json]:
    """Every panel that shows something."""
    yield from (panel for panel in dashboard(root, name)["panels"] if panel["type"] != "row")


def panel(root: Path, name: str, title: str, *, kind: str | None = None) -> list[str]:
    """The expressions of the one panel of this title (and type)."""
    (found,) = (each for each in panels(root, name) if each["title"] == title and kind in {None, each["type"]})
    return [target["expr"] for target in found["targets"]]


def shown(root: Path) -> list[Asked]:
    """The expressions of all panels."""
    return [
        Asked(f"{name}: {each['title']}", substituted(target["expr"]))
        for name in DASHBOARDS
        for each in panels(root, name)
        for target in each["targets"]
    ]


def variables(root: Path) -> list[tuple[str, str, str, str]]:
    """Dashboard, name, series and label of every variable."""
    found = []
    for name in DASHBOARDS:
        for each in dashboard(root, name)["templating"]["list"]:
            match = re.fullmatch(r"label_values\((.+), (\w+)\)", each["query"]["query"])
            assert match, each
            found.append((name, each["name"], substituted(match[1]), match[2]))
    return found


def rules(root: Path) -> list[Json]:
    """All rules."""
    said = yaml.safe_load((root / "deploy" / "prometheus" / "rules.yml").read_text())
    return [rule for group in said["groups"] for rule in group["rules"]]


def measured(rule: Json) -> Asked:
    """What a rule looks at, whether or not it is past the threshold."""
    expr = _THRESHOLD.sub("", rule["expr"]) if "alert" in rule else rule["expr"]
    return Asked(rule.get("alert") or rule["record"], expr.replace("absent(", "("))


def asked(root: Path) -> list[Asked]:
    """All that panels show and rules look at."""
    return [*shown(root), *map(measured, rules(root))]


def lacking(prometheus: Prometheus, root: Path) -> list[str]:
    """Which of it has no number, or only those of nothing divided by nothing."""

    def has_data(expression: str) -> bool:
        values = [float(each["value"][1]) for each in prometheus.query(expression)]
        return any(not math.isnan(value) for value in values)

    return [f"{where}: {expr}" for where, expr in asked(root) if not has_data(expr)]
