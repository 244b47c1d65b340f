"""What facts add up to under a plan, by plain loops over all of them at once; it takes types and no arithmetic."""

from collections.abc import Iterable
from datetime import date, datetime
from fractions import Fraction
from statistics import median
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from msgspec import UNSET

from schemas.activities import Activity
from schemas.deals import DealChanged
from schemas.fields import Money
from schemas.meetings import MeetingChanged
from schemas.plan import Plan, Stage
from tests.unit.talk_oracle import counted, details, of_meeting

T = TypeVar("T", Activity, MeetingChanged, DealChanged)
Number = int | float | None
ACTIVITIES = {
    "call_placed": "calls_placed",
    "call_connected": "calls_connected",
    "email_sent": "emails_sent",
    "chat": "chats",
    "linkedin_touch": "linkedin_touches",
    "proposal_sent": "proposals_sent",
}
STOCKS = {"pipeline_count", "pipeline_amount", "pipeline_weighted", "early_stage_count"}


class Happening(NamedTuple):
    """Something that counts for somebody on a day; `number` is minor units, days, or 1."""

    who: str
    day: date
    what: str
    number: int = 1
    name: str = ""


class Oracle:
    """The numbers of every scope and period."""

    def __init__(self, facts: Iterable[Activity | MeetingChanged | DealChanged], plan: Plan) -> None:
        """All facts that were ever received, in any order; the last plan."""
        told = [*facts]
        self._book = _Book(plan)
        self._plan = plan
        self._all = [
            *_activities(_best(fact for fact in told if isinstance(fact, Activity)), self._book),
            *_meetings(_best(fact for fact in told if isinstance(fact, MeetingChanged)), self._book),
            *_deals(_best(fact for fact in told if isinstance(fact, DealChanged)), self._book),
        ]

    def keys(self) -> set[tuple[str, str]]:
        """Every scope and period in which something happened."""
        lasting = [each for each in self._all if not each.what.startswith("open")]
        return {(scope, p) for each in lasting for scope in self._book.above(each) for p in periods(each.day)}

    def closed(self, scope: str, period: str, at: datetime) -> bool:
        """Whether the period is over for the scope."""
        return max(self._days(period)) < at.astimezone(self._book.zone(scope)).date()

    def _days(self, period: str) -> list[date]:
        """A period's days, of the months around it."""
        days = [date.fromordinal(n) for n in range(date(2025, 12, 1).toordinal(), date(2026, 8, 1).toordinal())]
        return [day for day in days if period in periods(day)]

    def value(self, metric: str, scope: str, period: str, at: datetime) -> Number:
        """The metric's number, of money in minor units; None where it is undefined."""
        mine = [each for each in self._all if scope in self._book.above(each)]
        if metric in STOCKS:
            return None if self.closed(scope, period, at) else self._stock(metric, mine)
        return _value(metric, [each for each in mine if period in periods(each.day)])

    def _stock(self, metric: str, mine: list[Happening]) -> int:
        stages = [stage for stage in self._plan.pipelines[0].stages if stage.kind == "open"]
        total = 0
        for stage in stages:
            count = sum(each.what == "open" and each.name == stage.id for each in mine)
            amount = sum(each.number for each in mine if each.what == "open_amount" and each.name == stage.id)
            weighted = round(Fraction(str(stage.probability)) * amount)
            total += {
                "pipeline_count": count,
                "early_stage_count": count if stage.early else 0,
                "pipeline_amount": amount,
                "pipeline_weighted": weighted,
            }[metric]
        return total


def _value(metric: str, found: list[Happening]) -> Number:
    def total(what: str) -> int:
        return sum(each.number for each in found if each.what == what)

    won, lost, priced = total("deals_won"), total("deals_lost"), total("priced")
    if metric == "leads_spoken_to":
        return len({each.name for each in found if each.what == "lead"})
    if metric == "gross_margin":
        return total("margin") if total("costed") else None
    if metric == "win_rate":
        return won / (won + lost) if won + lost else None
    if metric == "average_deal_value":
        return round(Fraction(total("revenue"), priced)) if priced else None
    if metric == "cycle_days_median":
        ages = [each.number for each in found if each.what == "age"]
        return median(ages) if ages else None
    return total(metric) + len({(each.day, each.name) for each in found if each.what == f"with {metric}"})


def periods(day: date) -> list[str]:
    """The ids of the periods that hold a day."""
    year, week, _ = day.isocalendar()
    return [
        day.isoformat(),
        f"{year}-W{week:02d}",
        f"{day.year}-{day.month:02d}",
        f"{day.year}-Q{(day.month + 2) // 3}",
    ]


class _Book:
    """Who is who, where it is which day, which stage is meant, and what money is worth."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._reps = {rep.id: rep for rep in plan.reps}
        self._zones = {calendar.id: ZoneInfo(calendar.zone) for calendar in plan.calendars}

    def who(self, source: str, name: str | None) -> str:
        for rep in self.plan.reps:
            if name == rep.id or name in rep.external.get(source, ()):
                return f"rep:{rep.id}"
        return "unassigned"

    def zone(self, scope: str) -> ZoneInfo:
        rep = self._reps.get(scope.removeprefix("rep:"))
        return self._zones[rep.calendar if rep and rep.calendar else self.plan.company.calendar]

    def on(self, who: str, moment: datetime) -> date:
        return moment.astimezone(self.zone(who)).date()

    def above(self, each: Happening) -> list[str]:
        if each.who == "unassigned":
            return ["unassigned"]
        day = each.day.isoformat()
        memberships = self._reps[each.who.removeprefix("rep:")].teams
        teams = [m.team for m in memberships if (m.start or "") <= day < (m.end or "9999")]
        return [each.who, *(f"team:{team}" for team in teams[:1]), "company"]

    def stage(self, name: str) -> Stage | None:
        stages = self.plan.pipelines[0].stages
        by_id = [stage for stage in stages if stage.id == name]
        return next(iter(by_id + [stage for stage in stages if name in stage.names]), None)

    def place(self, stage: Stage) -> int:
        return self.plan.pipelines[0].stages.index(stage)

    def worth(self, money: Money | None, day: date) -> int | None:
        if money is None or money.currency == self.plan.company.currency:
            return None if money is None else money.minor_units
        rates = [(r.day, r.rate) for r in self.plan.rates if r.currency == money.currency and r.day <= day.isoformat()]
        return round(money.minor_units * Fraction(max(rates)[1])) if rates else None


def _best(facts: Iterable[T]) -> list[T]:
    """Of every fact the highest version, in the order in which it happened."""
    best: dict[tuple[str, str], T] = {}
    for fact in facts:
        key = fact.source, fact.id
        if key not in best or fact.version > best[key].version:
            best[key] = fact
    return sorted(best.values(), key=lambda fact: (fact.occurred_at, f"{fact.source}|{fact.id}"))


def _activities(facts: list[Activity], book: _Book) -> Iterable[Happening]:
    for fact in facts:
        who = book.who(fact.source, fact.performer)
        day = book.on(who, fact.occurred_at)
        yield Happening(who, day, ACTIVITIES[fact.activity])
        if fact.activity in {"call_connected", "chat"}:
            talked = counted(details(fact), fact.lead, book.plan)
            yield from (Happening(who, day, what, name=name) for what, name in talked)


def _meetings(facts: list[MeetingChanged], book: _Book) -> Iterable[Happening]:
    for name in sorted({fact.meeting for fact in facts}):
        changes = [fact for fact in facts if fact.meeting == name]
        organizers = [(fact.occurred_at, book.who(fact.source, fact.organizer)) for fact in changes if fact.organizer]
        said = [fact for fact in changes if fact.state]
        booked = [fact.occurred_at for fact in said if fact.state == "booked"]
        if booked:
            who = _in_force(organizers, booked[0])
            yield Happening(who, book.on(who, booked[0]), "meetings_scheduled")
        state = said[-1].state if said else None
        entered = None
        while said and said[-1].state == state:
            entered = said.pop().occurred_at
        if entered is None or state not in {"held", "no_show"}:
            continue
        who = _in_force(organizers, entered)
        if state == "no_show":
            yield Happening(who, book.on(who, entered), "no_shows")
            continue
        ends = [fact.ends_at for fact in changes if fact.ends_at]
        day = book.on(who, ends[-1] if ends else entered)
        yield Happening(who, day, "meetings_held")
        lead = next((fact.lead for fact in reversed(changes) if fact.lead), None)
        talked = counted(of_meeting(changes), lead, book.plan)
        yield from (Happening(who, day, what, name=name) for what, name in talked)


def _in_force(named: list[tuple[datetime, str]], moment: datetime) -> str:
    """Who was named last until then; before anyone was, who is named first."""
    until = [who for at, who in named if at <= moment] or [who for _, who in named[:1]]
    return until[-1] if until else "unassigned"


def _deals(facts: list[DealChanged], book: _Book) -> Iterable[Happening]:
    for name in sorted({fact.deal for fact in facts}):
        yield from _Deal([fact for fact in facts if fact.deal == name], book).happenings()


class _Deal:
    """One deal's changes, in order."""

    def __init__(self, changes: list[DealChanged], book: _Book) -> None:
        self._changes, self._book = changes, book
        self._owners = [(c.occurred_at, book.who(c.source, c.owner or None)) for c in changes if c.owner is not UNSET]
        self._visits: list[tuple[datetime, Stage | str | None]] = []
        for change in changes:
            if change.stage is not UNSET:
                stage = None if change.stage is None else book.stage(change.stage) or change.stage
                if not self._visits or self._visits[-1][1] != stage:
                    self._visits.append((change.occurred_at, stage))
        self._open = [(at, s) for at, s in self._visits if isinstance(s, Stage) and s.kind == "open"]

    def _last(self, field: str) -> Any:
        said = [getattr(change, field) for change in self._changes]
        return next((value for value in reversed(said) if value is not UNSET), None)

    def _created(self) -> datetime | None:
        if any(change.created_at is not UNSET for change in self._changes):
            created: datetime | None = self._last("created_at")
            return created
        return self._open[0][0] if self._open else None

    def _cell(self, moment: datetime) -> tuple[str, date]:
        who = _in_force(self._owners, moment)
        return who, self._book.on(who, moment)

    def happenings(self) -> Iterable[Happening]:
        now = self._visits[-1][1] if self._visits else None
        known = any(isinstance(stage, Stage) for _, stage in self._visits)
        if self._last("deleted") or not known or isinstance(now, str):
            return
        created = self._created()
        if created is not None:
            yield Happening(*self._cell(created), "opportunities_created")
        yield from self._advanced()
        if isinstance(now, Stage):
            yield from self._standing(now) if now.kind == "open" else self._closing(now)

    def _advanced(self) -> Iterable[Happening]:
        for number, (at, stage) in enumerate(self._open):
            if number and self._book.place(stage) > max(self._book.place(s) for _, s in self._open[:number]):
                yield Happening(*self._cell(at), "opportunities_advanced")

    def _standing(self, stage: Stage) -> Iterable[Happening]:
        who, today = self._cell(self._changes[-1].occurred_at)
        since = self._book.on(who, self._created() or self._open[0][0])
        yield Happening(who, since, "open", name=stage.id)
        amount = self._book.worth(self._last("amount"), today)
        if amount is not None:
            yield Happening(who, since, "open_amount", amount, stage.id)

    def _closing(self, stage: Stage) -> Iterable[Happening]:
        kinds = [s.kind if isinstance(s, Stage) else "" for _, s in self._visits]
        first = next(n for n in range(len(kinds)) if all(kind == stage.kind for kind in kinds[n:]))
        who, day = self._cell(self._visits[first][0])
        yield Happening(who, day, f"deals_{stage.kind}")
        if stage.kind == "lost":
            return
        created = self._created()
        if created is not None and (age := (day - self._book.on(who, created)).days) >= 0:
            yield Happening(who, day, "age", age)
        amount, cost = (self._book.worth(self._last(field), day) for field in ("amount", "cost"))
        if amount is None:
            return
        yield from (Happening(who, day, "revenue", amount), Happening(who, day, "priced"))
        if cost is not None:
            yield from (Happening(who, day, "margin", amount - cost), Happening(who, day, "costed"))
