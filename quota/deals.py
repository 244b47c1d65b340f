"""Deals: everything that was ever said of one, folded into its history and into what it adds where."""

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import UNSET, Struct

from quota import cells
from quota.facts import day_name, join, require_day, require_plausible
from quota.plans import PlanIndex
from schemas.credits import Parts
from schemas.deals import DealChanged, DealRecord
from schemas.fields import Money, Origin
from schemas.plan import Stage

FACT = DealChanged
RECORD = DealRecord
Found = dict[tuple[str, str], Parts]


def entity(fact: DealChanged) -> str:
    """The deal's key; InvalidRecord if one of the fact's moments lies out of time."""
    require_plausible(fact.occurred_at, "occurred_at")
    if isinstance(fact.created_at, datetime):
        require_plausible(fact.created_at, "created_at")
    if isinstance(fact.expected_close, str):
        require_day(fact.expected_close, "expected_close")
    return fact.deal


def fold(record: DealRecord | None, facts: Sequence[tuple[DealChanged, Origin]]) -> DealRecord | None:
    """The record with the facts in it; None if that says nothing new. All facts are of this deal."""
    changes = join({} if record is None else record.changes, facts)
    return None if changes is None else DealRecord(facts[0][0].deal, changes)


class Entry(Struct, frozen=True):
    """The deal came into a stage; `stage` is None if the plan does not know it or the stage was cleared."""

    at: datetime
    stage: Stage | None
    name: str | None


class Deal(Struct, frozen=True):
    """A deal as its changes make it; `owners` are the changes of owner as `(from, source, name)`."""

    key: str
    entries: tuple[Entry, ...]
    owners: tuple[tuple[datetime, str, str | None], ...]
    created_at: datetime | None
    amount: Money | None
    cost: Money | None
    deleted: bool
    changed_at: datetime

    def owner(self, at: datetime, plan: PlanIndex) -> str:
        """The scope of the owner in force at a moment; before anyone is named, the first who is."""
        in_force: tuple[datetime, str, str | None] | None = None
        for owner in self.owners:
            if in_force is not None and owner[0] > at:
                break
            in_force = owner
        if in_force is None or in_force[2] is None:
            return "unassigned"
        rep = plan.rep(in_force[1], in_force[2])
        return "unassigned" if rep is None else f"rep:{rep}"


def state(record: DealRecord, plan: PlanIndex) -> Deal:
    """The deal that a record describes: its changes by time (at one moment, by identity), later ones over earlier."""
    by_time = sorted(record.changes.items(), key=lambda change: (change[1][0].occurred_at, change[0]))
    changes = [fact for _, (fact, _) in by_time]
    entries: list[Entry] = []
    owners: list[tuple[datetime, str, str | None]] = []
    created_at: datetime | None = None
    created_said = deleted = False
    amount: Money | None = None
    cost: Money | None = None
    for change in changes:
        if change.stage is not UNSET:
            _enter(entries, change, plan)
        if change.owner is not UNSET:
            owners.append((change.occurred_at, change.source, change.owner))
        if change.created_at is not UNSET:
            created_at, created_said = change.created_at, True
        amount = amount if change.amount is UNSET else change.amount
        cost = cost if change.cost is UNSET else change.cost
        deleted = deleted if change.deleted is UNSET else change.deleted
    if not created_said:
        created_at = next((entry.at for entry in entries if _is(entry, "open")), None)
    return Deal(record.deal, tuple(entries), tuple(owners), created_at, amount, cost, deleted, changes[-1].occurred_at)


def contributions(record: DealRecord, plan: PlanIndex) -> Found:
    """What the deal adds to its owners, by local day; a deleted deal, and one never seen in a stage, add nothing."""
    deal = state(record, plan)
    found: Found = {}
    if deal.deleted or not deal.entries:
        return found
    last = deal.entries[-1]
    if last.stage is None and last.name is not None:
        _put(found, *_cell(deal, last.at, plan), {cells.UNKNOWN_STAGE: 1})
        return found
    if any(entry.stage is not None for entry in deal.entries):
        _created(found, deal, plan)
        _advanced(found, deal, plan)
        if last.stage is not None and last.stage.kind == "open":
            _open(found, deal, last.stage, plan)
        elif last.stage is not None:
            _closed(found, deal, last.stage, plan)
    return found


def _enter(entries: list[Entry], change: DealChanged, plan: PlanIndex) -> None:
    name = change.stage if isinstance(change.stage, str) else None
    stage = None if name is None else plan.stage(name)
    if entries and (entries[-1].stage == stage if stage is not None else entries[-1].name == name):
        return
    entries.append(Entry(change.occurred_at, stage, name))


def _is(entry: Entry, kind: str) -> bool:
    return entry.stage is not None and entry.stage.kind == kind


def _created(found: Found, deal: Deal, plan: PlanIndex) -> None:
    if deal.created_at is None:
        return
    parts = {"opportunities_created": 1}
    first = next((entry.stage for entry in deal.entries if _is(entry, "open")), None)
    if first is not None and first.early:
        parts[cells.EARLY_CREATED] = 1
    _put(found, *_cell(deal, deal.created_at, plan), parts)


def _advanced(found: Found, deal: Deal, plan: PlanIndex) -> None:
    """Once for each open stage that is further than all before; where the deal began does not count."""
    furthest: int | None = None
    for entry in deal.entries:
        if entry.stage is None or entry.stage.kind != "open":
            continue
        place = plan.stage_index(entry.stage.id)
        if furthest is not None and place > furthest:
            _put(found, *_cell(deal, entry.at, plan), {"opportunities_advanced": 1})
        furthest = place if furthest is None else max(furthest, place)


def _open(found: Found, deal: Deal, stage: Stage, plan: PlanIndex) -> None:
    """Under the day of creation, for the present owner; the amount at the rate of the last change."""
    scope = deal.owner(deal.changed_at, plan)
    known = deal.created_at is not None
    began = deal.created_at or next(entry.at for entry in deal.entries if _is(entry, "open"))
    parts = {f"{cells.OPEN if known else cells.OPEN_UNKNOWN}{stage.id}": 1}
    changed = plan.calendar(scope).local_day(deal.changed_at).isoformat()
    amount = None if deal.amount is None else plan.convert(deal.amount, changed)
    if amount is None:
        parts[f"{cells.OPEN_UNPRICED}{stage.id}"] = 1
    elif amount:
        parts[f"{cells.OPEN_AMOUNT if known else cells.OPEN_UNKNOWN_AMOUNT}{stage.id}"] = amount
    _put(found, scope, plan.calendar(scope).local_day(began), parts)


def _closed(found: Found, deal: Deal, stage: Stage, plan: PlanIndex) -> None:
    """On the local day on which the deal last came to be won (or lost), for the owner of that moment."""
    at = _closed_at(deal, stage.kind)
    scope, day = _cell(deal, at, plan)
    won = stage.kind == "won"
    parts = {"deals_won" if won else "deals_lost": 1}
    if deal.created_at is not None:
        age = (day - plan.calendar(scope).local_day(deal.created_at)).days
        parts[cells.NEGATIVE_CYCLE if age < 0 else f"{cells.WON_AGE if won else cells.LOST_AGE}{age}"] = 1
    if won:
        parts |= _value(deal, day.isoformat(), plan)
    _put(found, scope, day, parts)


def _value(deal: Deal, day: str, plan: PlanIndex) -> Parts:
    amount = None if deal.amount is None else plan.convert(deal.amount, day)
    if amount is None:
        return {cells.UNPRICED: 1}
    parts = {cells.REVENUE: amount, f"{cells.WON_DEAL}{deal.key}": amount}
    cost = None if deal.cost is None else plan.convert(deal.cost, day)
    if cost is not None:
        parts |= {cells.MARGIN: amount - cost, cells.COSTED: 1}
    return {component: value for component, value in parts.items() if value}


def _closed_at(deal: Deal, kind: str) -> datetime:
    at = deal.entries[-1].at
    for entry in reversed(deal.entries):
        if not _is(entry, kind):
            break
        at = entry.at
    return at


def _cell(deal: Deal, at: datetime, plan: PlanIndex) -> tuple[str, date]:
    scope = deal.owner(at, plan)
    return scope, plan.calendar(scope).local_day(at)


def _put(found: Found, scope: str, day: date, parts: Parts) -> None:
    cells.put(found, (scope, day_name(day)), parts)
