"""Standings of quotas whose target depends on season, ramp, presence or relief."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json
from msgspec.structs import replace

from quota.credits import fan_out
from quota.periods import parse_period
from quota.plans import PlanIndex
from quota.reconciliations import planned
from quota.shortage import target_of
from quota.standings import Assessments, standing
from schemas.plan import Absence, Quota, Relief, Rep
from schemas.standings import Measure, QuotaStanding
from tests.unit.floor import REPS, a_plan, moments

MID_SEPTEMBER = datetime(2026, 9, 15, 23, tzinfo=UTC)
"""The evening of the 54th of 65 working days of the quarter in Chicago."""


def ben(**said: Any) -> tuple[Rep, ...]:
    return tuple(replace(rep, **said) if rep.id == "ben" else rep for rep in REPS)


def quota(metric: str = "revenue", target: str = "65000", **said: Any) -> Quota:
    return Quota("q", said.pop("scope", "rep:ben"), metric, said.pop("period", "quarter"), target, **said)


def stand(
    plan: PlanIndex, period: str = "2026-Q3", at: datetime = MID_SEPTEMBER, scope: str = "rep:ben", **parts: int
) -> QuotaStanding:
    (found,) = standing(scope, parse_period(period, plan.calendar(scope)), parts, {}, plan, at).quotas
    return found


def test_one_who_was_hired_within_the_quarter_has_a_target_and_working_time_of_his_own() -> None:
    found = stand(a_plan(quota(), reps=ben(hired="2026-09-01")), revenue=5_500_00)
    days, passed, left = 22, 11, 11
    assert (found.target, found.base, found.unit) == ("22000.00", "65000.00", "USD")
    assert (found.expected, found.elapsed, found.working_days_left) == ("11000.00", passed / days, left)
    assert (found.attainment, found.pace, found.gap, found.required_per_day) == (0.25, 0.5, "16500.00", "1500.00")
    assert found.status == "behind"


def test_an_absence_takes_its_days_out_of_target_time_and_days_left() -> None:
    away = ben(absences=(Absence("2026-09-21", "2026-09-26", "holiday"), Absence("2026-07-06", "2026-07-11")))
    found = stand(a_plan(quota(), reps=away), revenue=40_000_00)
    assert (found.target, found.elapsed, found.working_days_left) == ("55000.00", round(49 / 55, 6), 6.0)
    assert (found.expected, found.required_per_day) == ("49000.00", "2500.00")
    same_days = stand(a_plan(quota(), reps=away), at=datetime(2026, 9, 23, tzinfo=UTC), revenue=40_000_00)
    assert same_days.expected == stand(a_plan(quota(), reps=away), at=datetime(2026, 9, 26, tzinfo=UTC)).expected


def test_a_season_moves_what_is_expected_and_not_the_target() -> None:
    season = ("40", "20", "20", "20")
    found = stand(a_plan(quota(period="year", season=season)), "2026", datetime(2026, 4, 1, 5, tzinfo=UTC))
    assert (found.target, found.base, found.expected, found.status) == ("65000.00", None, "26000.00", "behind")
    evenly = stand(a_plan(quota(period="year")), "2026", datetime(2026, 4, 1, 5, tzinfo=UTC))
    assert float(str(evenly.expected)) == pytest.approx(65_000 * 64 / 260, abs=0.01)
    team = stand(a_plan(quota(period="year", season=season, scope="team:west")), "2026", scope="team:west")
    assert team.target == "65000.00"


def test_where_nothing_was_to_be_expected_yet_there_is_no_pace() -> None:
    plan = a_plan(quota(period="year", season=("0", "0", "0", "100")))
    found = stand(plan, "2026", revenue=100)
    assert (found.expected, found.pace, found.reasons, found.status) == (
        "0.00",
        None,
        {"pace": "nothing_expected"},
        "too_early",
    )
    assert stand(plan, "2026", datetime(2027, 3, 1, tzinfo=UTC), revenue=100).expected == "65000.00"


def test_who_is_away_for_all_of_a_period_has_no_target_there() -> None:
    gone = a_plan(quota(), quota("win_rate", "0.5"), reps=ben(left="2026-07-01"))
    period = parse_period("2026-Q3", gone.calendar("rep:ben"))
    for at in (MID_SEPTEMBER, datetime(2027, 1, 1, tzinfo=UTC)):
        revenue, rate = standing("rep:ben", period, {"deals_won": 1, "revenue": 5}, {}, gone, at).quotas
        assert (revenue.target, revenue.status, revenue.reasons["attainment"]) == ("0.00", "no_target", "no_target")
        assert (rate.target, rate.status, rate.reasons["attainment"]) == (0.5, "no_target", "no_working_time")


def test_relief_lowers_the_target_of_its_period_and_with_it_what_is_expected() -> None:
    relief = (Relief("2026-Q3", "-13000", "storm", "Cara"),)
    found = stand(a_plan(quota(relief=relief)), revenue=26_000_00)
    assert (found.target, found.base, found.attainment, found.expected) == ("52000.00", "65000.00", 0.5, "43200.00")
    assert stand(a_plan(quota(relief=relief)), "2026-Q2").base is None
    all_of_it = (Relief("2026-Q3", "-65000", "storm", "Cara"),)
    assert stand(a_plan(quota(relief=all_of_it))).status == "no_target"


def test_a_stretch_target_is_shown_beside_with_its_own_attainment() -> None:
    found = stand(a_plan(quota(stretch="80000")), revenue=40_000_00)
    assert (found.target, found.base, found.stretch, found.stretch_attainment) == ("65000.00", None, "80000.00", 0.5)
    lower = quota("cycle_days_median", "12", direction="lower", stretch="10")
    period = parse_period("2026-Q3", a_plan().calendar("rep:ben"))
    (fast,) = standing("rep:ben", period, {"deals_won": 1, "won_age|8": 1}, {}, a_plan(lower), MID_SEPTEMBER).quotas
    assert (fast.status, fast.stretch, fast.stretch_attainment) == ("met", 10, 1.25)
    assert stand(a_plan(lower)).stretch_attainment is None
    counted = stand(a_plan(quota("deals_won", "3", stretch="4"), reps=ben(hired="2026-09-01")), deals_won=1)
    assert (counted.target, counted.base, counted.stretch) == (round(3 * 22 / 65, 4), 3, round(4 * 22 / 65, 4))


def test_on_the_wire_only_what_differs_is_said() -> None:
    plain = json.decode(json.encode(stand(a_plan(quota()))))
    assert not {"base", "stretch", "stretch_attainment"} & plain.keys()
    assert json.decode(json.encode(plain), type=QuotaStanding) == stand(a_plan(quota()))
    said = json.decode(json.encode(stand(a_plan(quota(stretch="80000"), reps=ben(hired="2026-09-01")))))
    assert (said["base"], said["target"], said["stretch"]) == ("65000.00", "22000.00", "27076.92")


def test_the_shortage_rule_looks_at_what_the_quota_asks_for() -> None:
    plan = a_plan(quota(relief=(Relief("2026-Q3", "-1000", "storm", "Cara"),)), reps=ben(hired="2026-09-01"))
    period = parse_period("2026-Q3", plan.calendar("rep:ben"))
    assert target_of("rep:ben", period, plan) == 21_000_00
    in_euros = a_plan(quota(currency="EUR"), reps=ben(hired="2026-09-01"))
    assert target_of("rep:ben", period, in_euros) == 27_500_00
    assert stand(in_euros).target == "27500.00"


def test_what_is_planned_is_what_the_quota_asks_for() -> None:
    period = parse_period("2026-Q3", a_plan().calendar("rep:ben"))
    plan = a_plan(quota(), quota("deals_won", "10"), reps=ben(hired="2026-09-01"))
    assert planned("rep:ben", "revenue", period, plan) == 22_000_00
    assert planned("rep:ben", "deals_won", period, plan) == 3


def test_reps_who_differ_are_not_taken_for_one_another() -> None:
    quotas = [
        replace(quota(ramp=("25", "50")), id="one", scope="rep:ben"),
        replace(quota(relief=(Relief("2026-Q3", "5", "", ""),)), id="two", scope="rep:dan"),
        replace(quota(), id="three", scope="rep:anna-snelling"),
    ]
    plan = a_plan(*quotas, reps=ben(hired="2026-06-01"))
    known = Assessments(plan, MID_SEPTEMBER)
    found = [
        known.quota(each, parse_period("2026-Q3", plan.calendar(each.scope)), Measure("1.00", "USD")).target
        for each in quotas
    ]
    assert found == ["54000.00", "65005.00", "65000.00"]


days = st.dates(date(2025, 10, 1), date(2027, 2, 1)).map(date.isoformat)


@given(hired=st.none() | days, left=st.none() | days, start=days, length=st.integers(1, 90), at=moments)
def test_who_comes_goes_or_is_away_keeps_every_credit_and_the_team_does_too(
    hired: str | None, left: str | None, start: str, length: int, at: datetime
) -> None:
    end = (date.fromisoformat(start) + timedelta(days=length)).isoformat()
    moved = a_plan(quota(ramp=("50",)), reps=ben(hired=hired, left=left, absences=(Absence(start, end),)))
    plain = a_plan(quota())
    day = plain.calendar("rep:ben").local_day(at).isoformat()
    credited = fan_out({("rep:ben", day): {"revenue": 5}}, plain)
    assert fan_out({("rep:ben", day): {"revenue": 5}}, moved) == credited
    assert {scope for scope, _ in credited} == {"rep:ben", "team:dustin", "team:central", "company"}
    assert moved.calendar("rep:ben").local_day(at) == plain.calendar("rep:ben").local_day(at)
    assert moved.calendar("rep:ben") is moved.calendar("team:dustin")


def test_only_a_rep_who_is_away_in_a_period_has_a_calendar_of_his_own() -> None:
    plan = a_plan(reps=ben(hired="2026-09-01"))
    third, fourth = (parse_period(name, plan.calendar("rep:ben")) for name in ("2026-Q3", "2026-Q4"))
    assert plan.working_time("rep:ben", fourth) is plan.calendar("rep:dan") is plan.working_time("rep:dan", third)
    own = plan.working_time("rep:ben", third)
    assert own is not plan.calendar("rep:dan")
    assert own is plan.working_time("rep:ben", third)
    assert own.working_days(third.start, third.end) == 22
