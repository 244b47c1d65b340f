"""Days that nothing is said about, between two spans that say something: allowed, and often forgotten."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from streams.documents import Entry, Problem
from streams.plans.checks.quotas import alike
from streams.plans.checks.spans import ends, members, starts
from streams.plans.draft import draft


def holes(directory: Path) -> list[Problem]:
    """Every hole between memberships of a rep, and between quotas of one kind, in a plan without mistakes."""
    found = draft(directory)
    noted: list[Problem] = []
    for rep in found.entries["reps"]:
        noted += _between(members(rep), f"rep {rep.values['id']!r} belongs to no team")
    for (scope, metric, period), quotas in alike(found):
        noted += _between(quotas, f"{scope} has no {metric} quota per {period}")
    return sorted(set(noted))


def _between(spans: Sequence[Entry], what: str) -> Iterator[Problem]:
    for one, other in pairwise(sorted(spans, key=starts)):
        if ends(one) < starts(other):
            where = f"after {one.place.file}:{one.place.line}"
            days = f"{what} from {ends(one)} until {starts(other)}, {where}"
            yield Problem(other.place, days, "this may be meant; else let one span end where the next starts")
