"""Backwards from a revenue to what has to be done for it: wins, opportunities, meetings, calls."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import ceil

from msgspec import Struct

from quota.histories import Histories
from quota.metrics import median
from quota.periods import Period

LOOK_BACK = {"year": 2, "quarter": 4, "month": 12, "week": 52, "day": 90}
"""How many periods of a kind rates are taken from."""
SHRUNK = 20
"""Wins, or closed deals, of the scope's own to which everybody's count as much."""
LEADERS = Fraction(1, 4)
"""The share of reps, of most revenue, who lead; at least one."""
_COUNTS = ("deals_won", "deals_lost", "opportunities_created", "meetings_held", "calls_placed")


class Totals(Struct, frozen=True):
    """What scopes came to in periods that are over: counts by metric, and revenue in minor units."""

    counts: dict[str, int]
    revenue: int

    def count(self, metric: str) -> int:
        """How many; 0 if nothing was."""
        return self.counts.get(metric, 0)


class Rates(Struct, frozen=True):
    """How one thing leads to the next; None where there is nothing to tell it from.

    `deal_value` is in minor units, `win_rate` a fraction, the rest are so many of one for one of the next.
    """

    deal_value: Fraction | None
    win_rate: Fraction | None
    meetings_per_opportunity: Fraction | None
    calls_per_meeting: Fraction | None


class Required(Struct, frozen=True):
    """What a revenue takes at some rates, exact; None from the first rate on that is not known."""

    revenue: int
    deals_won: Fraction | None
    opportunities_created: Fraction | None
    meetings_held: Fraction | None
    calls_placed: Fraction | None

    def inputs(self) -> dict[str, Fraction | None]:
        """By metric, in the order in which they lead to the revenue."""
        return {
            "calls_placed": self.calls_placed,
            "meetings_held": self.meetings_held,
            "opportunities_created": self.opportunities_created,
            "deals_won": self.deals_won,
        }


def required(revenue: int, rates: Rates) -> Required:
    """Wins = revenue ÷ deal value, opportunities = wins ÷ win rate, and on with what each takes of the one before."""
    won = _over(Fraction(max(0, revenue)), rates.deal_value)
    created = _over(won, rates.win_rate)
    held = _times(created, rates.meetings_per_opportunity)
    return Required(revenue, won, created, held, _times(held, rates.calls_per_meeting))


def totals(scopes: Iterable[str], period: Period, history: Histories) -> Totals:
    """What the scopes came to in the last periods of the kind that were over before this one."""
    counts, revenue = dict.fromkeys(_COUNTS, 0), 0
    for scope in scopes:
        over = history.over(scope, period.kind, period.start, LOOK_BACK[period.kind])
        for metric in _COUNTS:
            counts[metric] += sum(history.values(scope, metric, over))
        revenue += sum(history.values(scope, "revenue", over))
    return Totals(counts, revenue)


def rates(own: Totals, everybody: Totals) -> Rates:
    """The scope's own rates; deal value and win rate are shrunk to everybody's: (k + 20·p) ÷ (n + 20).

    Without meetings or calls of its own the scope has everybody's rates.
    """
    won, closed = own.count("deals_won"), own.count("deals_won") + own.count("deals_lost")
    all_won = everybody.count("deals_won")
    value = _ratio(everybody.revenue, all_won)
    chance = _ratio(all_won, all_won + everybody.count("deals_lost"))
    return Rates(
        None if value is None else (own.revenue + SHRUNK * value) / (won + SHRUNK),
        None if chance is None else (won + SHRUNK * chance) / (closed + SHRUNK),
        _first(
            _ratio(total.count("meetings_held"), total.count("opportunities_created")) for total in (own, everybody)
        ),
        _first(_ratio(total.count("calls_placed"), total.count("meetings_held")) for total in (own, everybody)),
    )


def leaders(reps: Sequence[str], period: Period, history: Histories) -> tuple[str, ...]:
    """The reps of most revenue in the last periods, a quarter of those who had any; of equal ones the first by id."""
    earned = {rep: totals([rep], period, history).revenue for rep in reps}
    selling = [rep for rep in sorted(reps, key=lambda rep: (-earned[rep], rep)) if earned[rep] > 0]
    return (*selling[: ceil(len(selling) * LEADERS)],)


def lead_days(scope: str, period: Period, history: Histories) -> int | None:
    """The median of the won cycles' medians of the last periods, in whole days; None without any."""
    over = history.over(scope, period.kind, period.start, LOOK_BACK[period.kind])
    found: dict[int, int] = {}
    for each in over:
        standing = history.at(scope, each)
        cycle = None if standing is None else standing.metrics.get("cycle_days_median")
        if cycle is not None and isinstance(cycle.value, int | float):
            days = round(cycle.value)
            found[days] = found.get(days, 0) + (cycle.n or 1)
    middle = median(found)
    return None if middle is None else round(middle)


def _ratio(above: int, below: int) -> Fraction | None:
    return Fraction(above, below) if above > 0 and below > 0 else None


def _over(number: Fraction | None, rate: Fraction | None) -> Fraction | None:
    return None if number is None or not rate else number / rate


def _times(number: Fraction | None, rate: Fraction | None) -> Fraction | None:
    return None if number is None or rate is None else number * rate


def _first(found: Iterable[Fraction | None]) -> Fraction | None:
    return next((each for each in found if each is not None), None)
