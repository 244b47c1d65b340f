"""How far deals come: from stage to stage, to a win, and how long they stay on the way."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from math import sqrt
from statistics import median

from msgspec import Struct

from quota.journeys import Journey
from quota.plans import PlanIndex

Z = 1.959963984540054
"""The 97.5th percentile of the normal distribution."""


class Share(Struct, frozen=True):
    """`k` of `n`, None of none, with Wilson's 95 % interval (Wilson 1927)."""

    k: int
    n: int

    @property
    def value(self) -> float | None:
        """The share itself."""
        return self.k / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Its bounds; they hold the share, also of none and of all."""
        if not self.n:
            return None
        share, weight = self.k / self.n, Z**2 / self.n
        middle = (share + weight / 2) / (1 + weight)
        half = Z / (1 + weight) * sqrt(share * (1 - share) / self.n + weight / (4 * self.n))
        return min(share, max(0.0, middle - half)), max(share, min(1.0, middle + half))


class Funnel(Struct, frozen=True):
    """Of deals that first came to stage i in a period, `converted[i, j]` says how many came to j or further.

    `won[i]` is the chance to win of all deals that ever came to stage i and are closed; `days[i]` the median of how
    long completed visits lasted, and `regressions` how often a deal fell back. Skipped stages count as passed.
    """

    stages: tuple[str, ...]
    converted: dict[tuple[str, str], Share]
    won: dict[str, Share]
    days: dict[str, float | None]
    regressions: int


class Way(Struct, frozen=True):
    """How far a deal came: when it first came to each stage or beyond, when it was first won, and how it is closed."""

    reached: tuple[datetime | None, ...]
    won_at: datetime | None
    closed: str | None


def funnel(journeys: Sequence[Journey], plan: PlanIndex, start: datetime, end: datetime) -> Funnel:
    """The funnel of everything that began between two moments, as of all that the journeys tell."""
    names = tuple(stage.id for stage in plan.open_stages)
    ways = [way(each, plan) for each in journeys]
    converted = {
        (name, later): _converted(ways, i, j, start, end)
        for i, name in enumerate(names)
        for j, later in [*enumerate(names[i + 1 :], i + 1), (len(names), "won")]
    }
    won = {name: _won(ways, i) for i, name in enumerate(names)}
    days = {name: _days(journeys, name, start, end) for name in names}
    back = sum(_regressions(each, plan, start, end) for each in journeys)
    return Funnel(names, converted, won, days, back)


def way(each: Journey, plan: PlanIndex) -> Way:
    """How far the deal came; deleted ones never were."""
    places = {stage.id: place for place, stage in enumerate(plan.open_stages)}
    reached: list[datetime | None] = [None] * len(places)
    won_at, last = None, each.states[-1]
    for state in each.states:
        stage = state.stage
        if stage is None or last.deleted:
            continue
        won_at = won_at or (state.at if stage.kind == "won" else None)
        furthest = len(places) - 1 if stage.kind == "won" else places.get(stage.id, -1)
        for place in range(furthest + 1):
            reached[place] = reached[place] or state.at
    closed = None if last.deleted or last.stage is None or last.stage.kind == "open" else last.stage.kind
    return Way(tuple(reached), won_at, closed)


def uplift(amount: int, now: Share, then: Share) -> Fraction | None:
    """What moving a deal on is worth, amount · (p_then - p_now), in minor units; an association, and not its cause."""
    if not now.n or not then.n:
        return None
    return amount * (Fraction(then.k, then.n) - Fraction(now.k, now.n))


def _converted(ways: Iterable[Way], i: int, j: int, start: datetime, end: datetime) -> Share:
    began = [each for each in ways if (at := each.reached[i]) is not None and start <= at < end]
    came = [each for each in began if (each.won_at if j == len(each.reached) else each.reached[j]) is not None]
    return Share(len(came), len(began))


def _won(ways: Iterable[Way], i: int) -> Share:
    closed = [each.closed for each in ways if each.reached[i] is not None and each.closed is not None]
    return Share(closed.count("won"), len(closed))


def _days(journeys: Iterable[Journey], name: str, start: datetime, end: datetime) -> float | None:
    """Visits that ended in the period, from the first change into the stage to the first out of it."""
    found = [
        (left - entered).total_seconds() / 86_400
        for each in journeys
        for entered, left in _visits(each, name)
        if start <= left < end
    ]
    return median(found) if found else None


def _visits(each: Journey, name: str) -> list[tuple[datetime, datetime]]:
    found: list[tuple[datetime, datetime]] = []
    entered: datetime | None = None
    for state in each.states:
        inside = state.open and state.stage is not None and state.stage.id == name
        if inside and entered is None:
            entered = state.at
        elif not inside and entered is not None:
            found.append((entered, state.at))
            entered = None
    return found


def _regressions(each: Journey, plan: PlanIndex, start: datetime, end: datetime) -> int:
    places = {stage.id: place for place, stage in enumerate(plan.open_stages)}
    opened = [(state.at, places[state.stage.id]) for state in each.states if state.open and state.stage is not None]
    return sum(later < earlier and start <= at < end for (_, earlier), (at, later) in pairwise(opened))
