"""Standings and transitions as the command line prints them, beside what the oracles say they must be."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.e2e.cli import Json
from tests.oracle import crm, shortage

Key = tuple[str, str]
NOTHING = crm.Tally().figures()


def by_key(standings: Iterable[Json]) -> dict[Key, Json]:
    """Standings by scope and period; none may come twice."""
    found: dict[Key, Json] = {}
    for standing in standings:
        key = standing["scope"], standing["period"]
        assert key not in found, f"{key} is reported twice"
        found[key] = standing
    return found


def wrong(standings: Iterable[Json], folder: Path) -> list[str]:
    """Every figure that is not what the export's rows add up to, and everything that they add up to and is missing."""
    found, expected = by_key(standings), crm.figures(folder)
    missing = [f"{key} is missing" for key, right in expected.items() if right != NOTHING and key not in found]
    return missing + [
        f"{key} {name}: {said}, not {right}"
        for key, standing in found.items()
        for name, said, right in _differences(standing, expected.get(key, NOTHING))
    ]


def _differences(standing: Json, right: crm.Figures) -> list[tuple[str, object, object]]:
    metrics = standing["metrics"]
    rate = metrics["win_rate"]
    pairs: list[tuple[str, object, object]] = [
        *((name, metrics[name]["value"], getattr(right, name)) for name in ("deals_won", "deals_lost")),
        ("opportunities_created", metrics["opportunities_created"]["value"], right.opportunities_created),
        ("revenue", (Decimal(metrics["revenue"]["value"]), metrics["revenue"]["unit"]), (right.revenue, "USD")),
        (
            "win_rate",
            (rate["value"], rate["n"], "reason" in rate),
            (right.win_rate, right.win_rate_n, right.win_rate is None),
        ),
        ("average_deal_value", _to_the_cent(metrics["average_deal_value"], right), True),
        ("cycle_days_median", metrics["cycle_days_median"]["value"], right.cycle_days_median),
    ]
    return [pair for pair in pairs if pair[1] != pair[2]]


def _to_the_cent(said: Mapping[str, Any], right: crm.Figures) -> bool:
    """Whether the average is the revenue divided by the deals, which need not be a whole number of cents."""
    if not right.deals_won:
        return said["value"] is None and bool(said["reason"])
    return abs(Decimal(said["value"]) * right.deals_won - right.revenue) <= Decimal("0.005") * right.deals_won


def shortages(transitions: Iterable[Json]) -> list[shortage.Transition]:
    """Transitions of the shortage rule in the words of its oracle; a day is the local one."""
    return [
        shortage.Transition(
            each["scope"], each["period"], each["transition"], datetime.fromisoformat(each["at"]).date(), each["reason"]
        )
        for each in transitions
        if each["rule"] == "early_stage_shortage"
    ]
