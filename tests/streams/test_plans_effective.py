"""What changes a target, as plan files say it: season, ramp, relief, stretch, absences."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.plan import Absence, Quota, Relief
from streams.plans import PlanError, assemble, load, plan_records

FIRM = """\
company: {name: Acme, currency: USD}
calendars: [{id: default, zone: America/Chicago}, {id: fiscal, zone: UTC, fiscal_start_month: 4}]
teams: [{id: west}, {id: east, calendar: fiscal}]
reps:
  - {id: ann, team: west, hired: 2026-03-02, left: 2027-01-01, absences: [{from: 2026-08-03, until: 2026-08-15}]}
  - {id: bo, team: east}
"""
GOOD = """\
quotas:
  - scope: rep:ann
    metric: revenue
    period: quarter
    target: 1000.50
    season: [33.3, 33.3, 33.4]
    ramp: [50, 50, 75.5]
    relief: [{period: 2026-Q3, amount: -99.50, reason: storm, by: Cara}]
    stretch: 1200
  - {scope: team:east, metric: calls_placed, period: year, target: 10, season: [25, 25, 25, 25]}
  - {scope: company, metric: no_shows, direction: lower, period: month, target: 10, stretch: 5}
"""


def written(tmp_path: Path, text: str) -> Path:
    (tmp_path / "plan.yaml").write_text(FIRM + text)
    return tmp_path


def test_everything_that_changes_a_target_is_read_and_travels(tmp_path: Path) -> None:
    plan = load(written(tmp_path, GOOD))
    assert plan.reps[0].absences == (Absence("2026-08-03", "2026-08-15"),)
    assert plan.quotas[0] == Quota(
        "rep.ann.revenue.quarter",
        "rep:ann",
        "revenue",
        "quarter",
        "1000.50",
        "USD",
        season=("33.3", "33.3", "33.4"),
        ramp=("50", "50", "75.5"),
        relief=(Relief("2026-Q3", "-99.50", "storm", "Cara"),),
        stretch="1200",
    )
    assert plan.quotas[1].season == ("25", "25", "25", "25")
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert assemble(record.value for record in plan_records(plan, 0, at)) == plan


def quota(keys: str, *, metric: str = "revenue", period: str = "quarter", scope: str = "rep:ann") -> str:
    return f"quotas: [{{scope: {scope}, metric: {metric}, period: {period}, target: 9, {keys}}}]"


def relief(period: str, *, of: str = "quarter", amount: str = "1", scope: str = "rep:ann", more: str = "") -> str:
    said = f"relief: [{{period: {period}, amount: {amount}, reason: r, by: b}}]{more}"
    return quota(said, period=of, scope=scope)


WRONG = [
    (quota("season: [50, 30, 19.999]"), "the weights total 99.999, not 100; write percents that total 100"),
    (quota("season: [120, -10, -10]"), "the weight -10 is negative"),
    (quota("season: [50, 50]"), "a season of 2 weights for a quarter; write 3 (its months)"),
    (quota("season: [50, 50]", period="year"), "write 12 (its months) or 4 (its quarters)"),
    (quota("season: [100]", period="month"), "a quota per month has no season; remove `season`"),
    (quota("season: [a, 50, 50]"), "'a' is not a number"),
    (quota("season: [40, 30, 30], direction: lower"), "holds in full from the first day, without a season"),
    (quota("ramp: [40]", metric="pipeline_count"), "this pipeline_count quota holds in full from the first day"),
    (quota("ramp: [101]"), "the ramp asks for 101 percent; write 0 to 100"),
    (quota("ramp: [50]", scope="team:west"), "team:west has no months of tenure for a ramp; give a ramp to reps only"),
    (quota("ramp: [50]", scope="rep:bo"), "the ramp of rep 'bo' needs a hire date; add `hired` to the rep"),
    (quota("stretch: 9"), "the stretch target 9 is not above the target 9; write a number above 9, or remove"),
    (quota("stretch: 10, direction: lower"), "the stretch target 10 is not below the target 9"),
    (quota("stretch: 10.001"), "has more digits than USD has: at most 2 after the point; round the stretch"),
    (relief("2026-Q3", amount="0.001"), "has more digits than USD has: at most 2 after the point; round the amount"),
    (relief("2026-07"), "'2026-07' is no quarter, and the quota is per quarter; name a quarter"),
    (relief("2026-Q5"), "'2026-Q5' is not a period of calendar default"),
    (relief("FY2026-P07", of="month"), "'FY2026-P07' is called '2026-07'; write 2026-07"),
    (relief("2026-Q3", scope="rep:bo"), "'2026-Q3' is not a period of calendar fiscal"),
    (relief("2026-Q3", more=", from: 2026-10-01"), "the quota is not in force for 2026-Q3; give the relief to the"),
    (relief("2026-Q3", more=", until: 2026-07-01"), "the quota is not in force for 2026-Q3"),
    (quota("relief: [{period: 2026-Q3, amount: 1}]"), "a relief has no `by`; add `by: Cara Losch`"),
    ("reps: [{id: x, absences: [{from: 2026-08-03}]}]", "an absence has no `end`; add `end: 2027-08-16`"),
    ("reps: [{id: x, absences: [{from: 2026-08-03, until: 2026-08-03}]}]", "not after its start 2026-08-03"),
    ("reps: [{id: x, hired: 2026-08-03, left: 2026-08-03}]", "rep 'x' left on 2026-08-03, not after the hire date"),
]


@pytest.mark.parametrize(("text", "expected"), WRONG)
def test_what_cannot_change_a_target_is_named_with_its_line_and_a_fix(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "more.yaml").write_text(f"\n{text}\n")
    with pytest.raises(PlanError) as caught:
        load(written(tmp_path, ""))
    told = [problem for problem in map(str, caught.value.problems) if expected in problem]
    assert len(told) == 1, str(caught.value)
    assert told[0].startswith("more.yaml:2: ")


def test_relief_in_a_fiscal_calendar_names_its_periods(tmp_path: Path) -> None:
    plan = load(written(tmp_path, relief("FY2027-Q1", scope="rep:bo")))
    assert plan.quotas[0].relief[0].period == "FY2027-Q1"
