from datetime import UTC, date, datetime
from typing import Any

import pytest
from msgspec import json

from quota.periods import parse_period
from quota.plans import PlanIndex
from quota.standings import standing
from schemas.plan import Quota
from schemas.standings import Measure, PipelineStanding, QuotaStanding, StageStanding, Standing
from tests.unit.floor import PLAN, a_plan

MID_SEPTEMBER = datetime(2026, 9, 15, 23, tzinfo=UTC)
WON = {"deals_won": 2, "deals_lost": 1, "revenue": 500_000_00, "won_age|10": 1, "won_age|20": 1}
OPEN = {"open|engaging": 4, "open_amount|engaging": 10_000_00}


def quota(metric: str, target: str, **said: Any) -> Quota:
    return Quota("q", "team:west", metric, said.pop("period", "quarter"), target, **said)


def stand(
    plan: PlanIndex, parts: dict[str, int] | None = None, period: str = "2026-Q3", at: datetime = MID_SEPTEMBER
) -> Standing:
    found = parse_period(period, plan.calendar("team:west"))
    return standing("team:west", found, WON if parts is None else parts, OPEN, plan, at)


def only(found: Standing) -> QuotaStanding:
    assert len(found.quotas) == 1
    return found.quotas[0]


def test_a_standing_has_every_metric_and_is_as_of_the_moment_in_local_time() -> None:
    found = stand(PLAN)
    assert (found.scope, found.period, found.revision) == ("team:west", "2026-Q3", 1)
    assert found.as_of.isoformat() == "2026-09-15T18:00:00-05:00"
    assert set(found.metrics) == set(PLAN.metrics)
    assert found.metrics["revenue"] == Measure("500000.00", "USD")
    assert found.metrics["win_rate"] == Measure(2 / 3, n=3)
    assert found.metrics["cycle_days_median"] == Measure(15.0, n=2)
    assert found.metrics["pipeline_amount"] == Measure("10000.00", "USD")
    assert found.quotas == []


def test_a_current_standing_shows_the_pipeline_by_stage() -> None:
    assert stand(PLAN).pipeline == PipelineStanding(
        as_of=stand(PLAN).as_of,
        unit="USD",
        stages=[
            StageStanding("prospecting", 0, "0.00", "0.00"),
            StageStanding("engaging", 4, "10000.00", "2500.00"),
            StageStanding("proposal", 0, "0.00", "0.00"),
        ],
        early_stage_count=4,
    )


def test_a_closed_standing_is_as_of_its_end_and_has_no_pipeline() -> None:
    found = stand(PLAN, period="2026-Q2")
    assert found.as_of.isoformat() == "2026-07-01T00:00:00-05:00"
    assert found.pipeline is None
    assert "pipeline_count" not in found.metrics
    assert found == stand(PLAN, period="2026-Q2", at=datetime(2027, 5, 5, tzinfo=UTC))


def test_a_revenue_quota_in_numbers() -> None:
    found = only(stand(a_plan(quota("revenue", "900000"))))
    working_days, elapsed_days = 65, 54  # July to September without 3 July; until Tuesday 15 September
    share = elapsed_days / working_days
    assert found == QuotaStanding(
        metric="revenue",
        target="900000.00",
        unit="USD",
        attained="500000.00",
        attainment=0.555556,
        expected=f"{900000 * share:.2f}",
        pace=round(500000 / (900000 * share), 6),
        gap="400000.00",
        required_per_day="36363.64",
        working_days_left=11.0,
        elapsed=round(share, 6),
        status="behind",
        reasons={},
    )


def test_a_count_quota_has_plain_numbers() -> None:
    found = only(stand(a_plan(quota("deals_won", "2.5"))))
    assert (found.target, found.unit, found.attained, found.gap) == (2.5, None, 2, 0.5)
    assert (found.attainment, found.required_per_day) == (0.8, 0.0455)
    assert isinstance(only(stand(a_plan(quota("deals_won", "4")))).target, int)


def test_a_ratio_quota_is_a_fraction_and_undefined_without_closings() -> None:
    plan = a_plan(quota("win_rate", "0.6"))
    found = only(stand(plan))
    assert (found.target, found.attained, found.expected, found.status) == (0.6, 2 / 3, 0.6, "met")
    nothing = only(stand(plan, {}))
    assert (nothing.attained, nothing.attainment, nothing.status) == (None, None, "no_data")
    assert nothing.reasons["attained"] == nothing.reasons["attainment"] == "no_closed_deals"


def test_a_quota_on_a_limit_counts_downwards() -> None:
    found = only(stand(a_plan(quota("cycle_days_median", "12", direction="lower"))))
    assert (found.attained, found.attainment, found.gap, found.status) == (15.0, 0.8, 3, "at_risk")


def test_a_quota_on_the_pipeline_says_nothing_of_closed_periods() -> None:
    plan = a_plan(quota("pipeline_amount", "20000"))
    assert (only(stand(plan)).attainment, only(stand(plan)).attained) == (0.5, "10000.00")
    closed = only(stand(plan, period="2026-Q2"))
    assert (closed.status, closed.attained, closed.reasons["attained"]) == ("no_data", None, "closed_period")


def test_a_target_in_another_currency_is_converted_at_the_first_days_rate() -> None:
    plan = a_plan(quota("revenue", "400000", currency="EUR"))
    assert (only(stand(plan)).target, only(stand(plan)).unit) == ("500000.00", "USD")
    assert only(stand(plan, period="2026-Q2")).target == "440000.00"


def test_a_target_in_a_currency_without_a_rate_is_shown_as_it_was_set() -> None:
    found = only(stand(a_plan(quota("revenue", "400000", currency="GBP"))))
    assert (found.target, found.unit, found.attained, found.status) == ("400000", "GBP", "500000.00", "no_data")
    assert set(found.reasons) == {"attainment", "expected", "pace", "gap", "required_per_day"}
    assert set(found.reasons.values()) == {"no_rate"}


def test_a_standing_is_written_as_metrics_are_named_on_the_wire() -> None:
    written = json.decode(json.encode(stand(a_plan(quota("revenue", "900000")))))
    assert written["as_of"] == "2026-09-15T18:00:00-05:00"
    assert written["metrics"]["revenue"] == {"value": "500000.00", "unit": "USD"}
    assert written["metrics"]["gross_margin"] == {"value": None, "n": 0, "reason": "no_costs", "excluded": 2}
    assert written["quotas"][0]["gap"] == "400000.00"
    assert written["pipeline"]["early_stage_count"] == 4


@pytest.mark.parametrize("kind", ["day", "week", "month", "quarter", "year"])
def test_a_quota_stands_under_its_own_kind_of_period(kind: str) -> None:
    plan = a_plan(quota("calls_placed", "50", period=kind))
    ids = {"day": "2026-09-15", "week": "2026-W38", "month": "2026-09", "quarter": "2026-Q3", "year": "2026"}
    for other, period in ids.items():
        assert len(stand(plan, {}, period).quotas) == (other == kind)


def test_a_daily_quota_is_missed_when_the_working_day_is_over_and_not_on_sundays() -> None:
    plan = a_plan(quota("calls_placed", "50", period="day"))
    calls = {"calls_placed": 30}
    friday = datetime(2026, 9, 11, 20, 30, tzinfo=UTC)
    running = only(stand(plan, calls, "2026-09-11", friday))
    assert (running.elapsed, running.expected, running.status) == (0.722222, 36.1111, "at_risk")
    assert (running.working_days_left, running.required_per_day) == (0.2778, 71.9942)
    assert only(stand(plan, calls, "2026-09-11", datetime(2026, 9, 11, 23, tzinfo=UTC))).status == "missed"
    assert only(stand(plan, {}, "2026-09-13", datetime(2026, 9, 13, 23, tzinfo=UTC))).status == "no_target"


def test_the_zone_is_that_of_the_scope() -> None:
    period = parse_period("2026-09-15", PLAN.calendar("rep:cara"))
    found = standing("rep:cara", period, {}, {}, PLAN, datetime(2026, 9, 15, 10, tzinfo=UTC))
    assert found.as_of.isoformat() == "2026-09-15T12:00:00+02:00"
    assert period.start == date(2026, 9, 15)
