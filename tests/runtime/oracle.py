"""What a history adds up to, by plain loops over all facts at once: no stages, no shards, no ticks, no order."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from msgspec import UNSET, json
from msgspec.structs import replace

from schemas.activities import Activity
from schemas.deals import DealChanged
from schemas.meetings import MeetingChanged
from schemas.plan import Plan
from tests.runtime.history import History
from tests.unit.talk_oracle import Talk, counted, details, of_meeting

TOKYO, UTC = ZoneInfo("Asia/Tokyo"), ZoneInfo("UTC")
T = TypeVar("T", Activity, MeetingChanged, DealChanged)
Totals = dict[tuple[str, str], dict[str, int]]
"""(scope, period id) → metric → number; money in cents."""


def totals(history: History) -> Totals:
    """Under the last plan."""
    book = Book(history.revisions, history.plan(history.revisions))
    _activities(_counting(fact for fact in history.facts if isinstance(fact, Activity)), book)
    _meetings(_best(fact for fact in history.facts if isinstance(fact, MeetingChanged)), book)
    _deals(_best(fact for fact in history.facts if isinstance(fact, DealChanged)), book)
    for (metric, *key), names in book.names.items():
        book.found[key[0], key[1]][metric] = len(names)
    return {key: dict(numbers) for key, numbers in book.found.items()}


@dataclass
class Book:
    """Who is who in a revision, and the numbers so far."""

    revision: int
    plan: Plan
    found: dict[tuple[str, str], dict[str, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    names: dict[tuple[str, str, str], set[tuple[str, date]]] = field(default_factory=lambda: defaultdict(set))
    open: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def scope(self, name: str | None) -> str:
        known = {"anna", "ben", "cara"} | ({"dan"} if self.revision == 3 else set())
        return f"rep:{name}" if name in known else "unassigned"

    def keys(self, name: str | None, moment: datetime) -> list[tuple[str, str]]:
        """Everything that a moment of somebody's counts for."""
        day = moment.astimezone(TOKYO if name == "cara" else UTC).date()
        return [(scope, period) for scope in self.scopes(name, day) for period in self.periods(scope, day)]

    def periods(self, scope: str, day: date) -> list[str]:
        year, week, _ = day.isocalendar()
        return [day.isoformat(), f"{year}-W{week:02d}", self.quarter(scope, day)]

    def quarter(self, scope: str, day: date) -> str:
        number = (day.month + 2) // 3
        if scope == "rep:cara":
            first, begun = date(2026, 3, 2), date(day.year, 3 * number - 2, 1)
            end = first + timedelta(days=31)
            return "Q" if first <= day < end else f"outside-quarter-{begun if day < first else max(begun, end)}"
        return f"{day.year}-Q{number}"

    def scopes(self, name: str | None, day: date) -> list[str]:
        if self.scope(name) == "unassigned":
            return ["unassigned"]
        teams = {"anna": "east", "ben": "east", "cara": "west", "dan": "west"}
        if name == "ben" and self.revision > 1 and day >= date(2026, 4, 1):
            teams["ben"] = "west"
        return [f"rep:{name}", f"team:{teams[str(name)]}", "company"]

    def count(self, name: str | None, moment: datetime, metric: str, number: int = 1) -> None:
        for key in self.keys(name, moment):
            self.found[key][metric] += number

    def talked(self, name: str | None, moment: datetime, talk: Talk, lead: str | None = None) -> None:
        """Leads count once in a period, contacts once a day."""
        day = moment.astimezone(TOKYO if name == "cara" else UTC).date()
        for what, whom in counted(talk, lead, self.plan):
            if not whom:
                self.count(name, moment, what)
                continue
            for scope, period in self.keys(name, moment):
                once = (whom, date.min) if what == "lead" else (whom, day)
                metric = "leads_spoken_to" if what == "lead" else what.removeprefix("with ")
                self.names[metric, scope, period].add(once)


def _counting(facts: Iterable[Activity]) -> list[Activity]:
    """Of every identity the facts of the highest version: of each performer the one of the highest rank."""
    told = [*facts]
    highest = {fact.id: max(each.version for each in told if each.id == fact.id) for fact in told}
    best: dict[tuple[str, str], Activity] = {}
    for fact in sorted(told, key=_rank):
        if fact.version == highest[fact.id]:
            best[fact.id, fact.performer] = fact
    return [*best.values()]


def _best(facts: Iterable[T]) -> list[T]:
    """Of every fact the version that counts, in the order in which it happened."""
    best: dict[str, T] = {}
    for fact in facts:
        if fact.id not in best or _rank(fact) > _rank(best[fact.id]):
            best[fact.id] = fact
    return sorted(best.values(), key=lambda fact: (fact.occurred_at, f"crm|{fact.id}"))


def _rank(fact: Activity | MeetingChanged | DealChanged) -> tuple[int, bytes]:
    if isinstance(fact, DealChanged):
        return fact.version, json.encode(replace(fact, quiet=False))
    said = details(fact) if any(each is not None for each in details(fact)) else None
    if isinstance(fact, Activity):
        told = (*said, fact.lead) if said and fact.activity == "call_connected" else fact.lead
        return fact.version, json.encode((fact.occurred_at, fact.activity, told))
    plain = json.encode(replace(fact, quiet=False, **dict.fromkeys(Talk._fields)))
    return fact.version, plain if said is None else plain[:-1] + b',"conversation":' + json.encode((*said, None)) + b"}"


def _activities(facts: list[Activity], book: Book) -> None:
    names = {"call_placed": "calls_placed", "call_connected": "calls_connected"}
    for fact in facts:
        book.count(fact.performer, fact.occurred_at, names[fact.activity])
        if fact.activity == "call_connected":
            book.talked(fact.performer, fact.occurred_at, details(fact), fact.lead)


def _meetings(facts: list[MeetingChanged], book: Book) -> None:
    for meeting in sorted({fact.meeting for fact in facts}):
        changes = [fact for fact in facts if fact.meeting == meeting]
        organizers = [(fact.occurred_at, fact.organizer) for fact in changes if fact.organizer]
        said = [fact for fact in changes if fact.state]
        booked = [fact.occurred_at for fact in said if fact.state == "booked"]
        if booked:
            book.count(_in_force(organizers, booked[0]), booked[0], "meetings_scheduled")
        if said and said[-1].state in {"held", "no_show"}:
            entered = said[-1]
            while said and said[-1].state == entered.state:
                entered = said.pop()
            ends = [fact.ends_at for fact in changes if fact.ends_at]
            held = entered.state == "held"
            moment = ends[-1] if ends and held else entered.occurred_at
            who = _in_force(organizers, entered.occurred_at)
            book.count(who, moment, "meetings_held" if held else "no_shows")
            if held:
                book.talked(who, moment, of_meeting(changes))


def _in_force(named: list[tuple[datetime, str]], moment: datetime) -> str | None:
    """Who was named last until then; before anyone was, who is named first."""
    until = [name for named_at, name in named if named_at <= moment] or [name for _, name in named[:1]]
    return until[-1] if until else None


def _deals(facts: list[DealChanged], book: Book) -> None:
    for deal in sorted({fact.deal for fact in facts}):
        changes: list[Any] = [fact for fact in facts if fact.deal == deal]
        owners = [(fact.occurred_at, fact.owner) for fact in changes if fact.owner is not UNSET]
        visits: list[tuple[datetime, str]] = []
        for fact in changes:
            if fact.stage is not UNSET and (not visits or visits[-1][1] != fact.stage):
                visits.append((fact.occurred_at, fact.stage))
        amounts = [fact.amount.minor_units for fact in changes if fact.amount is not UNSET]
        _deal(book, owners, visits, amounts[-1] if amounts else 0, changes[-1].occurred_at)


def _deal(
    book: Book,
    owners: list[tuple[datetime, str]],
    visits: list[tuple[datetime, str]],
    amount: int,
    changed: datetime,
) -> None:
    created = [moment for moment, stage in visits if stage in {"prospecting", "engaging"}]
    if created:
        book.count(_in_force(owners, created[0]), created[0], "opportunities_created")
    if not visits:
        return
    closed, stage = visits[-1]
    if stage in {"won", "lost"}:
        owner = _in_force(owners, closed)
        book.count(owner, closed, f"deals_{stage}")
        book.count(owner, closed, "revenue", amount if stage == "won" else 0)
        return
    owner = _in_force(owners, changed)
    first = created[0].astimezone(TOKYO if owner == "cara" else UTC).date()
    for scope in book.scopes(owner, first):
        book.open[scope] += 1
