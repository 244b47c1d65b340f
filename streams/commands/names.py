"""Names that people type: known, or answered with what they probably meant."""

from collections.abc import Iterable

import click

from quota.errors import InvalidRecord
from quota.periods import Period, parse_period
from quota.plans import PlanIndex
from quota.weights import names
from schemas.alerts import Transition
from schemas.plan import Rule
from streams.documents import suggestion

YEARS = range(1970, 2200)
"""Of which facts can be; beyond them calendars soon end."""
WITHIN = f"name one of the years {YEARS[0]} to {YEARS[-1]}"


def require_scope(scope: str, plan: PlanIndex) -> None:
    """Raises a usage error for a scope that the plan does not know."""
    if scope not in plan.scopes:
        raise click.UsageError(f"there is no scope {scope!r}; {suggestion(scope, plan.scopes)}")


def require_metric(metric: str, plan: PlanIndex) -> None:
    """Raises a usage error for a metric that neither we nor the plan declare."""
    if metric not in plan.metrics:
        raise click.UsageError(f"there is no metric {metric!r}; {suggestion(metric, plan.metrics)}")


def require_weight(name: str, plan: PlanIndex, *others: str) -> None:
    """Raises a usage error for a weight that the plan gives nobody; `others` may be named as well."""
    known = names(plan)
    if name not in known:
        raise click.UsageError(f"the plan has no weight {name!r}; {suggestion(name, [*others, *known])}")


def the_period(text: str, scope: str, plan: PlanIndex) -> Period:
    """The period of a scope's calendar with that id; a usage error, with the ways to write one, if there is none."""
    try:
        found = parse_period(text, plan.calendar(scope))
    except InvalidRecord as error:
        raise click.UsageError(str(error)) from error
    if found.start.year not in YEARS:
        raise click.UsageError(f"{text} is too far away; {WITHIN}")
    return found


def require_rule(rule: str, rules: Iterable[Rule], found: Iterable[Transition]) -> None:
    """Raises a usage error for a rule that is neither in the plan nor ever fired, by kind or by id."""
    planned = {name for each in rules for name in (each.kind, each.id)}
    known = planned | {name for each in found for name in (each.kind, each.rule)}
    if rule not in known:
        raise click.UsageError(f"there is no rule {rule!r}; {suggestion(rule, known)}")
