"""Deals: everything that was ever said of one, folded into its history and into what it adds where."""

from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import UNSET, Struct

from quota import cells
from quota.facts import EPOCH, day_name, in_time, join, require_day, require_plausible
from quota.plans import PlanIndex
from quota.shares import Cells, Owners, Share, answering, share, together
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
    require_plausible(fact.occurred_at, "occurred_at")
    if isinstance(fact.created_at, datetime):
        require_plausible(fact.created_at, "created_at")
    if isinstance(fact.expected_close, str):
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
    changed_at: datetime = EPOCH
    owners: Owners = ()
    amount: Money | None = None
    cost: Money | None = None
    deleted: bool = False
    said_at: datetime | None = None
    """When it was created, if that was said."""
    said: bool = False
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
    adds: tuple[Share, ...] = ()
    """What it adds."""
    _history: tuple[Share, ...] | None = None

    def hear(self, change: DealChange) -> None:
        """Takes a change that happened after all others; `adds` is as of then."""
        at = self.changed_at = change.occurred_at
        if change.owner is not UNSET:
            self._own(at, self.plan.owner(change.source, change.owner))
        if change.stage is not UNSET:
            self._enter(at, change.stage)
        if change.created_at is not UNSET:
            self.said, self.said_at, self._history = True, change.created_at, None
        if change.amount is not UNSET:
            self.amount = change.amount
        if change.cost is not UNSET:
            self.cost = change.cost
        if change.deleted is not UNSET:
            self.deleted = change.deleted

    def _own(self, at: datetime, scope: str) -> None:
        if not self.owners or self.owners[-1][1] != scope:
            self.owners = (*self.owners, (at, scope))
            self._history = None  # it may begin before anyone was named, or end at this moment

    def _enter(self, at: datetime, name: str | None) -> None:
        """The deal comes into a stage, which the plan may not know."""
        stage = None if name is None else self.plan.stage(name)
        before = self.stage
        if self.entered is not None and (before is stage if stage is not None else self.name == name):
            return
        if stage is None or before is None or stage.kind != before.kind:
            self.since = at
        self.stage, self.name, self.entered = stage, name, at
        if stage is not None:
            self.staged = True
            if stage.kind == "open":
                self._open_in(stage, at)

    def _open_in(self, stage: Stage, at: datetime) -> None:
        place = self.plan.stage_index(stage.id)
        if self.first is None:
            self.first, self.early, self.furthest, self._history = at, stage.early, place, None
        elif place > self.furthest:
            self.advances, self.furthest = (*self.advances, at), place
            if self._history is not None:
                self._history = (*self._history, share(self.owners, at, _ADVANCED, self.plan))

    def count(self) -> tuple[Share, ...]:
        """Finds out anew what it adds; a deleted deal, and one never seen in a stage, add nothing."""
        self.adds = () if self.deleted or self.entered is None else self._counted(self.entered)
        return self.adds

    def _counted(self, entered: datetime) -> tuple[Share, ...]:
        stage = self.stage
        if stage is None and self.name is not None:
            return (share(self.owners, entered, _UNKNOWN, self.plan),)
        if not self.staged:
            return ()
        if self._history is None:
            self._history = self._created_and_advanced()
        if stage is None:
            return self._history
        return (*self._history, self._open(stage) if stage.kind == "open" else self._closed(stage))

    @property
    def created_at(self) -> datetime | None:
        """When it was created, as far as that is known."""
        return self.said_at if self.said else self.first

    def _created_and_advanced(self) -> tuple[Share, ...]:
        """Advanced once for each open stage that is further than all before; where the deal began does not count."""
        found = [share(self.owners, at, _ADVANCED, self.plan) for at in self.advances]
        if self.created_at is not None:
            created = _CREATED_EARLY if self.early else _CREATED
            return (share(self.owners, self.created_at, created, self.plan), *found)
        return (*found,)

    def _open(self, stage: Stage) -> Share:
        """Under the day of creation, for the present owner; the amount at the rate of the last change."""
        plan, known = self.plan, self.created_at is not None
        scope = answering(self.owners, self.changed_at)
        calendar = plan.calendar(scope)
        parts: Parts = {f"{cells.OPEN if known else cells.OPEN_UNKNOWN}{stage.id}": 1}
        amount = None
        if self.amount is not None:
            amount = plan.convert(self.amount, day_name(calendar.local_day(self.changed_at)))
        if amount is None:
            parts[f"{cells.OPEN_UNPRICED}{stage.id}"] = 1
        elif amount:
            parts[f"{cells.OPEN_AMOUNT if known else cells.OPEN_UNKNOWN_AMOUNT}{stage.id}"] = amount
        began = self.created_at or self.first
        assert began is not None  # it is in an open stage
        return scope, day_name(calendar.local_day(began)), parts

    def _closed(self, stage: Stage) -> Share:
        """On the local day on which the deal last came to be won (or lost), for the owner of that moment."""
        scope = answering(self.owners, self.since)
        calendar, won = self.plan.calendar(scope), stage.kind == "won"
        day = calendar.local_day(self.since)
        parts = {"deals_won" if won else "deals_lost": 1}
        if self.created_at is not None:
            age = (day - calendar.local_day(self.created_at)).days
            parts[cells.NEGATIVE_CYCLE if age < 0 else f"{cells.WON_AGE if won else cells.LOST_AGE}{age}"] = 1
        if won:
            parts |= self._value(day_name(day))
        return scope, day_name(day), parts

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
