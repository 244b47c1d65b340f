"""The chance that an open deal is won, by its age: what the closings so far teach (discrete competing risks)."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from math import exp, fsum, log1p

from schemas.standings import Baseline


class Hazards:
    """Daily chances of being won or lost by age in days, prepared once so that every question costs O(1).

    With w and l the shares won and lost at an age among the deals that reached it, the chance of being won within h
    days from age a on is F(a, h) = Σ_{u=a+1..a+h} w_u · Π_{v=a+1..u-1} (1 - w_v - l_v). The last age pools all older
    ones. An age that nobody reached has no hazard.
    """

    def __init__(self, reached: Iterable[int], won_at: Iterable[int], lost_at: Iterable[int]) -> None:
        ages = list(zip(reached, won_at, lost_at, strict=True)) or [(0, 0, 0)]
        self._pool_log, self._pool_ends = _stay(*ages[-1])
        # Survival over a span is a ratio of products, and a product over hundreds of ages underflows or is zero for
        # good: so it is kept as a sum of logarithms, beside a count of the ages that nobody survives.
        self._logs, self._ends = [0.0], [0]
        for age in ages[1:-1]:
            log, ends = _stay(*age)
            self._logs.append(self._logs[-1] + log)
            self._ends.append(self._ends[-1] + ends)
        self._edge = len(self._logs) - 1
        self._eventual = _eventual(ages)
        self._windows: dict[tuple[date, date, date], Window] = {}

    def chance(self, age: int, days: int) -> float:
        """F(age, days): the probability that a deal of this age in days is won within the next `days` days."""
        return self.between(age, 0, days)

    def between(self, age: int, after: int, until: int) -> float:
        """F(age, until) - F(age, after): won within `until` days from now, but not within the first `after`."""
        # From the edge of the pool on, every age has the same future.
        age = min(age, self._edge)
        return max(0.0, self._later(age, after) - self._later(age, until))

    def window(self, day: date, start: date, end: date) -> "Window":
        """The chances, as of the end of `day`, of wins on the days from `start` until before `end`."""
        key = (day, start, end)
        if key not in self._windows:
            if len(self._windows) > 64:
                self._windows.clear()
            self._windows[key] = Window(self, day, start, end)
        return self._windows[key]

    def _later(self, age: int, days: int) -> float:
        """The probability that a deal of an age up to the edge is won, but only after the next `days` days."""
        until, pooled = age + days, 0
        if until > self._edge:
            until, pooled = self._edge, until - self._edge
            if self._pool_ends:
                return 0.0
        if self._ends[until] > self._ends[age]:
            return 0.0
        return exp(self._logs[until] - self._logs[age] + pooled * self._pool_log) * self._eventual[until]


def hazards_of(baseline: Baseline) -> Hazards:
    """What the baseline teaches; prepared once for all scopes, and for all shards that hear the same."""
    return _prepared(baseline.reached, baseline.won_at, baseline.lost_at)


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
        age = max(0, self._today - _ordinal(created))
        chance = self[created] = self._hazards.between(age, self._after, self._until)
        return chance


@lru_cache(maxsize=4)
def _prepared(reached: tuple[int, ...], won_at: tuple[int, ...], lost_at: tuple[int, ...]) -> Hazards:
    return Hazards(reached, won_at, lost_at)


@lru_cache(maxsize=65536)
def _ordinal(day: str) -> int:
    return date.fromisoformat(day).toordinal()


def _stay(reached: int, won: int, lost: int) -> tuple[float, bool]:
    """The logarithm of the share that stays open at an age; 0, and True, where nobody does."""
    closed = won + lost
    if closed == 0:
        return 0.0, False
    return (0.0, True) if closed >= reached else (log1p(-closed / reached), False)


def _eventual(ages: list[tuple[int, int, int]]) -> list[float]:
    """The chance of ever being won, by age from 0 to the edge of the pool: R(a) = w + (1 - w - l) · R(a + 1)."""
    _, won, lost = ages[-1]
    backwards = [won / (won + lost) if won else 0.0]
    for reached, won, lost in reversed(ages[1:-1]):
        later = backwards[-1]
        if won or lost:
            later = (won + max(0, reached - won - lost) * later) / max(reached, won + lost)
        backwards.append(later)
    return backwards[::-1]
