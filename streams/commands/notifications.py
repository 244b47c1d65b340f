"""`quotaflow notifications`: who was told what, and what became of it."""

from collections.abc import Sequence

import click
from msgspec import json

from quota.plans import PlanIndex
from quota.wording import counted
from schemas.notifications import Delivery
from streams.commands.options import shared
from streams.commands.session import Session
from streams.serving.deliveries import deliveries, document
from streams.serving.plan import newest

STYLES = {"delivered": "green", "pending": "yellow", "failed": "red"}


@click.command()
@click.option("--pending", is_flag=True, help="Only messages that are still to be delivered.")
@click.option("--failed", is_flag=True, help="Only messages that will not be delivered.")
@click.option("--json", "as_json", is_flag=True, help='{"notifications": [...]}, for programs.')
@shared
@click.pass_obj
def notifications(session: Session, *, pending: bool, failed: bool, as_json: bool) -> None:
    """Print what was sent to whom, when and over what, and what became of it."""
    plan, found = session.run(_found(session))
    wanted = {state for state, asked in (("pending", pending), ("failed", failed)) if asked} or {*STYLES}
    shown = [each for each in found if each.state in wanted]
    if as_json:
        click.echo(json.encode({"notifications": [document(each) for each in shown]}))
    elif shown:
        _print(shown, plan)
    else:
        click.echo(
            f"No message is {' or '.join(sorted(wanted))}." if pending or failed else "Nobody was told anything."
        )


async def _found(session: Session) -> tuple[PlanIndex, list[Delivery]]:
    async with session.reading() as opened:
        return await newest(opened.log), await deliveries(opened.log, opened.shards)


def _print(shown: Sequence[Delivery], plan: PlanIndex) -> None:
    for each in shown:
        said = each.notification
        at = said.cause.at.astimezone(plan.calendar("company").zone)
        state = click.style(f"{each.state:<9}", fg=STYLES[each.state])
        click.echo(f"{at:%Y-%m-%d %H:%M}  {state}  {said.recipient} by {said.sink} ({said.route}): {said.subject}")
        if each.state != "delivered" or each.attempts > 1:
            click.echo(f"    {_what_became(each, plan)}")


def _what_became(each: Delivery, plan: PlanIndex) -> str:
    parts = [counted(each.attempts, "attempt", "attempts"), *([each.reason] if each.reason else [])]
    if each.due is not None:
        parts.append(f"next one {each.due.astimezone(plan.calendar('company').zone):%Y-%m-%d %H:%M:%S}")
    return "; ".join(parts)
