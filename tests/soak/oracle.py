"""What the facts of the floor add up to under its last plan, by plain loops over all of them at once."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from tests.soak.floor import REGIONS, ZONE, Fact, team

Totals = dict[tuple[str, str], dict[str, int]]
"""(scope, period id) → metric → number, what is 0 left out; money in cents."""
ACTIVITIES = {"call_placed": "calls_placed", "call_connected": "calls_connected", "email_sent": "emails_sent"}
MEETINGS = {"booked": "meetings_scheduled", "held": "meetings_held", "no_show": "no_shows"}
METRICS = (*ACTIVITIES.values(), *MEETINGS.values(), "opportunities_created", "deals_won", "deals_lost", "revenue")


def totals(facts: Iterable[Fact], revision: int) -> Totals:
    """Every number that is not 0."""
    found: Totals = defaultdict(lambda: defaultdict(int))
    for rep, at, metric, number in counted(facts):
        day = datetime.fromisoformat(at).astimezone(ZoneInfo(ZONE)).date()
        for scope in scopes(rep, day, revision):
            for period in periods(day):
                found[scope, period][metric] += number
    return {key: dict(numbers) for key, numbers in found.items()}


def won(facts: Iterable[Fact], revision: int) -> set[str]:
    """The won deals of reps whom the plan knows."""
    kept = list(facts)
    owners = {fact["deal"]: fact["owner"] for fact in kept if "owner" in fact}
    wins = {fact["deal"] for fact in kept if fact["type"] == "deal_changed" and fact["stage"] == "won"}
    return {deal for deal in wins if deal in owners and team(owners[deal], date.min, revision) is not None}


def counted(facts: Iterable[Fact]) -> list[tuple[str | None, str, str, int]]:
    """Who did how much of what, and when."""
    found: list[tuple[str | None, str, str, int]] = []
    meetings: dict[str, list[Fact]] = defaultdict(list)
    deals: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        if fact["type"] == "activity":
            found.append((fact["performer"], fact["occurred_at"], ACTIVITIES[fact["activity"]], 1))
        elif fact["type"] == "meeting_changed":
            meetings[fact["meeting"]].append(fact)
        else:
            deals[fact["deal"]].append(fact)
    for changes in meetings.values():
        whose = next((fact["organizer"] for fact in changes if "organizer" in fact), None)
        found += [(whose, fact["occurred_at"], MEETINGS[fact["state"]], 1) for fact in changes]
    for changes in deals.values():
        found += _of_deal(sorted(changes, key=lambda fact: str(fact["occurred_at"])))
    return found


def _of_deal(changes: list[Fact]) -> list[tuple[str | None, str, str, int]]:
    """A deal's first change, when it is there, says whose it is and what it is worth."""
    whose, amount = changes[0].get("owner"), changes[0].get("amount", {}).get("minor_units", 0)
    last, found = changes[-1], [(whose, changes[0]["occurred_at"], "opportunities_created", 1)]
    if changes[0]["stage"] in {"won", "lost"}:
        found = []
    if last["stage"] in {"won", "lost"}:
        found.append((whose, last["occurred_at"], f"deals_{last['stage']}", 1))
    if last["stage"] == "won":
        found.append((whose, last["occurred_at"], "revenue", amount))
    return found


def scopes(rep: str | None, day: date, revision: int) -> list[str]:
    """Whom a rep's fact of a day counts for."""
    number = None if rep is None else team(rep, day, revision)
    if number is None:
        return ["unassigned"]
    return [f"rep:{rep}", f"team:team-{number}", f"team:region-{number % REGIONS}", "company"]


def periods(day: date) -> list[str]:
    """The week, the month and the quarter of a day."""
    year, week, _ = day.isocalendar()
    return [f"{year}-W{week:02d}", f"{day:%Y-%m}", f"{day.year}-Q{(day.month + 2) // 3}"]
