"""Months that no calendar has, from the facts to the report: fiscal years of whole weeks and tables of periods."""

from pathlib import Path
from typing import Any

import pytest

from tests.agents.example import COMPANY, FACTS, QUOTAS, Quotaflow, lines

WEEKS = "fiscal: {pattern: 4-4-5, weekday: sun, month: 12, ends: nearest}"
TABLE = """period_table: [
      {id: P1, kind: month, start: 2026-01-12, end: 2026-01-22},
      {id: P2, kind: month, start: 2026-01-22, end: 2026-02-03},
      {id: first, kind: quarter, start: 2026-01-01, end: 2026-02-03}]"""
ANN = {
    WEEKS: {"FY2026-P01": "1000.00", "FY2026-P02": "0.00", "FY2026-Q1": "1000.00"},
    TABLE: {"P1": "1000.00", "P2": "0.00", "first": "1000.00", "outside-month-2026-01-01": "0.00"},
}
ALL = {
    WEEKS: {"FY2026-P01": "1000.00", "FY2026-P02": "500.00", "FY2026-Q1": "1500.00"},
    TABLE: {
        "outside-month-2026-01-01": "0.00",
        "P1": "1000.00",
        "P2": "0.00",
        "outside-month-2026-02-03": "500.00",
        "first": "1000.00",
        "outside-quarter-2026-02-03": "500.00",
    },
}


def apply(floor: Quotaflow, calendar: str) -> None:
    folder = floor.folder / f"plan-{floor.log}"
    folder.mkdir(exist_ok=True)
    (folder / "company.yaml").write_text(COMPANY.replace("ends: 17:00", f"ends: 17:00, {calendar}"))
    (folder / "quotas.yaml").write_text(QUOTAS.replace(", from: 2026-01-01", ""))
    floor.run("plan", "apply", folder)


def numbers(floor: Quotaflow) -> dict[tuple[str, str], Any]:
    found = floor.json("report")["standings"]
    return {(each["scope"], each["period"]): (each["metrics"], each["quotas"]) for each in found}


@pytest.mark.parametrize("calendar", [WEEKS, TABLE], ids=["whole weeks", "table"])
def test_numbers_are_those_of_the_calendars_own_periods_whenever_it_came_into_force(
    calendar: str, tmp_path: Path
) -> None:
    before, after = Quotaflow(tmp_path, "before.db"), Quotaflow(tmp_path, "after.db")
    apply(before, calendar)
    before.replay(lines(FACTS))
    after.apply(QUOTAS)
    after.replay(lines(FACTS))
    apply(after, calendar)
    for floor in (before, after):
        assert {name: floor.standing("company", name)["metrics"]["revenue"]["value"] for name in ALL[calendar]} == ALL[
            calendar
        ]
        assert floor.json("verify")["differences"] == []
    kept = {key: value for key, value in numbers(before).items() if value[0]["revenue"]["value"] != "0.00"}
    assert kept.items() <= numbers(after).items()
    for name, revenue in ANN[calendar].items():
        assert before.json("explain", "rep:ann", "revenue", name)["value"] == revenue


def test_a_period_that_only_some_calendars_have_is_reported_for_their_scopes(tmp_path: Path) -> None:
    floor = Quotaflow(tmp_path)
    own = f"  - {{id: retail, zone: Europe/Amsterdam, {WEEKS}}}\npipelines:"
    people = COMPANY.replace("pipelines:", own).replace("parent: west}", "parent: west, calendar: retail}")
    (tmp_path / "plan").mkdir()
    (tmp_path / "plan" / "company.yaml").write_text(people)
    floor.run("plan", "apply", tmp_path / "plan")
    floor.replay(lines(FACTS))
    found = floor.json("report", "--period", "FY2026-Q1")["standings"]
    assert {each["scope"]: each["metrics"]["revenue"]["value"] for each in found} == {
        "team:south": "500.00",
        "rep:bob": "500.00",
    }
    scopes = {each["scope"] for each in floor.json("report", "--period", "2026-01")["standings"]}
    assert {"company", "team:west", "rep:ann"} <= scopes
    assert not scopes & {"team:south", "rep:bob"}
    assert "'2026-13' is not a period" in floor.run("report", "--period", "2026-13", code=2).stderr


def test_a_period_that_has_other_days_from_now_on_has_their_numbers(tmp_path: Path) -> None:
    floor = Quotaflow(tmp_path)
    apply(floor, TABLE)
    floor.replay(lines(FACTS))
    apply(floor, TABLE.replace("2026-01-22", "2026-01-17").replace("2026-01-01", "2025-10-01"))
    found = {name: floor.standing("company", name)["metrics"]["revenue"]["value"] for name in ("P1", "P2", "first")}
    assert found == {"P1": "0.00", "P2": "1000.00", "first": "1000.00"}
    assert floor.json("verify")["differences"] == []
    assert floor.json("explain", "rep:ann", "revenue", "P2")["value"] == "1000.00"
