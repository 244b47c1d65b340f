"""`quotaflow alerts`: what is wrong now, or everything that ever was."""

from collections.abc import Sequence

import click
from msgspec import json

from quota.plans import PlanIndex
from quota.wording import name_of
from schemas.alerts import Transition
from streams.commands.console import out
from streams.commands.names import require_rule
from streams.commands.options import shared
from streams.commands.session import Session
from streams.serving.plan import newest
from streams.serving.transitions import document, still_open, transitions

STYLES = {"firing": "bold red", "resolved": "green", "retracted": "yellow"}


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
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("at", "rule", "scope", "period", "", "reason"):
        table.add_column(name, no_wrap=True)
    table.add_column("summary", overflow="fold")
    for each in shown:
        at = each.at.astimezone(plan.calendar("company").zone)
        state = Text(each.transition, style=STYLES.get(each.transition, ""))
        scope = Text(name_of(each.scope, plan))
        cells = (f"{at:%Y-%m-%d %H:%M}", each.rule, scope, each.period, state, each.reason, Text(each.summary))
        table.add_row(*cells)
    out().print(table)
