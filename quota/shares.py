"""What one entity adds, share by share: parts for a scope on a day."""

from collections.abc import Mapping
from datetime import datetime

from quota.cells import put
from quota.facts import day_name
from quota.plans import PlanIndex
from schemas.credits import Parts

Share = tuple[tuple[str, str], Mapping[str, int]]
"""Scope and local day, and parts without zeros, which nobody changes."""
Adds = tuple[tuple[Share, ...], Share | None]
"""What an entity adds by its past, which mostly grows at its end, and what it adds as it is now."""
Owners = tuple[tuple[datetime, str], ...]
"""From when on which scope answers for an entity; no two in a row are the same."""
Cells = dict[tuple[str, str], Parts]


def answering(owners: Owners, at: datetime) -> str:
    """The scope of the owner in force at a moment; before anyone is named, the first who is."""
    if not owners:
        return "unassigned"
    found = owners[0][1]
    for since, scope in owners:
        if since > at:
            break
        found = scope
    return found


def share(owners: Owners, at: datetime, parts: Mapping[str, int], plan: PlanIndex) -> Share:
    """Parts that happened at a moment: for who answered for the entity then, on the day that it was there."""
    scope = answering(owners, at)
    return (scope, day_name(plan.calendar(scope).local_day(at))), parts


def differing(before: Adds, after: Adds) -> tuple[tuple[Share, ...], tuple[Share, ...]]:
    """The shares that came, and those that went."""
    (past, now), (gone, was) = after, before
    if past is gone:
        past = gone = ()
    elif past[: len(gone)] == gone:
        past, gone = past[len(gone) :], ()
    return past if now is None else (*past, now), gone if was is None else (*gone, was)


def gather(into: Cells, adds: Adds) -> None:
    """Adds all shares to a private collection; cells of it may become empty."""
    past, now = adds
    for cell, parts in past:
        put(into, cell, parts)
    if now is not None:
        put(into, *now)


def together(adds: Adds) -> Cells:
    """All shares, by cell."""
    found: Cells = {}
    gather(found, adds)
    return {cell: parts for cell, parts in found.items() if parts}
