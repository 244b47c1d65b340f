"""What the rules need beside standings: each scope's outlook, the wins of a day, and what all deals taught."""

from collections.abc import Iterable, Iterator
from datetime import date

from msgspec import json
from msgspec.structs import replace

from quota.baselines import baseline
from quota.cells import WON_DEAL
from quota.outlooks import outlook
from quota.plans import PlanIndex
from schemas.standings import Wins
from streams import topics
from streams.log import Outgoing, Spot
from streams.stages.stage import Place
from streams.stages.sums import Sums


def outlooks(sums: Sums, scopes: Iterable[str], day: date, plan: PlanIndex, place: Place) -> Iterator[Outgoing]:
    """The outlook of every scope at the end of a working day."""
    sender = place.sender
    for scope in scopes:
        if scope != "unassigned":
            found = outlook(scope, day, sums.all_of(scope, day, plan), plan)
            value = json.encode(replace(found, sender=sender))
            yield Outgoing(topics.STANDINGS.name, place.shard, f"{scope}|outlook".encode(), value)


def wins(sums: Sums, place: Place) -> Iterator[Outgoing]:
    """The won deals of every rep's day of which they changed; none retracts."""
    for (scope, day), quiet in sorted(sums.won.items()):
        parts = sums.days.get(scope, {}).get(day, {})
        won = sorted(part for part in parts if part.startswith(WON_DEAL))
        deals = {part.removeprefix(WON_DEAL): parts[part] for part in won}
        said = Wins(scope, day, deals, place.sender, quiet)
        yield Outgoing(topics.STANDINGS.name, place.shard, f"{scope}|wins|{day}".encode(), json.encode(said))


def lessons(sums: Sums, day: date, plan: PlanIndex, place: Place, to: Iterable[Spot]) -> Iterator[Outgoing]:
    """The baseline, said to every shard by the owner of `company`."""
    targets = tuple(to)
    if targets:
        found = baseline(day, sums.all_of("company", day, plan), plan)
        value = json.encode(replace(found, sender=place.sender))
        for target in targets:
            yield Outgoing(*target, b"baseline", value)
