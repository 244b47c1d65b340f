"""`quotaflow quota review`: which proposed quotas are still to be agreed on, and what was said of them."""

from datetime import date

import click
from msgspec import json

from quota.histories import unit_of, units
from quota.money import decimal
from quota.plans import PlanIndex
from quota.proposals import Case, quota
from quota.wording import counted, metric_name, name_of, quantity
from streams import topics
from streams.commands.console import out
from streams.commands.forecasting import Day
from streams.commands.options import shared
from streams.commands.quota_setting import as_json
from streams.commands.session import Session
from streams.serving.plan import newest
from streams.serving.proposals import proposals
from streams.wall_clock import now

STYLES = {"accepted": "green", "contested": "yellow", "withdrawn": "dim"}


@click.command()
@click.option("--all", "every", is_flag=True, help="Those that were accepted or withdrawn, too.")
@click.option("--as-of", "day", type=Day(), help="The day on which reviews are due; default: today.")
@click.option("--yaml", "as_yaml", is_flag=True, help="What was accepted, as a section for the plan's files.")
@as_json
@shared
@click.pass_obj
def review(session: Session, *, every: bool, day: date | None, as_yaml: bool, as_json: bool) -> None:
    """List the proposed quotas that are still to be agreed on; those whose review is due come first."""
    plan, found = session.run(_found(session))
    day = day or now().astimezone(plan.calendar("company").zone).date()
    if as_yaml:
        click.echo(_plan([case for case in found if case.state == "accepted"], plan))
        return
    shown = [case for case in found if every or case.state in ("proposed", "contested")]
    shown.sort(key=lambda case: (not case.due(day), case.proposal.review, case.proposal.number))
    if as_json:
        click.echo(json.encode({"proposals": [_document(case, day, plan) for case in shown]}))
    elif shown:
        _print(shown, day, plan)
    else:
        click.echo("No proposal is open." if not every else "Nothing was ever proposed.")


async def _found(session: Session) -> tuple[PlanIndex, list[Case]]:
    async with session.reading() as opened:
        plan, found = await newest(opened.log), await proposals(opened.log)
    if found.unread:
        where = f"{topics.PROPOSALS.name}/0/{found.unread[0]}"
        what = counted(len(found.unread), "record", "records")
        click.echo(f"passed over what cannot be read: {what}, the first is {where}", err=True)
    return plan, [*found.cases.values()]


def _document(case: Case, day: date, plan: PlanIndex) -> dict[str, object]:
    said = case.proposal
    return {
        "number": said.number,
        "state": case.state,
        "due": case.due(day),
        "review": said.review,
        "quota": quota(case, plan),
        "proposed_by": said.by,
        "proposed_at": said.at,
        "answers": case.answers,
    }


def _print(shown: list[Case], day: date, plan: PlanIndex) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("no.", "scope", "quota", "from", "target", "by", "review", "state", "last said"):
        table.add_column(name, justify="right" if name in ("no.", "target") else "left")
    for case in shown:
        said, last = case.proposal, case.answers[-1:]
        due = " (due)" if case.due(day) else ""
        table.add_row(
            str(said.number),
            Text(name_of(said.scope, plan)),
            Text(f"{metric_name(said.metric, plan)}, {said.period}"),
            said.start,
            _target(case, plan),
            Text(said.by),
            Text(f"{said.review}{due}", style="bold red" if due else ""),
            Text(case.state, style=STYLES.get(case.state, "")),
            Text(f"{last[0].by}: {last[0].text or last[0].kind}" if last else said.reason),
        )
    out().print(table)


def _target(case: Case, plan: PlanIndex) -> str:
    """The target as people read it; of a metric that the plan has no more as it was proposed."""
    said = case.proposal
    if said.metric not in plan.metrics or unit_of(said.metric, plan) != said.currency:
        return f"{said.target} {said.currency or ''}".strip()
    number = units(said.target, said.currency)
    return quantity(decimal(number, said.currency) if said.currency else number, said.currency)


def _plan(accepted: list[Case], plan: PlanIndex) -> str:
    """A section for a plan file, with a currency where it is no longer the company's, so that it is not mistaken.

    Texts are quoted as JSON strings, which YAML reads as they are.
    """
    lines = ["quotas:"] if accepted else ["# nothing was accepted yet"]
    for case in accepted:
        said = quota(case, plan)
        currency = f", currency: {said.currency}" if said.currency not in (None, plan.currency) else ""
        better = ", direction: lower" if said.direction == "lower" else ""
        why = {"set_by": said.set_by, "reason": said.reason}
        notes = "".join(f", {key}: {json.encode(value).decode()}" for key, value in why.items() if value)
        lines.append(
            f"  - {{id: {said.id}, scope: {said.scope}, metric: {said.metric}, period: {said.period},"
            f" target: {said.target}{currency}, from: {said.start}, until: {said.end}{better}{notes}}}"
        )
    return "\n".join(lines)
