"""Meetings: booked, then held, missed or cancelled; folded from what was said of them."""

from collections.abc import Sequence
from datetime import datetime

from quota.cells import LEAD
from quota.facts import day_name, join, require_plausible
from quota.plans import PlanIndex
from schemas.credits import Parts
from schemas.fields import Origin
from schemas.meetings import MeetingChanged, MeetingRecord

FACT = MeetingChanged
RECORD = MeetingRecord


def entity(fact: MeetingChanged) -> str:
    """The meeting's key; InvalidRecord if one of the fact's moments lies out of time."""
    require_plausible(fact.occurred_at, "occurred_at")
    require_plausible(fact.starts_at, "starts_at")
    require_plausible(fact.ends_at, "ends_at")
    return fact.meeting


def fold(record: MeetingRecord | None, facts: Sequence[tuple[MeetingChanged, Origin]]) -> MeetingRecord | None:
    """The record with the facts in it; None if that says nothing new. All facts are of this meeting."""
    changes = join({} if record is None else record.changes, facts)
    return None if changes is None else MeetingRecord(facts[0][0].meeting, changes)


def history(record: MeetingRecord) -> list[MeetingChanged]:
    """The changes in the order in which they happened; at one moment, in order of identity."""
    by_time = sorted(record.changes.items(), key=lambda change: (change[1][0].occurred_at, change[0]))
    return [fact for _, (fact, _) in by_time]


def contributions(record: MeetingRecord, plan: PlanIndex) -> dict[tuple[str, str], Parts]:
    """What the meeting adds: scheduled at its booking; held at its end, or missed, if that is its last state."""
    changes = history(record)
    said = [change for change in changes if change.state is not None]
    found: dict[tuple[str, str], Parts] = {}
    booked = next((change for change in said if change.state == "booked"), None)
    if booked is not None:
        _count(found, _credited(changes, booked.occurred_at, booked.occurred_at, plan), "meetings_scheduled")
    if not said or said[-1].state not in {"held", "no_show"}:
        return found
    entered = _entered(said)
    if said[-1].state == "no_show":
        _count(found, _credited(changes, entered, entered, plan), "no_shows")
        return found
    ended = next((change.ends_at for change in reversed(changes) if change.ends_at is not None), entered)
    cell = _credited(changes, entered, ended, plan)
    _count(found, cell, "meetings_held")
    lead = next((change.lead for change in reversed(changes) if change.lead is not None), None)
    if lead is not None:
        _count(found, cell, f"{LEAD}{lead}")
    return found


def _entered(said: list[MeetingChanged]) -> datetime:
    """When the last state was entered: the first of the changes at the end that all say it."""
    entered = said[-1]
    for change in reversed(said):
        if change.state != entered.state:
            break
        entered = change
    return entered.occurred_at


def _credited(changes: list[MeetingChanged], known_at: datetime, moment: datetime, plan: PlanIndex) -> tuple[str, str]:
    """The organizer in force at `known_at` (before the first is named, that one), and its local day of `moment`."""
    named = [change for change in changes if change.organizer is not None]
    in_force = [change for change in named if change.occurred_at <= known_at] or named[:1]
    rep = None if not in_force else plan.rep(in_force[-1].source, in_force[-1].organizer or "")
    scope = "unassigned" if rep is None else f"rep:{rep}"
    return scope, day_name(plan.calendar(scope).local_day(moment))


def _count(found: dict[tuple[str, str], Parts], cell: tuple[str, str], component: str) -> None:
    parts = found.setdefault(cell, {})
    parts[component] = parts.get(component, 0) + 1
