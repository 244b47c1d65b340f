"""The way of a deal through time: what it was after each of its changes."""

from collections.abc import Iterator
from datetime import date, datetime

from msgspec import UNSET, Struct

from quota.deals import Deal
from quota.facts import day_name, in_time
from quota.plans import PlanIndex
from quota.shares import answering
from schemas.deals import DealRecord
from schemas.plan import Stage


class State(Struct, frozen=True):
    """What a deal was from a moment on: `stage` None in none that the plan knows, `amount` in minor units or None."""

    at: datetime
    owner: str
    stage: Stage | None
    amount: int | None
    expected_close: date | None
    deleted: bool

    @property
    def open(self) -> bool:
        """Whether it was there, in an open stage."""
        return not self.deleted and self.stage is not None and self.stage.kind == "open"


class Journey(Struct, frozen=True):
    """A deal's states in their order; of changes at one moment, each is one."""

    deal: str
    states: tuple[State, ...]

    def at(self, moment: datetime) -> State | None:
        """What it was right before a moment; None if nothing had been heard of it."""
        found: State | None = None
        for state in self.states:
            if state.at >= moment:
                break
            found = state
        return found


def journey(record: DealRecord, plan: PlanIndex) -> Journey:
    """The way of the deal that a record describes; before anyone was named it is the first owner's, as everywhere."""
    deal = Deal(record.deal, plan)
    closing: str | None = None
    states: list[tuple[datetime, Stage | None, int | None, date | None, bool]] = []
    for change in in_time(record.changes):
        deal.hear(change)
        if change.expected_close is not UNSET:
            closing = change.expected_close
        due = None if closing is None else date.fromisoformat(closing)
        states.append((change.occurred_at, deal.stage, _worth(deal, plan), due, deal.deleted))
    owners = deal.owners
    return Journey(
        record.deal,
        tuple(
            State(at, answering(owners, at), stage, amount, due, deleted) for at, stage, amount, due, deleted in states
        ),
    )


def steps(found: Journey, start: datetime, end: datetime) -> Iterator[tuple[State | None, State]]:
    """Every change of state from one moment until before another, with what it was before."""
    before = found.at(start)
    for state in found.states:
        if start <= state.at < end:
            yield before, state
            before = state


def _worth(deal: Deal, plan: PlanIndex) -> int | None:
    """At the rate of the company's day of the change."""
    if deal.amount is None:
        return None
    return plan.convert(deal.amount, day_name(plan.calendar("company").local_day(deal.changed_at)))
