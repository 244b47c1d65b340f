"""Days from which and until which something holds."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from streams.documents import Entry, Problem
from streams.plans.draft import Draft


def overlap(one: Entry, other: Entry) -> bool:
    """Whether two half-open spans of days have a day in common; an absent bound is unbounded."""
    return _before_end(one, other) and _before_end(other, one)


def _before_end(one: Entry, other: Entry) -> bool:
    start, end = one.values.get("start"), other.values.get("end")
    return start is None or end is None or start < end


def starts(span: Entry) -> str:
    """The first day, by which spans are ordered; an open start is before all days."""
    return span.values.get("start") or ""


def ends(span: Entry) -> str:
    """The day after the last, by which spans are ordered; an open end is after all days."""
    return span.values.get("end") or "~"


def members(rep: Entry) -> Sequence[Entry]:
    """The memberships of a rep."""
    found: Sequence[Entry] = rep.values.get("teams", ())
    return found


def _spans(draft: Draft) -> Iterator[Entry]:
    yield from draft.entries["quotas"]
    for rep in draft.entries["reps"]:
        yield from members(rep)
        yield from rep.values.get("absences", ())


def order(draft: Draft) -> Iterator[Problem]:
    """A span starts before it ends."""
    for span in _spans(draft):
        start, end = span.values.get("start"), span.values.get("end")
        if start is not None and end is not None and start >= end:
            yield Problem(
                span.at("end"), f"ends on {end}, not after its start {start}", "the end is the first day after"
            )


def memberships(draft: Draft) -> Iterator[Problem]:
    """A rep belongs to one team on a day."""
    for rep in draft.entries["reps"]:
        for one, other in combinations(members(rep), 2):
            if overlap(one, other):
                teams = f"{one.values['team']!r} and {other.values['team']!r}"
                where = f"see {one.place.file}:{one.place.line}"
                what = f"rep {rep.values.get('id', '')!r} is in {teams} on the same days ({where})"
                yield Problem(other.place, what, "end the first with `until` where the second starts with `from`")


def employment(draft: Draft) -> Iterator[Problem]:
    """A rep is hired before leaving."""
    for rep in draft.entries["reps"]:
        hired, left = rep.values.get("hired"), rep.values.get("left")
        if hired is not None and left is not None and hired >= left:
            what = f"rep {rep.values.get('id', '')!r} left on {left}, not after the hire date {hired}"
            yield Problem(rep.at("left"), what, "`left` is the day after the last")
