"""What may come of open deals and of deals yet to be created, drawn many times from a seed."""

from collections.abc import Sequence
from math import exp, sqrt
from typing import TYPE_CHECKING

from msgspec import Struct

from quota.draws import Draws

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

DRAWS = 4000


class Chance(Struct, frozen=True):
    """An open deal: what it would be worth in minor units, and the probability that it is won in time."""

    amount: int
    probability: float


class Arrivals(Struct, frozen=True):
    """Deals yet to be created: how many of them are won in time on average, and amounts that such deals had."""

    mean: float
    amounts: tuple[int, ...]


class Simulation(Struct, frozen=True):
    """The tenth, fiftieth and ninetieth percentile in minor units, and the probability of reaching a target above 0."""

    p10: int
    p50: int
    p90: int
    reached: float | None


def simulate(
    credited: int, deals: Sequence[Chance], arrivals: Arrivals, spread: float, target: int | None, seed: str
) -> Simulation:
    """What is credited, and each open deal won or not, and as many new ones won as a Poisson number says.

    All chances of one draw are larger or smaller together, by a factor of mean 1 whose logarithm has this standard
    deviation: what sells well this quarter sells well for everybody. Percentiles are linear between the nearest two.
    """
    import numpy as np

    draws = Draws(seed)
    factor = _factors(draws, spread)
    total = np.full(DRAWS, float(credited))
    for deal in deals:
        total += deal.amount * (draws.take(DRAWS) < deal.probability * factor)
    total += _arriving(draws, arrivals, factor)
    p10, p50, p90 = (round(float(each)) for each in np.percentile(total, (10, 50, 90)))
    reached = None if target is None or target <= 0 else float((total >= target).mean())
    return Simulation(p10, p50, p90, reached)


def _factors(draws: Draws, spread: float) -> "NDArray[float64]":
    """Log-normal numbers of mean 1, from pairs of uniform ones (Box and Muller 1958)."""
    import numpy as np

    first, second = draws.take(DRAWS), draws.take(DRAWS)
    normal = np.sqrt(-2 * np.log(1 - first)) * np.cos(2 * np.pi * second)
    found: NDArray[float64] = np.exp(spread * normal - spread**2 / 2)
    return found


def _arriving(draws: Draws, arrivals: Arrivals, factor: "NDArray[float64]") -> "NDArray[float64]":
    import numpy as np

    if arrivals.mean <= 0 or not arrivals.amounts:
        return np.zeros(DRAWS)
    counts = np.array([_poisson(u, arrivals.mean * f) for u, f in zip(draws.take(DRAWS), factor, strict=True)])
    amounts = np.array(arrivals.amounts, dtype=float)
    drawn = amounts[(draws.take(int(counts.sum())) * len(amounts)).astype(int)]
    summed = np.bincount(np.repeat(np.arange(DRAWS), counts), weights=drawn, minlength=DRAWS)
    return summed.astype(np.float64)


def _poisson(uniform: float, mean: float) -> int:
    """The smallest number whose cumulated probability exceeds the uniform one; beyond a mean of 500 the normal's."""
    if mean > 500:
        return max(0, round(mean + sqrt(mean) * _normal(uniform)))
    number, probability = 0, exp(-mean)
    cumulated = probability
    while cumulated <= uniform and number < 10 * mean + 100:
        number += 1
        probability *= mean / number
        cumulated += probability
    return number


def _normal(uniform: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(min(max(uniform, 1e-12), 1 - 1e-12))
