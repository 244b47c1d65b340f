"""Several measurements of one thing: their median, and how far apart they lie."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from statistics import median


@dataclass(frozen=True)
class Spread:
    """The median of some measurements, the least and the greatest of them, and how many there were."""

    median: float
    low: float
    high: float
    runs: int

    def said(self, form: str = ",.0f") -> str:
        """The median, and from where to where; a single measurement stands alone."""
        if self.runs == 1:
            return format(self.median, form)
        return f"{self.median:{form}} ({self.low:{form}} to {self.high:{form}})"


def spread(values: Iterable[float]) -> Spread:
    """Of at least one value; raises ValueError where there is none."""
    found = sorted(values)
    if not found:
        raise ValueError("nothing was measured")
    return Spread(median(found), found[0], found[-1], len(found))


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least this share of them does not exceed; raises ValueError where there is none."""
    found = sorted(values)
    if not found:
        raise ValueError("nothing was measured")
    return found[max(0, ceil(len(found) * share) - 1)]
