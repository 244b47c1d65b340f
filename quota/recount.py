"""Every number from scratch: all facts at once, in whatever order, without increments; slow, and easy to see through.

It takes the definitions (what facts make of an entity, what an entity adds, what a standing is) and nothing of the way
in which agents come to the same.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from types import ModuleType
from typing import Any

from quota import activities, deals, meetings
from quota.cells import STATE, WON_DEAL, add
from quota.credits import Cells, fan_out
from quota.facts import identity
from quota.periods import Period, parse_period, period_of
from quota.plans import PlanIndex
from quota.standings import standing
from schemas.activities import Activity, ActivityBucket
from schemas.credits import Parts
from schemas.deals import DealChanged, DealRecord
from schemas.fields import Origin
from schemas.meetings import MeetingChanged, MeetingRecord
from schemas.standings import Standing

Fact = Activity | MeetingChanged | DealChanged
EntityRecord = ActivityBucket | MeetingRecord | DealRecord
Received = tuple[Fact, Origin]
"""A fact, and where it was received."""

_MODULES: dict[type[Fact | EntityRecord], ModuleType] = {
    **dict.fromkeys((Activity, ActivityBucket), activities),
    **dict.fromkeys((MeetingChanged, MeetingRecord), meetings),
    **dict.fromkeys((DealChanged, DealRecord), deals),
}


def recorded(facts: Iterable[Received], corrected: Mapping[str, int] | None = None) -> dict[str, EntityRecord]:
    """The entity records of one kind that its facts make, by key; raises InvalidRecord for a moment out of time.

    `corrected` is the version, by `source|id`, below which activities do not count, whatever versions are here.
    """
    found = [*facts]
    if not found:
        return {}
    module = _MODULES[type(found[0][0])]
    if module is activities:
        found = _counting(found, corrected or {})
    grouped: dict[str, list[Received]] = {}
    for fact, origin in found:
        grouped.setdefault(module.entity(fact), []).append((fact, origin))
    return {key: module.fold(None, mine) for key, mine in grouped.items()}


def _counting(facts: list[Received], corrected: Mapping[str, int]) -> list[Received]:
    """Of all activities of one identity those of the highest version; of one performer's that of the highest rank."""
    highest = dict(corrected)
    for fact, _ in facts:
        name = identity(fact.source, fact.id)
        highest[name] = max(highest.get(name, 0), fact.version)
    best: dict[tuple[str, str], tuple[Any, Received]] = {}
    for fact, origin in facts:
        assert isinstance(fact, Activity)
        name, rank = identity(fact.source, fact.id), activities.rank(activities.done_by(fact, origin))
        whose = name, fact.performer
        if fact.version == highest[name] and (whose not in best or best[whose][0] < rank):
            best[whose] = rank, (fact, origin)
    return [received for _, received in best.values()]


def facts_of(record: EntityRecord) -> dict[str, object]:
    """What a record holds of each fact, by `source|id`, wherever the fact was received."""
    if isinstance(record, ActivityBucket):
        return {name: (done.occurred_at, done.activity, done.lead, done.version) for name, done in record.done.items()}
    return {identity(change.source, change.id): change for change, _ in record.changes}


def credited(records: Iterable[EntityRecord], plan: PlanIndex) -> Cells:
    """What the records add to everybody, by scope and local day."""
    found: Cells = {}
    for record in records:
        for cell, parts in fan_out(_MODULES[type(record)].contributions(record, plan), plan).items():
            add(found.setdefault(cell, {}), parts)
    return {cell: parts for cell, parts in found.items() if parts}


class Recount:
    """What cells add up to, for every scope and period, under one plan."""

    def __init__(self, cells: Iterable[Cells], plan: PlanIndex) -> None:
        """`cells` of any number of senders."""
        self.plan = plan
        self._days: dict[str, dict[str, Parts]] = {}
        for said in cells:
            for (scope, day), parts in said.items():
                add(self._days.setdefault(scope, {}).setdefault(day, {}), parts)

    def within(self, scope: str, period: Period) -> Parts:
        """What happened in the period."""
        first, end = period.start.isoformat(), period.end.isoformat()
        total: Parts = {}
        for day, parts in self._days.get(scope, {}).items():
            if first <= day < end:
                add(total, _happened(parts))
        return total

    def opened(self, scope: str) -> Parts:
        """What is open, whenever it was created."""
        total: Parts = {}
        for parts in self._days.get(scope, {}).values():
            add(total, {part: number for part, number in parts.items() if part.startswith(STATE)})
        return total

    def has(self, scope: str) -> bool:
        """Whether anything counts for the scope."""
        return any(self._days.get(scope, {}).values())

    def periods(self) -> set[tuple[str, str]]:
        """(scope, period id) of everything in which something happened."""
        tiles = {
            (scope, period_of(kind, _date(day), self.plan.calendar(scope)).id)
            for scope, days in self._days.items()
            for day, parts in days.items()
            if _happened(parts)
            for kind in self.plan.kinds()
        }
        return {(scope, name) for scope, name in tiles if self.within(scope, self.period(scope, name))}

    def period(self, scope: str, name: str) -> Period:
        """The period with this id in the scope's calendar."""
        return parse_period(name, self.plan.calendar(scope))

    def standing(self, scope: str, name: str, at: datetime) -> Standing:
        """Where the scope stands in a period as of a moment."""
        period = self.period(scope, name)
        return standing(scope, period, self.within(scope, period), self.opened(scope), self.plan, at)


def _happened(parts: Parts) -> Parts:
    return {part: number for part, number in parts.items() if not part.startswith((*STATE, WON_DEAL))}


_date = date.fromisoformat
