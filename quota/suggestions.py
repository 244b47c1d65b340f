"""Bottom-up: the quota that a scope's own history suggests."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

from msgspec import Struct

from quota.histories import Histories
from quota.periods import Period

Method = Literal["median", "p80"]
LAST: dict[Method, int] = {"median": 4, "p80": 12}
"""How many periods each method looks back on."""
_SHORT = ("day", "week")
_P80 = Fraction(4, 5)


class Suggestion(Struct, frozen=True):
    """What history suggests, in minor units or counts, and the periods that it was; None without any history."""

    value: int | None
    method: Method
    periods: tuple[str, ...]
    values: tuple[int, ...]


def method_for(period: Period) -> Method:
    """The 80th percentile for days and weeks, the median for longer periods."""
    return "p80" if period.kind in _SHORT else "median"


def suggestion(
    scope: str,
    metric: str,
    period: Period,
    history: Histories,
    method: Method | None = None,
    growth: Fraction = Fraction(),
) -> Suggestion:
    """The scope's suggestion for a period: of its last 12 periods the 80th percentile, or of the last 4 the median.

    `growth` is a fraction that is added to it; the result is rounded, a half to the even unit.
    """
    chosen = method or method_for(period)
    over = history.over(scope, period.kind, period.start, LAST[chosen])
    known = [(each.id, value) for each in over if (value := history.value(scope, metric, each)) is not None]
    values = tuple(value for _, value in known)
    found = quantile(values, _P80 if chosen == "p80" else Fraction(1, 2))
    grown = None if found is None else max(0, round(found * (1 + growth)))
    return Suggestion(grown, chosen, tuple(name for name, _ in known), values)


def quantile(values: Sequence[int], share: Fraction) -> Fraction | None:
    """The quantile of values, linear between the two that are nearest (Hyndman and Fan's type 7); None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])
