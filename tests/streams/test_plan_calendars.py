"""The calendars of a plan's files: holidays of regions, years of whole weeks, tables of periods."""

from pathlib import Path
from typing import get_args

import pytest
from msgspec import Meta

from quota.periods import parse_period
from quota.plans import PlanIndex
from schemas.plan import Calendar, FiscalWeeks, TablePeriod
from streams.api.questions import LONGEST_PERIOD
from streams.plans import PlanError, load

HEAD = "company: {name: Acme, currency: USD}\n"
TABLE = """
calendars:
  - id: default
    zone: UTC
    period_table:
      - {id: P1, kind: month, from: 2026-01-05, until: 2026-02-02}
      - {id: P2, kind: month, start: 2026-02-02, end: 2026-03-09}
  - {id: east, zone: America/New_York}
teams: [{id: north, name: North, calendar: east}, {id: yonder, parent: north}]
reps: [{id: ann, team: north}, {id: bea, team: yonder}, {id: cid, team: north, calendar: default}, {id: dan}]
"""


def calendar(tmp_path: Path, keys: str) -> Calendar:
    (tmp_path / "plan.yaml").write_text(f"{HEAD}calendars: [{{id: default, zone: UTC, {keys}}}]\n")
    (found,) = load(tmp_path).calendars
    return found


def problems(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "plan.yaml").write_text(text)
    with pytest.raises(PlanError) as caught:
        load(tmp_path)
    return str(caught.value).splitlines()


def test_the_holidays_of_a_region_become_days_when_the_plan_is_loaded(tmp_path: Path) -> None:
    found = calendar(tmp_path, "holidays: {region: US-IL, years: 2026}").holidays
    assert list(found) == sorted(found)
    assert all(day.startswith("2026-") for day in found)
    assert found["2026-02-12"].startswith("Lincoln")  # of Illinois alone
    assert {"2026-07-04", "2026-11-26", "2026-12-25"} <= found.keys()


def test_days_are_added_to_the_holidays_of_a_region_and_taken_away(tmp_path: Path) -> None:
    plain = calendar(tmp_path, "holidays: {region: DE-BY, years: 2025-2026}").holidays
    own = "add: {2026-12-24: Christmas Eve, 2026-12-25: Closed}, remove: [2026-01-06, 2025-12-26]"
    found = calendar(tmp_path, f"holidays: {{region: DE-BY, years: 2025-2026, {own}}}").holidays
    assert found["2026-12-24"] == "Christmas Eve"
    assert found["2026-12-25"] == "Closed"
    assert plain.keys() - found.keys() == {"2026-01-06", "2025-12-26"}
    assert {day[:4] for day in found} == {"2025", "2026"}
    listed = calendar(tmp_path, "holidays: {region: DE, years: 2026, add: [2026-12-24]}").holidays
    assert listed["2026-12-24"] == "holiday"


def test_a_year_of_whole_weeks_is_read(tmp_path: Path) -> None:
    found = calendar(tmp_path, "fiscal: {pattern: 4-5-4, weekday: sat, month: 1, ends: nearest, named_for: start}")
    assert found.fiscal == FiscalWeeks("4-5-4", 5, 1, "nearest", "start")
    plan = PlanIndex(load(tmp_path))
    assert parse_period("FY2023", plan.calendar("company")).start.isoformat() == "2023-01-29"
    found = calendar(tmp_path, "fiscal: {pattern: 5-4-4, weekday: sunday, month: 12, week_53: 1}")
    assert found.fiscal == FiscalWeeks("5-4-4", 6, 12, week_53=1)


def test_a_table_of_periods_is_read(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(HEAD + TABLE)
    assert load(tmp_path).calendars[0].period_table == (
        TablePeriod("P1", "month", "2026-01-05", "2026-02-02"),
        TablePeriod("P2", "month", "2026-02-02", "2026-03-09"),
    )


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("holidays: {region: US-IX, years: 2026}", "no holidays are known of region 'US-IX'; did you mean 'US-"),
        ("holidays: {region: XX, years: 2026}", "no holidays are known of region 'XX'; choose one of AD, "),
        ("holidays: {region: Illinois, years: 2026}", "write a country like US, or a part of one like US-IL"),
        ("holidays: {region: US}", "`holidays` has no `years`; add `years: 2025-2028`"),
        ("holidays: {years: 2026}", "`holidays` has no `region`; add `region: US-IL`"),
        ("holidays: {region: US, years: 2028-2025}", "write 2026, or 2025-2028"),
        ("holidays: {region: US, years: 1900-2025}", "from 1970 to 2199"),
        ("holidays: {region: US, years: 2026, remove: [2026-12-24]}", "2026-12-24 is no holiday of US"),
        ("holidays: {region: IN, years: 1990-2026}", "not all holidays of IN are known in these years: "),
        ("holidays: {region: US, years: 2026, 2026-12-24: x}", "`holidays` has no key '2026-12-24'"),
        ("fiscal: {pattern: 4-4-4, weekday: sat, month: 1}", "'4-4-4' is not known; did you mean '"),
        ("fiscal: {weekday: sat, month: 1}", "`fiscal` has no `pattern`; add `pattern: 4-4-5`"),
        ("fiscal: {pattern: 4-4-5, weekday: sat, month: 13}", "is not a whole number between 1 and 12"),
        ("fiscal: 4-4-5", "`fiscal` must be a mapping; write `key: value` with `pattern`"),
        ("fiscal: {pattern: 4-4-5, weekday: sat, month: 1}, fiscal_start_month: 2", "beside `fiscal`; keep one"),
        ("period_table: [{id: P 1, kind: month, start: 2026-01-01, end: 2026-02-01}]", "'P 1' is not the id of"),
        ("period_table: [{id: P1, kind: week, start: 2026-01-01, end: 2026-02-01}]", "'week' is not known"),
        ("period_table: [{id: P1, kind: month, start: 2026-01-01}]", "a period has no `end`; add `end: 2026-02-01`"),
        ("period_table: [{id: P1, kind: month, start: 2026-02-01, end: 2026-02-01}]", "not after its start"),
    ],
)
def test_a_mistake_in_a_calendar_is_named_with_its_line_and_a_fix(tmp_path: Path, keys: str, expected: str) -> None:
    (found,) = problems(tmp_path, f"{HEAD}# a comment\ncalendars: [{{id: default, zone: UTC, {keys}}}]\n")
    assert found.startswith("plan.yaml:3: ")
    assert expected in found


def test_every_flaw_of_a_table_is_named_with_the_line_of_its_period(tmp_path: Path) -> None:
    more = TABLE.replace(
        "end: 2026-03-09}\n",
        "end: 2026-03-09}\n"
        "      - {id: P3, kind: month, start: 2026-03-10, end: 2026-04-06}\n"
        "      - {id: P1, kind: month, start: 2026-04-05, end: 2026-05-04}\n",
    )
    found = problems(tmp_path, HEAD + more)
    assert [line.split(": ")[0] for line in found] == ["plan.yaml:9", "plan.yaml:10", "plan.yaml:10"]
    assert [what in line for what, line in zip(("a gap", "the id 'P1'", "an overlap"), found, strict=True)] == [
        True
    ] * 3


@pytest.mark.parametrize(
    ("scope", "bounds", "key"),
    [
        ("company", "from: 2026-01-01", "starts on 2026-01-01, where the months of calendar 'default' are not listed"),
        ("rep:dan", "from: 2026-03-09", "starts on 2026-03-09, where the months"),
        ("rep:cid", "from: 2026-01-05, until: 2026-03-10", "ends on 2026-03-10, where the months"),
    ],
)
def test_a_quota_for_days_beyond_the_table_is_a_mistake(tmp_path: Path, scope: str, bounds: str, key: str) -> None:
    quota = f"quotas: [{{scope: {scope}, metric: revenue, period: month, target: 1, {bounds}}}]\n"
    (found,) = problems(tmp_path, f"{HEAD}{TABLE}{quota}")
    assert found.startswith("plan.yaml:12: ")
    assert key in found
    assert "those in plan.yaml:7 are from 2026-01-05 until 2026-03-09; add the missing periods" in found


@pytest.mark.parametrize(
    ("scope", "period", "bounds"),
    [
        ("company", "month", "from: 2026-01-05, until: 2026-03-09"),
        ("company", "month", "set_by: me"),
        ("company", "quarter", "from: 2026-04-01"),
        ("team:yonder", "month", "from: 2026-04-01"),
        ("rep:bea", "month", "from: 2026-04-01"),
    ],
)
def test_a_quota_within_the_table_or_of_another_calendar_is_none(
    tmp_path: Path, scope: str, period: str, bounds: str
) -> None:
    quota = f"quotas: [{{scope: {scope}, metric: revenue, period: {period}, target: 1, {bounds}}}]\n"
    (tmp_path / "plan.yaml").write_text(f"{HEAD}{TABLE}{quota}")
    assert load(tmp_path).quotas[0].scope == scope


def test_days_beyond_the_table_keep_a_quota_that_has_no_end(tmp_path: Path) -> None:
    quota = "quotas: [{scope: company, metric: revenue, period: month, target: 1}]\n"
    (tmp_path / "plan.yaml").write_text(f"{HEAD}{TABLE}{quota}")
    plan = PlanIndex(load(tmp_path))
    for name in ("P1", "outside-month-2026-03-09", "outside-month-2026-04-01"):
        assert plan.quotas("company", parse_period(name, plan.calendar("company")))


def test_the_api_takes_every_id_that_a_period_can_have() -> None:
    (limit,) = [each for each in get_args(TablePeriod.__annotations__["id"]) if isinstance(each, Meta)]
    assert limit.max_length == LONGEST_PERIOD >= len("outside-quarter-2026-01-01")
