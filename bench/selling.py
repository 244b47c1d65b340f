"""What the reps of the benchmark do: activities, meetings and deals of one day after the other, all from one seed."""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bench.floor import CURRENCIES, FIRST, LOST, OPEN, TEAM_SIZE, WON, name, opening, side
from schemas.activities import Activity
from schemas.deals import DealChanged
from schemas.fields import Money
from schemas.meetings import MeetingChanged, MeetingState

Fact = Activity | MeetingChanged | DealChanged

ACTIVITIES = {
    ("dialer", "call_placed"): 44,
    ("dialer", "call_connected"): 12,
    ("engagement", "email_sent"): 28,
    ("engagement", "chat"): 9,
    ("engagement", "linkedin_touch"): 5,
    ("engagement", "proposal_sent"): 2,
}
"""Of a hundred activities."""
WORKDAY = 9 * 3600
LEADS = 120
"""In a rep's book."""
NEW_DEALS = 0.28
"""Of a hundred deal changes; the others go on with a deal that is open."""
OUTCOMES = (["held"] * 72) + (["no_show"] * 9) + (["moved"] * 14) + (["cancelled"] * 5)
STEPS = (["advanced"] * 52) + (["repriced"] * 14) + (["postponed"] * 14) + (["lost"] * 16) + (["handed over"] * 4)


@dataclass
class Open:
    """A deal under way."""

    deal: str
    rep: int
    stage: int
    amount: int
    account: str


class Selling:
    """Asked for day after day; what is under way stays in memory, nothing else."""

    def __init__(self, reps: int, seed: int) -> None:
        self._reps, self._chance = reps, random.Random(seed)
        self._kinds, self._weights = list(ACTIVITIES), list(ACTIVITIES.values())
        self._due: dict[int, list[tuple[str, int, datetime]]] = defaultdict(list)
        self._open: list[Open] = []

    def activities(self, day: int, count: int) -> Iterator[Fact]:
        """Calls, mails and chats."""
        for source, activity in self._chance.choices(self._kinds, self._weights, k=count):
            rep = self._chance.randrange(self._reps)
            at = self._moment(day, rep)
            yield Activity(f"{source}:{self._id()}", source, at, name(rep), activity, lead=self._lead(rep))

    def meetings(self, day: int, count: int) -> Iterator[Fact]:
        """First what becomes of those that are due, then new bookings; what does not fit in is due the next day."""
        due = self._due.pop(day, [])
        for meeting, rep, starts in due[:count]:
            yield self._outcome(day, meeting, rep, starts)
        self._due[day + 1] += due[count:]
        for _ in range(count - len(due)):
            rep, meeting = self._chance.randrange(self._reps), self._id()
            at, starts = self._moment(day, rep), self._slot(day, rep)
            self._due[(starts.date() - FIRST).days].append((meeting, rep, starts))
            ends = starts + timedelta(minutes=30)
            yield MeetingChanged(
                self._id(), "calendar", at, meeting, name(rep), "booked", starts, ends, self._lead(rep)
            )

    def deals(self, day: int, count: int) -> Iterator[Fact]:
        """New deals, and the next step of deals that are open."""
        for _ in range(count):
            if not self._open or self._chance.random() < NEW_DEALS:
                yield self._created(day)
            else:
                yield self._next(day, self._chance.randrange(len(self._open)))

    def _outcome(self, day: int, meeting: str, rep: int, starts: datetime) -> Fact:
        came = self._chance.choice(OUTCOMES)
        if came in {"moved", "cancelled"}:
            at = min(starts, opening(day, rep)) - timedelta(seconds=self._chance.randrange(60, 7200))
            if came == "cancelled":
                return MeetingChanged(self._id(), "calendar", at, meeting, name(rep), "cancelled")
            later = self._slot(day, rep)
            self._due[(later.date() - FIRST).days].append((meeting, rep, later))
            ends = later + timedelta(minutes=30)
            return MeetingChanged(self._id(), "calendar", at, meeting, name(rep), None, later, ends)
        state: MeetingState = "held" if came == "held" else "no_show"
        at = starts + timedelta(minutes=30, seconds=self._chance.randrange(20, 1200))
        return MeetingChanged(self._id(), "calendar", at, meeting, name(rep), state)

    def _created(self, day: int) -> Fact:
        rep = self._chance.randrange(self._reps)
        deal = Open(f"006{self._token()}", rep, 0, self._chance.randrange(20, 900) * 10_000, f"001{self._token()}")
        self._open.append(deal)
        return DealChanged(
            self._id(),
            "crm",
            self._moment(day, rep),
            deal.deal,
            owner=f"rep-{rep:05d}",
            stage=OPEN[0],
            amount=_priced(deal.amount, rep),
            expected_close=self._close(day),
            account=deal.account,
        )

    def _next(self, day: int, place: int) -> Fact:
        deal, step = self._open[place], self._chance.choice(STEPS)
        at = self._moment(day, deal.rep)
        said: dict[str, Any] = {}
        if step == "lost" or (step == "advanced" and deal.stage == len(OPEN) - 1):
            self._open[place] = self._open[-1]
            self._open.pop()
            said = {"stage": LOST} if step == "lost" else _won(deal)
        elif step == "advanced":
            deal.stage += 1
            said = {"stage": OPEN[deal.stage], "expected_close": self._close(day)}
        elif step == "repriced":
            deal.amount = deal.amount * self._chance.randrange(80, 120) // 100
            said = {"amount": _priced(deal.amount, deal.rep)}
        elif step == "postponed":
            said = {"expected_close": self._close(day)}
        else:  # To a colleague at a desk of the same team.
            deal.rep = deal.rep - 1 if deal.rep % TEAM_SIZE else deal.rep + (deal.rep + 1 < self._reps)
        owner, account = f"rep-{deal.rep:05d}", deal.account
        return DealChanged(self._id(), "crm", at, deal.deal, owner=owner, account=account, **said)

    def _moment(self, day: int, rep: int) -> datetime:
        return opening(day, rep) + timedelta(milliseconds=self._chance.randrange(WORKDAY * 1000))

    def _slot(self, day: int, rep: int) -> datetime:
        """A half hour of one of the next working days."""
        later = day + self._chance.randrange(1, 6)
        while (FIRST + timedelta(days=later)).weekday() > 4:
            later += 1
        return opening(later, rep) + timedelta(minutes=30 * self._chance.randrange(16))

    def _close(self, day: int) -> str:
        return (FIRST + timedelta(days=day + self._chance.randrange(14, 90))).isoformat()

    def _lead(self, rep: int) -> str:
        return f"{rep:08x}-5e11-4ead-8000-{self._chance.randrange(LEADS):012x}"

    def _token(self) -> str:
        return f"5g{self._chance.getrandbits(52):013x}"

    def _id(self) -> str:
        bits = f"{self._chance.getrandbits(128):032x}"
        return f"{bits[:8]}-{bits[8:12]}-{bits[12:16]}-{bits[16:20]}-{bits[20:]}"


def _won(deal: Open) -> dict[str, Any]:
    return {"stage": WON, "amount": _priced(deal.amount, deal.rep), "cost": _priced(deal.amount * 6 // 10, deal.rep)}


def _priced(amount: int, rep: int) -> Money:
    return Money(amount, CURRENCIES[side(rep)])
