"""From what a rep contributed to what every scope above is credited with."""

from collections.abc import Iterator, Mapping

from quota.cells import WON_DEAL, put
from quota.plans import PlanIndex
from schemas.credits import Parts

Cells = dict[tuple[str, str], Parts]
"""(scope, local day) → parts."""
_REP, _WON = len("rep:"), len(WON_DEAL)


def fan_out(
    contributions: Mapping[tuple[str, str], Mapping[str, int]], plan: PlanIndex
) -> dict[tuple[str, str], Parts]:
    """The contributions with those of every ancestor: teams of the day's primary membership, and the company.

    What nobody owns stays `unassigned` and is not part of the company. Single won deals stay with the rep.
    """
    found: dict[tuple[str, str], Parts] = {}
    for (scope, day), parts in contributions.items():
        put(found, (scope, day), parts)
        if scope == "unassigned":
            continue
        shared = {component: value for component, value in parts.items() if not component.startswith(WON_DEAL)}
        for ancestor in plan.ancestors(scope.removeprefix("rep:"), day)[1:]:
            put(found, (ancestor, day), shared)
    return {cell: parts for cell, parts in found.items() if parts}


def above(
    changes: Mapping[tuple[str, str], Mapping[str, int]], plan: PlanIndex
) -> Iterator[tuple[tuple[str, str], Mapping[str, int]]]:
    """What `fan_out` gives of many changes, in pieces: a cell may come several times, and all of its pieces count.

    Parts of the changes may be zero; a cell in which all are does not come.
    What changes under the same ancestors is added up first: they are few, and reps are many.
    """
    shared: dict[tuple[tuple[str, ...], str], Parts] = {}
    for cell, parts in changes.items():
        if not any(parts.values()):
            continue
        yield cell, parts
        scope, day = cell
        if scope != "unassigned":
            line = plan.ancestors(scope[_REP:], day)
            rest = {component: value for component, value in parts.items() if component[:_WON] != WON_DEAL}
            put(shared, (line[1:], day), rest)
    for (line, day), parts in shared.items():
        if any(parts.values()):
            for ancestor in line:
                yield (ancestor, day), parts


def fan_out_all(contributions: Cells, plan: PlanIndex, into: Cells) -> Iterator[None]:
    """Puts into an empty collection what `fan_out` gives, for very many cells and in small steps; it keeps their parts.

    What reps contribute under the same ancestors is added up first: they are few, and reps are many.
    """
    shared: dict[tuple[tuple[str, ...], str], Parts] = {}
    for cell, parts in contributions.items():
        into[cell] = parts
        scope, day = cell
        if scope != "unassigned":
            above = plan.ancestors(scope[_REP:], day)[1:]
            put(shared, (above, day), {part: value for part, value in parts.items() if part[:_WON] != WON_DEAL})
        yield
    for (above, day), parts in shared.items():
        for ancestor in above:
            put(into, (ancestor, day), parts)
        yield
    for cell in [cell for cell, parts in into.items() if not parts]:
        del into[cell]
