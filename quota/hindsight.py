"""What was known of deals at the end of a day: their records without anything that happened later."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import cached_property

from msgspec import UNSET, Struct

from quota.baselines import baseline
from quota.cells import OPEN_AMOUNT, OPEN_UNKNOWN_AMOUNT, OPEN_UNPRICED, REVENUE, STATE, add
from quota.credits import fan_out
from quota.deals import Deal, state
from quota.facts import in_time
from quota.outlooks import Known, Opened
from quota.periods import Period, period_of
from quota.plans import PlanIndex
from quota.shares import Cells, gather
from schemas.credits import Parts
from schemas.deals import DealRecord
from schemas.standings import Baseline

_AMOUNTS = (OPEN_AMOUNT, OPEN_UNKNOWN_AMOUNT)


class OpenDeal(Struct, frozen=True):
    """A deal that was open: whose, in which stage since when, for how much in minor units, and when it may close.

    `amount` is None without a price or a rate; `created` is the owner's day on which it was created or first seen open,
    `changed` the company's of the last change.
    """

    deal: str
    owner: str
    stage: str
    chance: float
    amount: int | None
    created: date
    entered: datetime
    changed: date
    expected_close: date | None


class WonDeal(Struct, frozen=True):
    """A deal that was won: by whom, on which local day, and for how much in minor units."""

    owner: str
    day: str
    amount: int


class Hindsight:
    """Everything that deals came to by the end of a day, by the company's calendar, under one plan."""

    def __init__(self, records: Iterable[DealRecord], day: date, plan: PlanIndex) -> None:
        self.day, self.plan = day, plan
        self.until = end_of(day, plan)
        cells: Cells = {}
        self.opened: list[OpenDeal] = []
        self.won: list[WonDeal] = []
        for record in records:
            seen = before(record, self.until)
            if seen is not None:
                deal = state(seen, plan)
                gather(cells, deal.adds)
                self._note(deal, seen)
        self._days: dict[str, dict[str, Parts]] = {}
        for (scope, at), parts in fan_out(cells, plan).items():
            self._days.setdefault(scope, {})[at] = parts

    def within(self, scope: str, period: Period) -> Parts:
        """What happened in the period."""
        first, end = period.start.isoformat(), period.end.isoformat()
        return _merged(parts for at, parts in self._days.get(scope, {}).items() if first <= at < end)

    def known(self, scope: str) -> Known:
        """What an outlook at the end of the day looks at."""
        days = self._days.get(scope, {})
        opened = Opened({}, {}, {})
        for at, parts in days.items():
            add(opened.parts, {part: value for part, value in parts.items() if part.startswith(STATE)})
            for into, prefix in ((opened.known, OPEN_AMOUNT), (opened.unknown, OPEN_UNKNOWN_AMOUNT)):
                add(into, {at: sum(value for part, value in parts.items() if part.startswith(prefix))})
        quarter = period_of("quarter", self.day, self.plan.calendar(scope))
        return Known(_merged(days.values()), opened, days, (quarter, self.within(scope, quarter)))

    @cached_property
    def lessons(self) -> Baseline:
        """What all deals taught by the end of the day."""
        return baseline(self.day, self.known("company"), self.plan)

    def open_deals(self, scope: str) -> list[OpenDeal]:
        """The deals that count as open for the scope."""
        return [each for each in self.opened if self._counts(scope, each.owner, each.created.isoformat())]

    def won_deals(self, scope: str) -> list[WonDeal]:
        """The deals that were won for the scope, the first one first."""
        found = [each for each in self.won if self._counts(scope, each.owner, each.day)]
        return sorted(found, key=lambda each: (each.day, each.owner, each.amount))

    def _counts(self, scope: str, owner: str, day: str) -> bool:
        return owner == scope or (owner != "unassigned" and scope in self.plan.line(owner, day))

    def _note(self, deal: Deal, record: DealRecord) -> None:
        now, stage = deal.adds[1], deal.stage
        if now is None or stage is None:
            return
        (owner, day), parts = now
        if stage.kind == "won" and REVENUE in parts:
            self.won.append(WonDeal(owner, day, parts[REVENUE]))
        if stage.kind == "open" and deal.entered is not None:
            unpriced = f"{OPEN_UNPRICED}{stage.id}" in parts
            amount = sum(value for part, value in parts.items() if part.startswith(_AMOUNTS))
            closing = _expected_close(record)
            self.opened.append(
                OpenDeal(
                    deal.key,
                    owner,
                    stage.id,
                    stage.probability,
                    None if unpriced else amount,
                    date.fromisoformat(day),
                    deal.entered,
                    self.plan.calendar("company").local_day(deal.changed_at),
                    None if closing is None else date.fromisoformat(closing),
                )
            )


def end_of(day: date, plan: PlanIndex) -> datetime:
    """The moment at which the company's day ends."""
    return plan.calendar("company").start_of(day + timedelta(days=1))


def before(record: DealRecord, until: datetime) -> DealRecord | None:
    """The record with what happened before a moment; None if that is nothing."""
    found = [change for change in record.changes if change[0].occurred_at < until]
    return DealRecord(record.deal, found) if found else None


def _expected_close(record: DealRecord) -> str | None:
    found: str | None = None
    for change in in_time(record.changes):
        if change.expected_close is not UNSET:
            found = change.expected_close
    return found


def _merged(found: Iterable[Parts]) -> Parts:
    total: Parts = {}
    for parts in found:
        add(total, parts)
    return total
