"""Revisions of a plan that change what quotas ask for or which conversations count, and details of conversations."""

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.plan import Absence, Conversations, Metric, Plan, Quota, Relief, Rep

CHOSEN = (
    Metric("vp_talks", conversations=Conversations(10, ("VP", "C-Level"))),
    Metric("buyers", conversations=Conversations(0, roles=("buyer",))),
    Metric("talks", conversations=Conversations(0, distinct=False)),
)
told: st.SearchStrategy[dict[str, Any]] = st.just({}) | st.fixed_dictionaries(
    {
        "contact": st.sampled_from([None, "c1", "c2", "c|3"]),
        "seniority": st.sampled_from([None, "vp", "c-level", "clerk"]),
        "role": st.sampled_from([None, "Buyer", "user"]),
        "seconds": st.sampled_from([None, 0, 299, 300, 900]),
        "two_way": st.sampled_from([None, True, True, False]),
        "meaningful": st.sampled_from([None, None, True, False]),
    }
)
"""What a fact says of a conversation."""
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


def chosen(plan: Plan, minutes: int, *, distinct: bool) -> Plan:
    """The plan with other conversations that are meaningful, and other ones of buyers."""
    meaningful = Metric("meaningful_conversations", conversations=Conversations(minutes, distinct=distinct))
    buyers = Metric("buyers", conversations=Conversations(minutes, roles=("Buyer", "user"), distinct=not distinct))
    return replace(plan, metrics=(CHOSEN[0], buyers, CHOSEN[2], meaningful))
