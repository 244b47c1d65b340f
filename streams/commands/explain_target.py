"""`quotaflow explain --target`: what a quota asks for in a period, and why."""

import click
from msgspec import json

from quota.periods import Period
from quota.plans import PlanIndex
from quota.wording import metric_name, name_of, percent, quantity
from streams.commands.console import out
from streams.serving.targets import AskedFor, asked_for, document


def explain_target(scope: str, metric: str, period: Period, plan: PlanIndex, *, as_json: bool) -> None:
    """Prints the target of the scope's quota; a usage error where none is in force for the period."""
    found = asked_for(scope, metric, period, plan)
    if found is None:
        raise click.UsageError(_none(scope, metric, period, plan))
    if as_json:
        click.echo(json.encode(document(found)))
    else:
        _print(found)


def _none(scope: str, metric: str, period: Period, plan: PlanIndex) -> str:
    kinds = dict.fromkeys(q.period for q in plan.plan.quotas if (q.scope, q.metric) == (scope, metric))
    known = f"it has one per {' and per '.join(kinds)}" if kinds else f"it has none on {metric} at all"
    return f"{scope} has no quota on {metric} in force for {period.id}; {known}"


def _print(found: AskedFor) -> None:
    from rich.table import Table

    said = document(found)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("from", "until before", "season", "ramp", "present", "amount"):
        table.add_column(name, justify="left" if name in {"from", "until before"} else "right")
    for piece in said["pieces"]:
        there = f"{piece['present_days']} of {piece['working_days']} days"
        shares = percent(piece["season"]), percent(piece["ramp"])
        table.add_row(piece["from"], piece["until"], *shares, there, str(piece["amount"]))
    out().print(table)
    for relief in said["relief"]:
        click.echo(f"  relief: {relief['amount']}, by {relief['by']}: {relief['reason']}")
    click.echo(_headline(found))
    if found.target.stretch is not None:
        click.echo(f"  stretch target: {_said(found.target.stretch, found)}")
    if found.quota.set_by or found.quota.reason:
        click.echo(f"  set by {found.quota.set_by or 'nobody named'}: {found.quota.reason or 'no reason given'}")


def _headline(found: AskedFor) -> str:
    quota, target, plan = found.quota, found.target, found.plan
    what = f"target for {metric_name(quota.metric, plan)} of {name_of(quota.scope, plan)} in {found.period.id}"
    asked, base = _said(target.amount, found), _said(target.base, found)
    return f"{what}: {asked}, where {base} was set by quota {quota.id}, under revision {plan.revision} of the plan"


def _said(amount: int, found: AskedFor) -> str:
    shown = found.shown(amount)
    return str(shown) if found.unit is None else quantity(shown, found.unit)
