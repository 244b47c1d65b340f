"""A dashboard: its variables, and rows of panels that fill Grafana's 24 columns."""

from collections.abc import Sequence
from dataclasses import dataclass

from streams.dashboards.panels import SOURCE, Json

SCHEMA_VERSION = 41
"""Of Grafana 12's classic dashboards, which later ones read too."""
COLUMNS = 24


@dataclass(frozen=True)
class Row:
    """A title, and lines of equally wide panels, each with its height."""

    title: str
    lines: Sequence[tuple[int, Sequence[Json]]]


@dataclass(frozen=True)
class Variable:
    """What the reader chooses: values of a label; `current` is the first choice, None for all."""

    name: str
    title: str
    query: str
    current: str | None = None


@dataclass(frozen=True)
class Dashboard:
    """All of a dashboard; `uid` is its address for ever."""

    uid: str
    title: str
    about: str
    variables: Sequence[Variable]
    rows: Sequence[Row]
    since: str

    def document(self) -> Json:
        """Grafana's JSON model of it."""
        return {
            "uid": self.uid,
            "title": self.title,
            "description": self.about,
            "tags": ["quotaflow"],
            "schemaVersion": SCHEMA_VERSION,
            "editable": False,
            "graphTooltip": 1,
            "refresh": "30s",
            "time": {"from": self.since, "to": "now"},
            "timezone": "browser",
            "annotations": {"list": []},
            "links": [{"title": "QuotaFlow", "type": "dashboards", "tags": ["quotaflow"], "keepTime": True}],
            "templating": {"list": [_variable(each) for each in self.variables]},
            "panels": _placed(self.rows),
        }


def _variable(variable: Variable) -> Json:
    every = variable.current is None
    found: Json = {
        "name": variable.name,
        "label": variable.title,
        "type": "query",
        "datasource": SOURCE,
        "definition": variable.query,
        "query": {"query": variable.query, "refId": f"variable-{variable.name}"},
        "refresh": 2,
        "sort": 1,
        "includeAll": every,
        "multi": every,
        "current": {"text": "All", "value": "$__all"}
        if every
        else {"text": variable.current, "value": variable.current},
    }
    return found | ({"allValue": ".*"} if every else {})


def _placed(rows: Sequence[Row]) -> list[Json]:
    found: list[Json] = []
    top = 0
    for row in rows:
        found.append({"type": "row", "title": row.title, "collapsed": False, "panels": [], **_grid(0, top, COLUMNS, 1)})
        top += 1
        for height, panels in row.lines:
            width = COLUMNS // len(panels)
            found += [panel | _grid(place * width, top, width, height) for place, panel in enumerate(panels)]
            top += height
    return [panel | {"id": number} for number, panel in enumerate(found, 1)]


def _grid(left: int, top: int, width: int, height: int) -> Json:
    return {"gridPos": {"x": left, "y": top, "w": width, "h": height}}
