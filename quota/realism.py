"""Whether a quota can be reached: how likely history makes it, and whether attainment follows a territory's size."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import correlation, quantiles

from msgspec import Struct

from quota.draws import Draws
from quota.families import siblings
from quota.histories import Histories
from quota.periods import Period

DRAWS = 2000
PEERS_WEIGH = 4
"""Own periods to which the peers' count as much."""
LEAST = 4
"""Values of own and peers' history without which nothing is said."""
UNREALISTIC, TOO_EASY = 0.2, 0.9
OVER = 12
"""How many periods of its own, and of each peer, a quota is judged by."""
_PARTS = {"year": ("quarter", 4), "quarter": ("month", 3)}
BANDS = (0.5, 0.8, 1.0, 1.2)
"""Attainment at which bands end; a quota that is met exactly is in the band from 100 %."""
_RELATED = 2.0


class Realism(Struct, frozen=True):
    """`chance` is the probability that history reaches the quota; None where there is little, `too_little_history`.

    It is None as well for a quota of nothing, which is `no_target`.
    """

    chance: float | None
    verdict: str
    own: int
    peers: int


class Fairness(Struct, frozen=True):
    """How attainment is spread: `bands` count people below 50 %, 80 %, 100 %, 120 %, and above.

    `relation` is the rank correlation of attainment and territory size, None for less than four people or none of
    whom differ; `related` says that it is more than chance would give (t of 2).
    """

    people: int
    reached: int
    bands: tuple[int, ...]
    spread: float | None
    relation: float | None
    related: bool


def judged(scope: str, metric: str, period: Period, quota: int, history: Histories, *, lower: bool = False) -> Realism:
    """How realistic a scope's quota is, by the last periods of itself and its siblings that were over before this one.

    A year is drawn as four quarters and a quarter as three months, where the plan keeps these.
    """
    plan = history.plan
    kind, parts = _PARTS.get(period.kind, (period.kind, 1))
    if kind not in plan.kinds():
        kind, parts = period.kind, 1
    own, *others = (
        history.values(each, metric, history.over(each, kind, period.start, OVER))
        for each in (scope, *siblings(scope, period, plan))
    )
    return realism(quota, parts, own, others, f"{scope}|{metric}|{period.id}", lower=lower)


def realism(
    quota: int, parts: int, own: Sequence[int], peers: Sequence[Sequence[int]], seed: str, *, lower: bool = False
) -> Realism:
    """The chance that as many `parts` of a period as it has, drawn from history, add up to the quota, or to no more.

    Each is drawn from the own history with probability n/(n + 4), else from the peers', brought to the own mean.
    The draws depend on the seed alone. Source: the bootstrap (Efron 1979), shrunk to peers as every rate is.
    """
    if quota <= 0:
        return Realism(None, "no_target", len(own), sum(map(len, peers)))
    others = [value for values in peers for value in _scaled(values, own)]
    if len(own) + len(others) < LEAST:
        return Realism(None, "too_little_history", len(own), len(others))
    reached = sum(total <= quota if lower else total >= quota for total in _totals(parts, own, others, seed))
    chance = reached / DRAWS
    verdict = "unrealistic" if chance < UNREALISTIC else "too_easy" if chance > TOO_EASY else "realistic"
    return Realism(chance, verdict, len(own), len(others))


def fairness(attainments: Mapping[str, float], sizes: Mapping[str, float]) -> Fairness:
    """How even attainment is, and whether it goes with the size of the territory; sizes may be known of some only."""
    found = sorted(attainments.values())
    bands = [0] * (len(BANDS) + 1)
    for each in found:
        bands[sum(each >= limit for limit in BANDS)] += 1
    both = [who for who in sorted(attainments) if who in sizes]
    relation = _rank_correlation([attainments[who] for who in both], [sizes[who] for who in both])
    spread = _middle_half(found) if len(found) >= LEAST else None
    related = relation is not None and _beyond_chance(relation, len(both))
    return Fairness(len(found), sum(each >= 1 for each in found), tuple(bands), spread, relation, related)


def _scaled(values: Sequence[int], own: Sequence[int]) -> list[float]:
    """A peer's values, brought to the own mean, for territories differ in size; one who never sold has no scale."""
    if not own:
        return [*values]
    if not sum(values):
        return []
    factor = sum(own) / len(own) / (sum(values) / len(values))
    return [value * factor for value in values]


def _totals(parts: int, own: Sequence[int], others: Sequence[float], seed: str) -> Iterator[float]:
    numbers = iter(Draws(seed).take(2 * parts * DRAWS).tolist())
    weight = len(own) / (len(own) + PEERS_WEIGH) if others else 1.0
    for _ in range(DRAWS):
        yield sum(_draw(own if next(numbers) < weight else others, next(numbers)) for _ in range(parts))


def _draw(values: Sequence[float], number: float) -> float:
    return values[int(number * len(values))]


def _rank_correlation(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Spearman's; None for less than four pairs, or where all of either are the same."""
    if len(first) < LEAST or len({*first}) == 1 or len({*second}) == 1:
        return None
    return correlation(_ranks(first), _ranks(second))


def _ranks(values: Sequence[float]) -> list[float]:
    """Each value's place in order; equal ones share the mean of theirs."""
    ordered = sorted(values)
    return [ordered.index(value) + (ordered.count(value) - 1) / 2 for value in values]


def _beyond_chance(relation: float, pairs: int) -> bool:
    """Whether Student's t of the relation is at least 2."""
    return relation**2 * (pairs - 2) >= _RELATED**2 * (1 - relation**2)


def _middle_half(values: Sequence[float]) -> float:
    """The distance between the quartiles, linear between the two nearest values."""
    first, _, third = quantiles(values, n=4, method="inclusive")
    return third - first
