"""`quotaflow explain`: which facts a number is made of."""

import click
from msgspec import json
from msgspec.structs import astuple

from quota.plans import PlanIndex
from quota.wording import counted, metric_name, name_of, percent, quantity
from schemas.standings import Measure
from streams.commands.console import out
from streams.commands.explain_target import explain_target
from streams.commands.names import require_metric, require_scope, the_period
from streams.commands.options import shared
from streams.commands.session import Opened, Session
from streams.serving.entities import FactRef
from streams.serving.explanations import Explanation, document, explanation, plan_in_force
from streams.serving.policies import policy


@click.command()
@click.argument("scope")
@click.argument("metric")
@click.argument("period")
@click.option("--target", "of_target", is_flag=True, help="What the quota on METRIC asks for, instead, and why.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@shared
@click.pass_obj
def explain(session: Session, scope: str, metric: str, period: str, *, of_target: bool, as_json: bool) -> None:
    """Print what METRIC of SCOPE in PERIOD is made of: every deal, meeting or activity, and its facts.

    For example: quotaflow explain team:west revenue 2017-Q3
    """
    if of_target:
        plan = session.run(_plan(session, scope, metric))
        explain_target(scope, metric, the_period(period, scope, plan), plan, as_json=as_json)
        return
    found = session.run(_found(session, scope, metric, period))
    if as_json:
        click.echo(json.encode(document(found)))
    else:
        _print(found)


async def _plan(session: Session, scope: str, metric: str) -> PlanIndex:
    async with session.reading() as opened:
        return await _plan_with(opened, scope, metric)


async def _plan_with(opened: Opened, scope: str, metric: str) -> PlanIndex:
    plan = await plan_in_force(opened.log, opened.shards)
    require_scope(scope, plan)
    require_metric(metric, plan)
    return plan


async def _found(session: Session, scope: str, metric: str, period: str) -> Explanation:
    async with session.reading() as opened:
        plan = await _plan_with(opened, scope, metric)
        wanted = the_period(period, scope, plan)
        return await explanation(opened.log, opened.shards, plan, scope, metric, wanted)


def _print(found: Explanation) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("day", "what", "value", "facts (topic/partition/offset: source id)"):
        table.add_column(name, justify="right" if name == "value" else "left")
    for each in found.contributions:
        below = "" if each.below is None else f" / {each.below}"
        facts = ", ".join(_fact(fact) for fact in each.entity.facts)
        what = Text(f"{each.entity.kind} {each.entity.id}")
        table.add_row(each.day, what, f"{found.shown(each.above)}{below}", Text(facts))
    if found.contributions:
        out().print(table)
    click.echo(_headline(found))
    for name, said in policy(found.plan.metrics[found.metric]).items():
        click.echo(f"  {name}: {said}")


def _number(total: Measure, found: Explanation) -> str:
    if total.value is None:
        return f"undefined ({total.reason})"
    if found.plan.metrics[found.metric].kind == "ratio" and not isinstance(total.value, str):
        return percent(total.value)
    return quantity(total.value, total.unit)


def _fact(fact: FactRef) -> str:
    return f"{'/'.join(map(str, astuple(fact.origin)))}: {fact.source} {fact.id}"


def _headline(found: Explanation) -> str:
    what = f"{metric_name(found.metric, found.plan)} of {name_of(found.scope, found.plan)} in {found.period.id}"
    total = found.sum
    number = _number(total, found)
    made = counted(len(found.contributions), "contribution", "contributions")
    said = found.published
    late = ""
    if said is not None and said.value != total.value:
        late = f" (published was {said.value}: facts have come since, the next tick says them)"
    return f"{what}: {number}, of {made}, under revision {found.plan.revision} of the plan{late}"
