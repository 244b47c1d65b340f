"""What a deal adds, computed the slow way, from the whole of what was said; it imports no arithmetic."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import UNSET, UnsetType, json

from schemas.deals import DealChanged

CHICAGO, BERLIN = ZoneInfo("America/Chicago"), ZoneInfo("Europe/Berlin")
OPEN = ["prospecting", "engaging", "proposal"]
EARLY = {"prospecting", "engaging"}
STAGES = {
    "prospecting": "prospecting",
    "engaging": "engaging",
    "Engaging": "engaging",
    "proposal": "proposal",
    "won": "won",
    "Closed Won": "won",
    "lost": "lost",
}
REPS = {"A. Snelling": "anna-snelling", "anna-snelling": "anna-snelling", "ben": "ben", "Cara": "cara", "dan": "dan"}
Counted = Counter[tuple[str, str, str]]


def what_a_deal_adds(received: Iterable[DealChanged]) -> Counted:
    """`(scope, day, component) → value`, without zeros."""
    deal = _SlowDeal(received)
    found = deal.counted() if deal.visited and not deal.last("deleted", default=False) else Counter()
    return Counter({key: number for key, number in found.items() if number})


def usd(money: Any, day: str) -> int | None:
    """Minor units at the floor's rates."""
    if money is None or money.currency == "USD":
        return None if money is None else int(money.minor_units)
    if money.currency != "EUR" or day < "2026-01-01":
        return None
    tenths_of_a_percent = 1100 if day < "2026-06-01" else 1250
    whole, rest = divmod(money.minor_units * tenths_of_a_percent, 1000)
    up = rest > 500 or (rest == 500 and whole % 2 == 1)
    return int(whole + up)


class _SlowDeal:
    def __init__(self, received: Iterable[DealChanged]) -> None:
        best: dict[tuple[str, str], DealChanged] = {}
        for fact in received:
            key = (fact.source, fact.id)
            if key not in best or _strength(fact) > _strength(best[key]):
                best[key] = fact
        self.changes = sorted(best.values(), key=lambda fact: (fact.occurred_at, f"{fact.source}|{fact.id}"))
        self.visited = self._visits()

    def last(self, field: str, default: Any = None) -> Any:
        said = [getattr(fact, field) for fact in self.changes]
        known = [value for value in said if not isinstance(value, UnsetType)]
        return known[-1] if known else default

    def _visits(self) -> list[tuple[datetime, str | None]]:
        """Every change of stage as `(moment, stage)`; `?` and a name for one that nobody knows, None for cleared."""
        visits: list[tuple[datetime, str | None]] = []
        for fact in self.changes:
            if fact.stage is UNSET:
                continue
            stage = None if fact.stage is None else STAGES.get(str(fact.stage), f"?{fact.stage}")
            if not visits or visits[-1][1] != stage:
                visits.append((fact.occurred_at, stage))
        return visits

    def scope(self, at: datetime) -> str:
        named = [fact for fact in self.changes if fact.owner is not UNSET]
        before = [fact for fact in named if fact.occurred_at <= at]
        owner = before[-1] if before else (named[0] if named else None)
        if owner is None or owner.owner is None:
            return "unassigned"
        if owner.owner == "A. Snelling" and owner.source != "crm":
            return "unassigned"
        return f"rep:{REPS[str(owner.owner)]}" if owner.owner in REPS else "unassigned"

    def day(self, scope: str, at: datetime) -> date:
        return at.astimezone(BERLIN if scope == "rep:cara" else CHICAGO).date()

    def created(self) -> datetime | None:
        for fact in reversed(self.changes):
            if fact.created_at is not UNSET:
                return fact.created_at if isinstance(fact.created_at, datetime) else None
        return min((at for at, stage in self.visited if stage in OPEN), default=None)

    def counted(self) -> Counted:
        found: Counted = Counter()
        stage = self.visited[-1][1]
        if stage is not None and stage.startswith("?"):
            at = self.visited[-1][0]
            found[self.scope(at), str(self.day(self.scope(at), at)), "unknown_stage"] += 1
            return found
        if all(name is None or name.startswith("?") for _, name in self.visited):
            return found
        found.update(self._history())
        if stage in OPEN:
            found.update(self._standing_in(stage))
        elif stage is not None:
            found.update(self._closing(stage))
        return found

    def _history(self) -> Counted:
        found: Counted = Counter()
        created = self.created()
        through = [(at, stage) for at, stage in self.visited if stage in OPEN]
        if created is not None:
            scope = self.scope(created)
            found[scope, str(self.day(scope, created)), "opportunities_created"] += 1
            if through and through[0][1] in EARLY:
                found[scope, str(self.day(scope, created)), "early_created"] += 1
        for number, (at, stage) in enumerate(through):
            if number and OPEN.index(stage or "") > max(OPEN.index(earlier or "") for _, earlier in through[:number]):
                scope = self.scope(at)
                found[scope, str(self.day(scope, at)), "opportunities_advanced"] += 1
        return found

    def _standing_in(self, stage: str) -> Counted:
        latest = self.changes[-1].occurred_at
        scope = self.scope(latest)
        created = self.created()
        since = created or min(at for at, name in self.visited if name in OPEN)
        day = str(self.day(scope, since))
        unknown = "" if created else "_unknown"
        amount = usd(self.last("amount"), str(self.day(scope, latest)))
        return Counter(
            {
                (scope, day, f"open{unknown}|{stage}"): 1,
                (scope, day, f"open{unknown}_amount|{stage}"): amount or 0,
                (scope, day, f"open_unpriced|{stage}"): int(amount is None),
            }
        )

    def _closing(self, kind: str) -> dict[tuple[str, str, str], int]:
        at = next(
            at
            for number, (at, _) in enumerate(self.visited)
            if all(stage == kind for _, stage in self.visited[number:])
        )
        scope = self.scope(at)
        day = self.day(scope, at)
        found: dict[str, int] = {f"deals_{kind}": 1}
        created = self.created()
        if created is not None:
            age = (day - self.day(scope, created)).days
            found["negative_cycle" if age < 0 else f"{kind}_age|{age}"] = 1
        if kind == "won":
            amount, cost = (usd(self.last(field), str(day)) for field in ("amount", "cost"))
            if amount is None:
                found["unpriced"] = 1
            else:
                found |= {"revenue": amount, "won_deal|d": amount}
                found |= {} if cost is None else {"margin": amount - cost, "costed": 1}
        return {(scope, str(day), component): number for component, number in found.items()}


def _strength(fact: DealChanged) -> tuple[int, bytes]:
    said = json.decode(json.encode(fact))
    said.pop("quiet", None)
    return fact.version, json.encode(said)
