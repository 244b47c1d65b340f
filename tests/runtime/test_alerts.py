"""Alerts across changes of the plan, through every stage."""

from datetime import timedelta

from msgspec import json
from msgspec.structs import replace

from schemas.alerts import Transition
from schemas.control import PlanMarker, Tick
from schemas.plan import Plan
from tests.runtime.history import MONDAY, History, plan, same_everywhere
from tests.runtime.world import calm

EVENINGS = [Tick(MONDAY + timedelta(days=day, hours=18)) for day in range(5)]


def without_quotas(revision: int) -> Plan:
    """The second plan asks the east for nothing any more."""
    first = plan(1)
    kept = tuple(quota for quota in first.quotas if quota.scope != "team:east" or revision == 1)
    return replace(first, revision=revision, quotas=kept)


def told(history: History, fingerprint: str) -> list[tuple[str, str]]:
    said = [json.decode(value, type=Transition) for values in calm(history, each=False)[1] for value in values]
    return [(each.transition, each.reason) for each in said if each.fingerprint == fingerprint]


def test_an_alert_on_a_quota_that_left_the_plan_ends_once_and_stays_ended() -> None:
    steps = same_everywhere(PlanMarker(1), *EVENINGS[:2], PlanMarker(2), *EVENINGS[2:])
    history = History(steps, [], 2, without_quotas)
    assert told(history, "pace|team:east|2026-W14|revenue") == [("firing", "behind_pace"), ("resolved", "not_in_plan")]
