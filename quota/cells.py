"""The components of a cell: what a scope's day adds up to, merged by integer addition.

Counts stand under their metric's id; the names below are everything else. Zero components do not exist.
"""

from collections.abc import Hashable, Iterator, Mapping
from functools import lru_cache
from typing import TypeVar

from schemas.credits import Parts

K = TypeVar("K", bound=Hashable)

REVENUE = "revenue"
MARGIN = "margin"
COSTED = "costed"
UNPRICED = "unpriced"
NEGATIVE_CYCLE = "negative_cycle"
UNKNOWN_STAGE = "unknown_stage"
UNKNOWN_ACTIVITY = "unknown_activity"
EARLY_CREATED = "early_created"

WON_AGE = "won_age|"
LOST_AGE = "lost_age|"
LEAD = "lead|"
TALK = "talk|"
WON_DEAL = "won_deal|"
OPEN = "open|"
OPEN_AMOUNT = "open_amount|"
OPEN_UNKNOWN = "open_unknown|"
OPEN_UNKNOWN_AMOUNT = "open_unknown_amount|"
OPEN_UNPRICED = "open_unpriced|"

STATE = (OPEN, OPEN_AMOUNT, OPEN_UNKNOWN, OPEN_UNKNOWN_AMOUNT, OPEN_UNPRICED)
"""Prefixes of what is open now, as opposed to what happened on the day."""

_WON_AGES = {f"{WON_AGE}{days}": days for days in range(4000)}

PLAIN = frozenset({REVENUE, MARGIN, COSTED, UNPRICED, NEGATIVE_CYCLE, UNKNOWN_STAGE, UNKNOWN_ACTIVITY, EARLY_CREATED})
"""Components without a prefix that are no metric count."""


@lru_cache(maxsize=16384)
def named(prefix: str, of: str | int) -> str:
    """The component of this prefix for a stage or an age: always the same text, for millions of cells hold it."""
    return f"{prefix}{of}"


def add(into: Parts, parts: Mapping[str, int], sign: int = 1) -> None:
    """Add (or with `sign` -1 take away) parts in place; components that become zero vanish."""
    # The loop that a take-over spends most time in.
    held = into.get
    for component, value in parts.items():
        total = held(component, 0) + sign * value
        if total:
            into[component] = total
        else:
            into.pop(component, None)


def put(into: dict[K, Parts], cell: K, parts: Mapping[str, int]) -> None:
    """Add parts to a cell of a private collection, which has zeros only of a first one; parts are copied, not kept."""
    held = into.get(cell)
    if held is None:
        into[cell] = {**parts}
    else:
        add(held, parts)


def collect(into: dict[K, Parts], found: Mapping[K, Parts]) -> None:
    """Add cells without zeros to a private collection, which may keep their parts and change them from now on."""
    for cell, parts in found.items():
        held = into.get(cell)
        if held is None:
            into[cell] = parts
        else:
            add(held, parts)


def won_ages(parts: Mapping[str, int]) -> dict[int, int]:
    """How many deals were won at each known age in days."""
    # A long loop that runs for every standing, so names are looked up instead of parsed. Where that finds fewer ages
    # than deals won, some deal has none, or one beyond the table.
    ages = {_WON_AGES[component]: number for component, number in parts.items() if component in _WON_AGES}
    if sum(ages.values()) < parts.get("deals_won", 0):
        return dict(by_number(parts, WON_AGE))
    return ages


def by_number(parts: Mapping[str, int], prefix: str) -> Iterator[tuple[int, int]]:
    """The `(number, value)` of components such as `won_age|57`."""
    length = len(prefix)
    for component, value in parts.items():
        if component[:length] == prefix:
            yield int(component[length:]), value
