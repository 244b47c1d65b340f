"""Grafana's panels, in the few forms that our dashboards use."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
Steps = Sequence[tuple[str, float]]
SOURCE: Json = {"type": "prometheus", "uid": "quotaflow-prometheus"}
"""The data source of deploy/grafana/provisioning."""
NEUTRAL: Steps = ()


@dataclass(frozen=True)
class Query:
    """A PromQL expression; `legend` names its series by their labels."""

    expr: str
    legend: str = ""


def stat(title: str, about: str, query: Query, unit: str, steps: Steps = NEUTRAL, *, graph: bool = False) -> Json:
    """One number as of now, coloured by what it means."""
    options = {
        "colorMode": "value" if steps else "none",
        "graphMode": "area" if graph else "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "textMode": "auto",
    }
    return _panel("stat", title, about, [_target(query, now=not graph)], _defaults(unit, steps), options)


def bars(title: str, about: str, query: Query, unit: str, steps: Steps = NEUTRAL, most: float | None = None) -> Json:
    """One bar for each series, as of now; `most` is the value of a full bar."""
    options = {
        "displayMode": "gradient" if steps else "basic",
        "minVizHeight": 16,
        "namePlacement": "left",
        "orientation": "horizontal",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "showUnfilled": True,
        "sizing": "auto",
        "valueMode": "color",
    }
    defaults = _defaults(unit, steps) | {"min": 0} | ({} if most is None else {"max": most})
    return _panel("bargauge", title, about, [_target(query, now=True)], defaults, options)


def lines(
    title: str, about: str, queries: Sequence[Query], unit: str, steps: Steps = NEUTRAL, *, stacked: bool = False
) -> Json:
    """Series over time; steps are drawn as lines."""
    custom = {
        "drawStyle": "line",
        "fillOpacity": 25 if stacked else 5,
        "lineInterpolation": "linear",
        "lineWidth": 1,
        "showPoints": "never",
        "spanNulls": False,
        "stacking": {"group": "A", "mode": "normal" if stacked else "none"},
        "thresholdsStyle": {"mode": "dashed" if steps else "off"},
    }
    options = {
        "legend": {"calcs": ["lastNotNull"], "displayMode": "table", "placement": "right", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    targets = [_target(query, place) for place, query in enumerate(queries)]
    defaults = _defaults(unit, steps) | {"color": {"mode": "palette-classic"}, "custom": custom}
    return _panel("timeseries", title, about, targets, defaults, options)


@dataclass(frozen=True)
class Column:
    """A column of a table: what it is headed, its numbers, and how they are shown."""

    title: str
    expr: str
    unit: str
    steps: Steps = NEUTRAL


def table(title: str, about: str, labels: Sequence[tuple[str, str]], columns: Sequence[Column]) -> Json:
    """One row for each set of labels, as of now; `labels` are shown under the titles beside them."""
    targets = [
        _target(Query(column.expr), place, now=True) | {"format": "table"} for place, column in enumerate(columns)
    ]
    # A table of one query calls its numbers `Value`, one of several `Value #A` and so on.
    values = ["Value"] if len(columns) == 1 else [f"Value #{_letter(place)}" for place in range(len(columns))]
    order = [*(label for label, _ in labels), *values]
    organize = {
        "excludeByName": {"Time": True},
        "indexByName": {name: place for place, name in enumerate(order)},
        "renameByName": dict(labels) | {value: column.title for value, column in zip(values, columns, strict=True)},
    }
    transformations = [{"id": "merge", "options": {}}, {"id": "organize", "options": organize}]
    overrides = [_override(column) for column in columns]
    options = {"cellHeight": "sm", "showHeader": True, "footer": {"show": False, "reducer": ["sum"], "fields": ""}}
    panel = _panel("table", title, about, targets, {"custom": {"align": "auto", "filterable": True}}, options)
    panel["fieldConfig"]["overrides"] = overrides
    return panel | {"transformations": transformations}


def _override(column: Column) -> Json:
    properties: list[Json] = [{"id": "unit", "value": column.unit}]
    if column.steps:
        properties += [
            {"id": "thresholds", "value": _thresholds(column.steps)},
            {"id": "custom.cellOptions", "value": {"type": "color-text"}},
        ]
    return {"matcher": {"id": "byName", "options": column.title}, "properties": properties}


def _panel(kind: str, title: str, about: str, targets: list[Json], defaults: Json, options: Json) -> Json:
    return {
        "type": kind,
        "title": title,
        "description": about,
        "datasource": SOURCE,
        "targets": targets,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": options,
    }


def _defaults(unit: str, steps: Steps) -> Json:
    color = {"mode": "thresholds"} if steps else {"mode": "fixed", "fixedColor": "blue"}
    return {"unit": unit, "color": color, "thresholds": _thresholds(steps)}


def _thresholds(steps: Steps) -> Json:
    """The first step's colour holds from below."""
    shown = [{"color": color, "value": None if place == 0 else value} for place, (color, value) in enumerate(steps)]
    return {"mode": "absolute", "steps": shown or [{"color": "text", "value": None}]}


def _target(query: Query, place: int = 0, *, now: bool = False) -> Json:
    found: Json = {"datasource": SOURCE, "expr": query.expr, "refId": _letter(place), "range": not now, "instant": now}
    return found | ({"legendFormat": query.legend} if query.legend else {})


def _letter(place: int) -> str:
    return chr(ord("A") + place)
