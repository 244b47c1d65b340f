"""What the rules need beside standings: each scope's outlook, the wins of a day, and what all deals taught."""

from collections.abc import Iterable, Iterator
from datetime import date

from msgspec import json
from msgspec.structs import replace

from quota.baselines import baseline
from quota.cells import WON_DEAL
from quota.outlooks import outlook
from quota.plans import PlanIndex
from schemas.standings import Attained, Inputs, Outlook, Wins
from streams import topics
from streams.log import Outgoing, Spot
from streams.stages.stage import Place
from streams.stages.sums import Sums

MOST = 2000
"""Of what a record holds: metrics, and days with something open."""


def outlooks(sums: Sums, scopes: Iterable[str], day: date, plan: PlanIndex) -> Iterator[Outlook]:
    """The outlook of every scope at the end of a working day."""
    return (outlook(scope, day, sums.all_of(scope, day, plan), plan) for scope in scopes if scope != "unassigned")


def inputs(said: Iterable[Attained | Outlook], place: Place) -> Iterator[Outgoing]:
    """What rules look at, as many together as one record can hold."""
    key = f"{place.sender}|inputs".encode()
    for some in _together(said):
        yield Outgoing(topics.STANDINGS.name, place.shard, key, json.encode(Inputs(place.sender, some)))


def _together(said: Iterable[Attained | Outlook]) -> Iterator[list[Attained | Outlook]]:
    some: list[Attained | Outlook] = []
    size = 0
    for each in said:
        size += len(each.metrics) if isinstance(each, Attained) else 10 + len(each.open) + len(each.open_unknown)
        some.append(each)
        if size > MOST:
            yield some
            some, size = [], 0
    if some:
        yield some


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
