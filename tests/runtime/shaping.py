"""Revisions of a plan that change what quotas ask for, and nothing else."""

from datetime import date, timedelta

from msgspec.structs import replace

from schemas.plan import Absence, Plan, Quota, Relief, Rep

PERIODS = ("2026-W14", "2026-W15", "2026-Q1", "2026-Q2")


def away(rep: Rep, day: str, length: int) -> Rep:
    """The rep, hired three weeks before the day and away from it on."""
    start = date.fromisoformat(day)
    hired, end = start - timedelta(days=21), start + timedelta(days=length)
    return replace(rep, hired=hired.isoformat(), absences=(Absence(day, end.isoformat()),))


def shaped(plan: Plan, amount: str) -> Plan:
    """The plan with season, ramp, relief and stretch in every quota that can have them."""
    return replace(plan, quotas=tuple(_shaped(quota, amount) for quota in plan.quotas))


def _shaped(quota: Quota, amount: str) -> Quota:
    return replace(
        quota,
        season=("20", "33.5", "46.5") if quota.period == "quarter" else (),
        ramp=("25", "70") if quota.scope.startswith("rep:") else (),
        relief=tuple(Relief(period, amount, "storm", "boss") for period in PERIODS),
        stretch=f"{2 * int(quota.target)}",
    )
