"""Who stands below whom in a period: the scopes that a target is handed down to, and added up from."""

from functools import lru_cache

from quota.periods import Period
from quota.plans import PlanIndex
from schemas.plan import Rep


def children(scope: str, period: Period, plan: PlanIndex) -> tuple[str, ...]:
    """The scopes directly below one in a period, teams first: a rep is below the team in which he ends it."""
    return _families(period, plan).get(scope, ())


def siblings(scope: str, period: Period, plan: PlanIndex) -> tuple[str, ...]:
    """The other scopes of its kind directly below the same one in a period; of reps, those of the same role."""
    families = _families(period, plan)
    family: tuple[str, ...] = next((each for each in families.values() if scope in each), ())
    kind, roles = scope.partition(":")[0], _roles(plan)
    return tuple(
        each for each in family if each != scope and each.startswith(kind) and roles.get(each) == roles.get(scope)
    )


def reps_below(scope: str, period: Period, plan: PlanIndex) -> tuple[str, ...]:
    """All reps below a scope, whatever is between; a rep is below himself."""
    if scope.startswith("rep:"):
        return (scope,)
    return tuple(rep for child in children(scope, period, plan) for rep in reps_below(child, period, plan))


@lru_cache(maxsize=64)
def _families(period: Period, plan: PlanIndex) -> dict[str, tuple[str, ...]]:
    """Everybody by who is directly above; reps who do not work here on any day of the period are below nobody."""
    found: dict[str, list[str]] = {}
    known = {team.id for team in plan.plan.teams}
    for team in plan.plan.teams:
        found.setdefault(_scope(team.parent), []).append(f"team:{team.id}")
    for rep in plan.plan.reps:
        if _works(rep, period):
            found.setdefault(_scope(_team(rep, period, known)), []).append(f"rep:{rep.id}")
    return {
        above: (*sorted(below, key=lambda scope: (scope.startswith("rep:"), scope)),) for above, below in found.items()
    }


@lru_cache(maxsize=4)
def _roles(plan: PlanIndex) -> dict[str, str | None]:
    return {f"rep:{rep.id}": rep.role for rep in plan.plan.reps}


def _scope(team: str | None) -> str:
    return "company" if team is None else f"team:{team}"


def _works(rep: Rep, period: Period) -> bool:
    start, end = period.start.isoformat(), period.end.isoformat()
    return (rep.hired is None or rep.hired < end) and (rep.left is None or start < rep.left)


def _team(rep: Rep, period: Period, known: set[str]) -> str | None:
    """The last team that the rep is in on a day of the period; None for one who is straight under the company."""
    start, end = period.start.isoformat(), period.end.isoformat()
    within = [
        each
        for each in rep.teams
        if each.team in known and (each.start is None or each.start < end) and (each.end is None or start < each.end)
    ]
    return max(within, key=lambda each: each.start or "").team if within else None
