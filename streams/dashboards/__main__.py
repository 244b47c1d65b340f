"""Writes the dashboards where Grafana's provisioning looks for them (`make dashboards`)."""

import json
from pathlib import Path

from streams.dashboards.layout import Dashboard
from streams.dashboards.operations import OPERATIONS
from streams.dashboards.sales import SALES

FOLDER = Path(__file__).resolve().parent.parent.parent / "deploy" / "grafana" / "dashboards"
ALL = {"sales.json": SALES, "operations.json": OPERATIONS}


def written(dashboard: Dashboard) -> str:
    """The dashboard as it is checked in: names in order, so that a change shows as what it is."""
    return json.dumps(dashboard.document(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> None:
    """Writes every dashboard."""
    for name, dashboard in ALL.items():
        (FOLDER / name).write_text(written(dashboard))


if __name__ == "__main__":
    main()
