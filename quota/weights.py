"""What scopes weigh when a target is spread over them."""

from collections.abc import Callable, Mapping
from fractions import Fraction

from quota.families import children, reps_below
from quota.histories import Histories
from quota.periods import Period
from quota.plans import PlanIndex

Weigh = Callable[[str], Fraction]


def equal(period: Period, plan: PlanIndex) -> Weigh:
    """Every rep weighs the same, and a team as much as its reps."""
    return lambda scope: Fraction(len(reps_below(scope, period, plan)))


def by_history(metric: str, period: Period, history: Histories, over: int) -> Weigh:
    """What a scope came to in its last periods that were over before this one; less than nothing weighs nothing."""

    def weigh(scope: str) -> Fraction:
        past = history.over(scope, period.kind, period.start, over)
        return Fraction(max(0, sum(history.values(scope, metric, past))))

    return weigh


def by_name(name: str, period: Period, plan: PlanIndex) -> Weigh:
    """The weight of that name which the plan gives a scope; who has none weighs as much as everybody below together."""
    teams = ((f"team:{team.id}", team.weights) for team in plan.plan.teams)
    reps = ((f"rep:{rep.id}", rep.weights) for rep in plan.plan.reps)
    own = {scope: Fraction(weights[name]) for scope, weights in (*teams, *reps) if name in weights}
    return listed(own, period, plan)


def listed(own: Mapping[str, Fraction], period: Period, plan: PlanIndex) -> Weigh:
    """The weight that is listed for a scope; who is not listed weighs as much as everybody below together."""

    def weigh(scope: str) -> Fraction:
        found = own.get(scope)
        below = () if found is not None else children(scope, period, plan)
        return found if found is not None else sum((weigh(child) for child in below), Fraction())

    return weigh


def names(plan: PlanIndex) -> list[str]:
    """The names of all weights that the plan gives anybody."""
    teams, reps = ({name for each in objects for name in each.weights} for objects in (plan.plan.teams, plan.plan.reps))
    return sorted(teams | reps)
