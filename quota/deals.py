"""Deals: everything that was ever said of one, folded into its history and into what it adds where."""

from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import UNSET, Struct

from quota import cells
from quota.facts import EPOCH, FIRST_SAFE, LAST_SAFE, day_name, in_time, join, require_day, require_plausible
from quota.plans import PlanIndex
from quota.shares import Adds, Cells, Owners, Share, answering, share, together
from schemas.credits import Parts
from schemas.deals import DealChange, DealChanged, DealRecord
from schemas.fields import Money, Origin
from schemas.plan import Stage

FACT = DealChanged
RECORD = DealRecord

_CREATED = {"opportunities_created": 1}
_CREATED_EARLY = {"opportunities_created": 1, cells.EARLY_CREATED: 1}
_ADVANCED = {"opportunities_advanced": 1}
_UNKNOWN = {cells.UNKNOWN_STAGE: 1}


def entity(fact: DealChanged) -> str:
    """The deal's key; InvalidRecord if one of the fact's moments lies out of time."""
    if not FIRST_SAFE <= fact.occurred_at.year <= LAST_SAFE:
        require_plausible(fact.occurred_at, "occurred_at")
    if fact.created_at:
        require_plausible(fact.created_at, "created_at")
    if fact.expected_close:
        require_day(fact.expected_close, "expected_close")
    return fact.deal


def change_of(fact: DealChanged) -> DealChange:
    """What a fact says of its deal; whether it was sent quietly is not part of that."""
    return DealChange(
        fact.id,
        fact.source,
        fact.occurred_at.astimezone(UTC),
        fact.owner,
        fact.stage,
        fact.amount,
        fact.cost,
        fact.created_at,
        fact.expected_close,
        fact.lead,
        fact.account,
        fact.deleted,
        fact.version,
    )


def fold(record: DealRecord | None, facts: Sequence[tuple[DealChanged, Origin]]) -> DealRecord | None:
    """The record with the facts in it; None if that says nothing new. All facts are of this deal."""
    changes = join([] if record is None else record.changes, [(change_of(fact), origin) for fact, origin in facts])
    return None if changes is None else DealRecord(facts[0][0].deal, changes)


class Deal(Struct, gc=False):
    """A deal as its changes make it under a plan; it is told of them in the order in which they happened."""

    key: str
    plan: PlanIndex
    adds: Adds = ((), None)
    """What it adds, as of the last count."""
    changed_at: datetime = EPOCH
    owners: Owners = ()
    named: tuple[str, str | None] | None = None
    """The last who was named, by a source."""
    amount: Money | None = None
    cost: Money | None = None
    deleted: bool = False
    told: bool = False
    told_at: datetime | None = None
    """When it was created, if that was told."""
    first: datetime | None = None
    """When it first came into an open stage."""
    early: bool = False
    """Whether that was an early one."""
    advances: tuple[datetime, ...] = ()
    """When it came into an open stage that is further than all before."""
    furthest: int = -1
    staged: bool = False
    """Whether it was ever in a stage that the plan knows."""
    stage: Stage | None = None
    name: str | None = None
    """The stage as its source calls it; None if it was cleared."""
    entered: datetime | None = None
    since: datetime = EPOCH
    """When it came into the first of the stages of the present one's kind that followed one another."""
    history: tuple[Share, ...] | None = None
    """What it adds by having been created and advanced; None if that has to be found out anew."""
    place: tuple[str, str] | None = None
    """Where it counts while it is open: for its present owner, under the day of its creation; None likewise."""

    def hear(self, change: DealChange) -> None:
        """Takes a change that happened after all others."""
        at = self.changed_at = change.occurred_at
        if change.owner is not UNSET and self.named != (named := (change.source, change.owner)):
            self.named = named
            self._own(at, self.plan.owner(*named))
        if change.stage is not UNSET and (change.stage != self.name or self.entered is None):
            self._enter(at, change.stage)
        if change.created_at is not UNSET:
            self.told, self.told_at, self.history, self.place = True, change.created_at, None, None
        if change.amount is not UNSET:
            self.amount = change.amount
        if change.cost is not UNSET:
            self.cost = change.cost
        if change.deleted is not UNSET:
            self.deleted = change.deleted

    def _own(self, at: datetime, scope: str) -> None:
        if not self.owners or self.owners[-1][1] != scope:
            self.owners = (*self.owners, (at, scope))
            self.history = self.place = None  # It may begin before anyone was named, and end at this moment.

    def _enter(self, at: datetime, name: str | None) -> None:
        """The deal comes into another stage, which the plan may not know, or only under another name."""
        stage, before = None if name is None else self.plan.stage(name), self.stage
        if stage is not None and stage is before:
            return
        if stage is None or before is None or stage.kind != before.kind:
            self.since = at
        self.stage, self.name, self.entered = stage, name, at
        self.staged = self.staged or stage is not None
        if stage is not None and stage.kind == "open":
            self._open_in(stage, at)

    def _open_in(self, stage: Stage, at: datetime) -> None:
        """Advanced once for each open stage that is further than all before; where the deal began does not count."""
        place = self.plan.stage_index(stage.id)
        if self.first is None:
            self.first, self.early, self.furthest, self.history, self.place = at, stage.early, place, None, None
        elif place > self.furthest:
            self.advances, self.furthest = (*self.advances, at), place
            if self.history is not None:
                self.history = (*self.history, share(self.owners, at, _ADVANCED, self.plan))

    def count(self) -> Adds:
        """Finds out what it adds; a deleted deal, and one never seen in a stage, add nothing."""
        stage = self.stage
        if self.deleted or self.entered is None:
            self.adds = (), None
        elif stage is not None:
            now = self._open(stage) if stage.kind == "open" else self._closed(stage)
            self.adds = self.history or self._history(), now
        elif self.name is not None:
            self.adds = (), share(self.owners, self.entered, _UNKNOWN, self.plan)
        else:
            self.adds = (self.history or self._history()) if self.staged else (), None
        return self.adds

    def _history(self) -> tuple[Share, ...]:
        created_at = self.told_at if self.told else self.first
        found = [share(self.owners, at, _ADVANCED, self.plan) for at in self.advances]
        if created_at is not None:
            found = [share(self.owners, created_at, _CREATED_EARLY if self.early else _CREATED, self.plan), *found]
        self.history = (*found,)
        return self.history

    def _open(self, stage: Stage) -> Share:
        """Under the day of creation, for the present owner; the amount at the rate of the last change."""
        plan, amount = self.plan, self.amount
        cell = self.place or self._began()
        known = not self.told or self.told_at is not None
        parts: Parts = {cells.named(cells.OPEN if known else cells.OPEN_UNKNOWN, stage.id): 1}
        if amount is None:
            worth = None
        elif amount.currency == plan.currency:
            worth = amount.minor_units
        else:
            worth = plan.convert(amount, day_name(plan.calendar(cell[0]).local_day(self.changed_at)))
        if worth is None:
            parts[cells.named(cells.OPEN_UNPRICED, stage.id)] = 1
        elif worth:
            parts[cells.named(cells.OPEN_AMOUNT if known else cells.OPEN_UNKNOWN_AMOUNT, stage.id)] = worth
        return cell, parts

    def _began(self) -> tuple[str, str]:
        scope = self.owners[-1][1] if self.owners else "unassigned"
        began = self.told_at or self.first
        assert began is not None  # it is in an open stage
        self.place = scope, day_name(self.plan.calendar(scope).local_day(began))
        return self.place

    def _closed(self, stage: Stage) -> Share:
        """On the local day on which the deal last came to be won (or lost), for the owner of that moment."""
        scope, created_at = answering(self.owners, self.since), self.told_at if self.told else self.first
        calendar, won = self.plan.calendar(scope), stage.kind == "won"
        day = calendar.local_day(self.since)
        parts = {"deals_won" if won else "deals_lost": 1}
        if created_at is not None:
            age = (day - calendar.local_day(created_at)).days
            parts[cells.NEGATIVE_CYCLE if age < 0 else cells.named(cells.WON_AGE if won else cells.LOST_AGE, age)] = 1
        if won:
            parts |= self._value(day_name(day))
        return (scope, day_name(day)), parts

    def _value(self, day: str) -> Parts:
        amount = None if self.amount is None else self.plan.convert(self.amount, day)
        if amount is None:
            return {cells.UNPRICED: 1}
        parts = {cells.REVENUE: amount, f"{cells.WON_DEAL}{self.key}": amount}
        cost = None if self.cost is None else self.plan.convert(self.cost, day)
        if cost is not None:
            parts |= {cells.MARGIN: amount - cost, cells.COSTED: 1}
        return {component: value for component, value in parts.items() if value}


def state(record: DealRecord, plan: PlanIndex) -> Deal:
    """The deal that a record describes: its changes by time (at one moment, by identity), later ones over earlier."""
    deal = Deal(record.deal, plan)
    for change in in_time(record.changes):
        deal.hear(change)
    deal.count()
    return deal


def contributions(record: DealRecord, plan: PlanIndex) -> Cells:
    """What the deal adds to its owners, by local day; a deleted deal, and one never seen in a stage, add nothing."""
    return together(state(record, plan).adds)
