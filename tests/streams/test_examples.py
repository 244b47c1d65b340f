"""The plans that are shipped as examples: whole, and what their pages say of them."""

from datetime import date
from pathlib import Path

import pytest

from quota.families import children
from quota.periods import parse_period
from quota.plans import PlanIndex
from streams.plans import load

EXAMPLES = Path(__file__).parents[2] / "deploy" / "examples"


def example(name: str) -> PlanIndex:
    return PlanIndex(load(EXAMPLES / name))


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.iterdir()))
def test_every_example_is_a_plan_with_a_page(name: str) -> None:
    assert example(name).plan.reps
    assert f"deploy/examples/{name}" in (EXAMPLES / name / "README.md").read_text() or name == "demo"


def revenue(plan: PlanIndex, scope: str, period: str) -> int:
    tile = parse_period(period, plan.calendar(scope))
    return sum(int(quota.target) for quota in plan.quotas(scope, tile) if quota.metric == "revenue")


def test_the_enterprises_targets_add_up_from_reps_to_the_company() -> None:
    plan = example("enterprise")
    for scope in ("company", "team:americas", "team:emea", "team:apac"):
        quarter = parse_period("FY2026-Q2", plan.calendar(scope))
        below: list[str] = [*children(scope, quarter, plan)]
        if scope != "company":
            below = [rep for team in below for rep in children(team, quarter, plan)]
        assert sum(revenue(plan, each, "FY2026-Q2") for each in below) == revenue(plan, scope, "FY2026-Q2")


def test_its_three_calendars_share_a_year_of_whole_weeks_that_begins_in_september() -> None:
    plan = example("enterprise")
    years = {parse_period("FY2026", plan.calendar(f"team:{region}")) for region in ("americas", "emea", "apac")}
    (year,) = years
    assert (year.start, year.end) == (date(2025, 9, 28), date(2026, 9, 27))
    assert {plan.calendar(f"team:{region}").zone.key for region in ("americas", "dach", "japan")} == {
        "America/Chicago",
        "Europe/Berlin",
        "Asia/Tokyo",
    }


def test_a_leave_and_a_ramp_lower_what_is_asked_and_a_relief_counts_in_its_quarter() -> None:
    plan = example("enterprise")

    def asked(scope: str, period: str) -> float:
        tile = parse_period(period, plan.calendar(scope))
        found = plan.target(plan.quotas(scope, tile)[0], tile)
        return found.amount / found.scale

    assert 0 < asked("rep:hilde-jahn", "FY2026-Q2") < 600_000
    assert asked("rep:hilde-jahn", "FY2026-Q1") == 600_000
    assert asked("rep:ryo-kato", "FY2026-Q3") == 390_000
    start_up = example("start-up")
    tile = parse_period("2026-Q4", start_up.calendar("rep:pia-costa"))
    pia = next(quota for quota in start_up.quotas("rep:pia-costa", tile) if quota.metric == "revenue")
    assert start_up.target(pia, tile).amount / start_up.target(pia, tile).scale < 35_000 / 2
