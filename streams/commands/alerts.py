"""`quotaflow alerts`: what is wrong now, or everything that ever was."""

from collections.abc import Sequence

import click
from msgspec import json

from quota.plans import PlanIndex
from quota.wording import name_of
from schemas.alerts import Transition
from streams.commands.names import require_rule
from streams.commands.options import shared
from streams.commands.session import Session
from streams.serving.plan import newest
from streams.serving.transitions import document, still_open, transitions

STYLES = {"firing": "red", "resolved": "green", "retracted": "yellow"}
STATE = 1
"""The place of the transition's kind in a row."""


@click.command()
@click.option("--rule", metavar="R", help="Only alerts of this rule, by its kind or by its id in the plan.")
@click.option("--history", is_flag=True, help="Every transition in order, not just what is open.")
@click.option("--json", "as_json", is_flag=True, help='{"transitions": [...]}, for programs.')
@shared
@click.pass_obj
def alerts(session: Session, rule: str | None, *, history: bool, as_json: bool) -> None:
    """Print the alerts that are open."""
    plan, found = session.run(_found(session, rule))
    shown = found if history else still_open(found)
    if as_json:
        click.echo(json.encode({"transitions": [document(transition) for transition in shown]}))
    elif shown:
        _print(shown, plan)
    else:
        click.echo("No alert ever fired." if history else "No alert is open.")


async def _found(session: Session, rule: str | None) -> tuple[PlanIndex, list[Transition]]:
    async with session.reading() as opened:
        plan = await newest(opened.log)
        found = await transitions(opened.log, opened.shards)
    if rule is None:
        return plan, found
    require_rule(rule, [*plan.plan.rules], found)
    return plan, [transition for transition in found if rule in {transition.kind, transition.rule}]


def _print(shown: Sequence[Transition], plan: PlanIndex) -> None:
    rows = [_row(each, plan) for each in shown]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]) - 1)]
    for each, row in zip(shown, rows, strict=True):
        *cells, summary = row
        padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=True)]
        padded[STATE] = click.style(padded[STATE], fg=STYLES.get(each.transition))
        click.echo("  ".join([*padded, summary]))


def _row(each: Transition, plan: PlanIndex) -> tuple[str, ...]:
    at = each.at.astimezone(plan.calendar("company").zone)
    scope = name_of(each.scope, plan)
    return f"{at:%Y-%m-%d %H:%M}", each.transition, each.rule, scope, each.period, each.reason, each.summary
