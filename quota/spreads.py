"""Top-down: a target handed out among children by their weights, to the last unit."""

from collections.abc import Iterator, Mapping
from fractions import Fraction

from msgspec import Struct

from quota.errors import InvalidRecord
from quota.families import children
from quota.periods import Period
from quota.plans import PlanIndex
from quota.weights import Weigh


class Handed(Struct, frozen=True):
    """What a scope is handed of the target above it, in minor units or counts; who hands down first has depth 0."""

    scope: str
    depth: int
    weight: Fraction
    target: int


def hand_down(
    above: Handed, period: Period, weigh: Weigh, plan: PlanIndex, levels: int, step: int = 1
) -> Iterator[Handed]:
    """Who hands down, then what everybody below is handed of it, through so many levels; parents come first."""
    yield above
    weights = {child: weigh(child) for child in children(above.scope, period, plan)} if levels else {}
    if weights:
        found = spread(above.target, weights, step)
        for child, weight in weights.items():
            handed = Handed(child, above.depth + 1, weight, found[child])
            yield from hand_down(handed, period, weigh, plan, levels - 1, step)


def spread(target: int, weights: Mapping[str, Fraction], step: int = 1) -> dict[str, int]:
    """Whole steps for every child, by id: they add up to the target, and none is a step or more from its exact share.

    The steps that rounding leaves go to the largest remainders, of equal ones to the first id (Hamilton's method); what
    of the target is less than a step goes to whoever weighs most. Where nobody weighs anything, all weigh the same.
    Raises InvalidRecord for a negative target or weight, and if there is nobody.
    """
    if not weights:
        raise InvalidRecord("there is nobody to spread a target over")
    if target < 0 or any(weight < 0 for weight in weights.values()):
        raise InvalidRecord("a target and its weights cannot be negative")
    total, even = sum(weights.values()), Fraction(1, len(weights))
    shares = {child: Fraction(weight, total) if total else even for child, weight in weights.items()}
    steps, rest = divmod(target, step)
    exact = {child: steps * share for child, share in shares.items()}
    found = {child: int(share) for child, share in exact.items()}
    left = steps - sum(found.values())
    for child in sorted(found, key=lambda child: (found[child] - exact[child], child))[:left]:
        found[child] += 1
    most = min(shares, key=lambda child: (-shares[child], child))
    return {child: number * step + (rest if child == most else 0) for child, number in found.items()}
