"""Top-down and bottom-up side by side: whether what was promised above is what is planned and likely below."""

from collections.abc import Iterator
from fractions import Fraction

from msgspec import Struct

from quota.families import children, reps_below
from quota.histories import Histories, unit_of, units
from quota.periods import Period, period_of
from quota.plans import PlanIndex
from quota.suggestions import suggestion

TOLERANCE = Fraction(1, 20)
"""Of the target, by which top-down and bottom-up may differ."""
_FINER = {"year": ("quarter", "month"), "quarter": ("month",)}


class Invariant(Struct, frozen=True):
    """Targets that should add up to another, in minor units or counts: `parts` are how many of `of` have one."""

    what: str
    whole: int
    parts: int
    of: int
    total: int

    @property
    def over(self) -> int:
        """What is assigned beyond the whole; negative where something of it is assigned to nobody."""
        return self.total - self.whole


class Reconciliation(Struct, frozen=True):
    """A scope's target beside what its reps' own history suggests; None where there is no target, or no history.

    `gap` is top-down minus bottom-up, `share` the same as a fraction of the target; of `reps`, `known` have a history.
    """

    scope: str
    top_down: int | None
    bottom_up: int | None
    gap: int | None
    share: float | None
    within: bool | None
    reps: int
    known: int
    invariants: tuple[Invariant, ...]


def planned(scope: str, metric: str, period: Period, plan: PlanIndex) -> int | None:
    """What the scope's quota on a metric asks for in a period, in minor units or whole counts; None without one."""
    for quota in plan.quotas(scope, period):
        if quota.metric == metric:
            asked = plan.target(quota, period)
            if unit_of(metric, plan) is not None:
                return plan.worth(asked.amount, quota, period)
            # Of a whole count a part may be asked; a target that is no whole count is told.
            units(quota.target, None)
            return round(Fraction(asked.amount, asked.scale))
    return None


def is_lower(scope: str, metric: str, period: Period, plan: PlanIndex) -> bool:
    """Whether less is better: as the scope's quota on the metric says, without one as the metric itself says."""
    said = [quota.direction for quota in plan.quotas(scope, period) if quota.metric == metric]
    return (said or [plan.metrics[metric].direction])[0] == "lower"


def reconcile(
    scope: str, metric: str, period: Period, history: Histories, growth: Fraction, tolerance: Fraction = TOLERANCE
) -> Reconciliation:
    """The scope's target against the sum of its reps' suggestions, and every sum that should hold for the target."""
    plan = history.plan
    top_down, reps = planned(scope, metric, period, plan), reps_below(scope, period, plan)
    found = [suggestion(rep, metric, period, history, growth=growth).value for rep in reps]
    known = [value for value in found if value is not None]
    bottom_up = sum(known) if known else None
    gap = None if top_down is None or bottom_up is None else top_down - bottom_up
    share = None if gap is None or not top_down else gap / top_down
    within = None if gap is None or top_down is None else abs(gap) <= tolerance * top_down
    invariants = () if top_down is None else (*_invariants(scope, metric, period, top_down, plan),)
    return Reconciliation(scope, top_down, bottom_up, gap, share, within, len(reps), len(known), invariants)


def _invariants(scope: str, metric: str, period: Period, whole: int, plan: PlanIndex) -> Iterator[Invariant]:
    """What of it can be looked at: children of whom at least one has a target, and shorter periods likewise."""
    below = children(scope, period, plan)
    yield from _sum("children", whole, [planned(child, metric, period, plan) for child in below])
    for kind in _FINER.get(period.kind, ()):
        tiles = _tiles(kind, period, scope, plan)
        yield from _sum(f"{kind}s", whole, [planned(scope, metric, tile, plan) for tile in tiles])


def _sum(what: str, whole: int, targets: list[int | None]) -> Iterator[Invariant]:
    known = [target for target in targets if target is not None]
    if known:
        yield Invariant(what, whole, len(known), len(targets), sum(known))


def _tiles(kind: str, period: Period, scope: str, plan: PlanIndex) -> list[Period]:
    """The shorter periods that the period consists of."""
    calendar, day = plan.calendar(scope), period.start
    found: list[Period] = []
    while day < period.end:
        found.append(period_of(kind, day, calendar))
        day = found[-1].end
    return found
