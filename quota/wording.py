"""How numbers, names and days are said to people."""

from datetime import date
from functools import lru_cache

from quota import money
from quota.plans import PlanIndex


def name_of(scope: str, plan: PlanIndex) -> str:
    """What people call a scope; the scope itself if the plan does not know it."""
    return _names(plan).get(scope, scope)


def metric_name(metric: str, plan: PlanIndex) -> str:
    """What people call a metric."""
    declared = (own.name for own in plan.plan.metrics if own.id == metric and own.name)
    return next(declared, metric.replace("_", " "))


def amount(minor_units: int, currency: str) -> str:
    """Money with its currency and grouped digits, without cents where there are none: `USD 1,054`."""
    return quantity(money.decimal(minor_units, currency), currency)


def quantity(value: float | str, unit: str | None) -> str:
    """A standing's number: money from its decimal string, anything else with at most one digit after the point."""
    if not isinstance(value, str):
        return number(value)
    whole, point, cents = value.partition(".")
    sign = "-" if whole.startswith("-") else ""
    return f"{unit} {sign}{int(whole.lstrip('-')):,}{point + cents if cents.strip('0') else ''}"


def about(minor_units: float, currency: str) -> str:
    """An estimated amount, to the whole unit of currency."""
    unit = 10 ** money.exponent(currency)
    return amount(round(minor_units / unit) * unit, currency)


def number(value: float) -> str:
    """A number with at most one digit after the point."""
    return f"{value:z,.1f}".removesuffix(".0")


def percent(share: float) -> str:
    """A fraction as percent with at most one digit after the point."""
    return f"{number(100 * share)} %"


def spoken_day(day: date) -> str:
    """A day as people write it: `4 November 2017`."""
    return f"{day.day} {day:%B %Y}"


def counted(count: int, one: str, many: str) -> str:
    """A count with its noun: `1 deal`, `3 deals`."""
    return f"{count:,} {one if count == 1 else many}"


@lru_cache(maxsize=4)
def _names(plan: PlanIndex) -> dict[str, str]:
    teams = {f"team:{team.id}": team.name for team in plan.plan.teams}
    reps = {f"rep:{rep.id}": rep.name for rep in plan.plan.reps}
    return {"company": plan.plan.company.name, **teams, **reps}
