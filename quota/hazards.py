"""The chance that an open deal is won, by its age: what the closings so far teach (discrete competing risks)."""

from collections.abc import Sequence
from datetime import date
from itertools import accumulate
from math import exp, fsum, log1p
from typing import NamedTuple

from schemas.standings import Baseline


class Hazards:
    """Daily chances of being won or lost by age in days, prepared once so that every question costs O(1).

    With w and l the shares won and lost at an age among the deals that reached it, the chance of being won within h
    days from age a on is F(a, h) = Σ_{u=a+1..a+h} w_u · Π_{v=a+1..u-1} (1 - w_v - l_v). The last age pools all older
    ones. An age that nobody reached has no hazard.
    """

    def __init__(self, baseline: Baseline) -> None:
        self.baseline = baseline
        shares = list(map(_shares, baseline.reached, baseline.won_at, baseline.lost_at)) or [_Shares(0.0, 0.0, False)]
        young, self._pool = shares[1:-1], shares[-1]
        self._edge = len(young)
        self._eventual = _eventual(young, self._pool)
        # Survival over a span is a ratio of products, and a product over hundreds of ages underflows or is zero for
        # good: so it is kept as a sum of logarithms, beside a count of the ages that nobody survives.
        self._logs = list(accumulate((_log_stay(age) for age in young), initial=0.0))
        self._ends = list(accumulate((age.ends for age in young), initial=0))
        self._windows: dict[tuple[date, date, date], Window] = {}

    def chance(self, age: int, days: int) -> float:
        """F(age, days): the probability that a deal of this age in days is won within the next `days` days."""
        return self.between(age, 0, days)

    def between(self, age: int, after: int, until: int) -> float:
        """F(age, until) - F(age, after): won within `until` days from now, but not within the first `after`."""
        return max(0.0, self._later(age, after) - self._later(age, until))

    def window(self, day: date, start: date, end: date) -> "Window":
        """The chances, as of the end of `day`, of wins on the days from `start` until before `end`."""
        key = (day, start, end)
        if key not in self._windows:
            self._windows[key] = Window(self, day, start, end)
        return self._windows[key]

    def _later(self, age: int, days: int) -> float:
        """The probability that a deal of this age is won, but only after the next `days` days."""
        return self._staying(age, age + days) * self._eventual[min(age + days, self._edge)]

    def _staying(self, age: int, until: int) -> float:
        low, high = min(age, self._edge), min(until, self._edge)
        pooled = (until - high) - (age - low)
        if self._ends[high] > self._ends[low] or (pooled and self._pool.ends):
            return 0.0
        return exp(self._logs[high] - self._logs[low] + pooled * _log_stay(self._pool))


class Window(dict[str, float]):
    """Chance of a win inside a span of days, by the ISO day on which a deal was created; filled as it is asked.

    `arrivals` is Σ_{u=1..H} (F(0, H-u) - F(0, max(0, h-u))): the wins in the span to expect of one deal created a day,
    from tomorrow on. H counts the days from tomorrow to the span's last, h those to the day before its first.
    """

    def __init__(self, hazards: Hazards, day: date, start: date, end: date) -> None:
        super().__init__()
        self._hazards = hazards
        self._today = day.toordinal()
        self._until = max(0, end.toordinal() - 1 - self._today)
        self._after = min(self._until, max(0, start.toordinal() - 1 - self._today))
        self.arrivals = fsum(
            hazards.between(0, max(0, self._after - u), self._until - u) for u in range(1, self._until + 1)
        )

    def __missing__(self, created: str) -> float:
        # A rep east of the company may already write tomorrow's date: such a deal is of age 0.
        age = max(0, self._today - date.fromisoformat(created).toordinal())
        chance = self[created] = self._hazards.between(age, self._after, self._until)
        return chance


class _Shares(NamedTuple):
    """Of the deals that reached an age: the share won, the share won or lost, and whether that is all of them."""

    won: float
    closed: float
    ends: bool


def _shares(reached: int, won: int, lost: int) -> _Shares:
    if reached <= 0:
        return _Shares(0.0, 0.0, False)
    return _Shares(won / reached, (won + lost) / reached, won + lost >= reached)


def _log_stay(age: _Shares) -> float:
    return 0.0 if age.ends else log1p(-age.closed)


def _eventual(young: Sequence[_Shares], pool: _Shares) -> list[float]:
    """The chance of ever being won, by age from 0 to the edge of the pool: R(a) = w + (1 - w - l) · R(a + 1)."""
    backwards = [pool.won / pool.closed if pool.closed else 0.0]
    for age in reversed(young):
        backwards.append(age.won + (0.0 if age.ends else (1.0 - age.closed) * backwards[-1]))
    return backwards[::-1]
