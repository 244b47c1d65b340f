"""`quotaflow deals`: what is closing in a period, how likely, and what holds it up."""

from datetime import date

import click
from msgspec import json

from quota.forecasts import closes, in_time
from quota.hazards import hazards_of
from quota.hindsight import Hindsight, OpenDeal
from quota.holdups import Holdup, holdups, limits
from quota.money import decimal
from quota.outlooks import outlook
from quota.shortage import projection
from quota.wording import amount, counted, name_of
from streams.commands.console import out
from streams.commands.forecasting import Ahead, Day, look
from streams.commands.options import shared
from streams.commands.quota_setting import UNDEFINED, as_json, as_percent
from streams.commands.session import Session

Row = tuple[OpenDeal, float | None, list[Holdup]]
"""A deal, the probability that it is won in the period, and what holds it up."""


@click.command()
@click.argument("scope")
@click.option("--closing", "period", required=True, metavar="PERIOD", help="2018-01, 2018-Q1, ...")
@click.option("--as-of", "day", type=Day(), help="The day at whose end to look; default: the log's own.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="Of the table's rows.")
@as_json
@shared
@click.pass_obj
def deals(session: Session, scope: str, *, period: str, day: date | None, limit: int, as_json: bool) -> None:
    """List the open deals of SCOPE that are expected to close in a period, the largest first.

    For example: quotaflow deals team:west --closing 2018-01
    """
    ahead = look(session, scope, period, day)
    found = _found(ahead, ahead.seen())
    if as_json:
        rows = [_document(*row, ahead) for row in found]
        click.echo(json.encode({"scope": scope, "period": ahead.period.id, "as_of": str(ahead.day), "deals": rows}))
    else:
        _print(found, limit, ahead)


def _found(ahead: Ahead, seen: Hindsight) -> list[Row]:
    lessons, most = seen.lessons, limits(seen.known("company").totals)
    own = outlook(ahead.scope, ahead.day, seen.known(ahead.scope), ahead.plan)
    ratio = projection(own, lessons, 0, ahead.period, lessons.lead or 0, ahead.day).ratio
    window = hazards_of(lessons).window(ahead.day, ahead.period.start, ahead.period.end)
    due = [deal for deal in seen.open_deals(ahead.scope) if closes(deal, ahead.period, ahead.day, lessons.lead)]
    rows = [
        (deal, in_time(deal, window, ratio) if lessons.won else None, holdups(deal, ahead.day, most)) for deal in due
    ]
    return sorted(rows, key=lambda row: (-(row[0].amount or 0), row[0].deal))


def _age(deal: OpenDeal, ahead: Ahead) -> int:
    """In days; an owner east of the company may already write tomorrow's date."""
    return max(0, (ahead.day - deal.created).days)


def _document(deal: OpenDeal, chance: float | None, held: list[Holdup], ahead: Ahead) -> dict[str, object]:
    return {
        "deal": deal.deal,
        "owner": deal.owner,
        "stage": deal.stage,
        "amount": None if deal.amount is None else decimal(deal.amount, ahead.plan.currency),
        "unit": ahead.plan.currency,
        "chance": chance,
        "age_days": _age(deal, ahead),
        "days_since_change": (ahead.day - deal.changed).days,
        "expected_close": None if deal.expected_close is None else str(deal.expected_close),
        "held_up_by": held,
    }


def _print(found: list[Row], limit: int, ahead: Ahead) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("deal", "owner", "stage", "amount", "chance", "age", "last change", "held up by"):
        table.add_column(name, justify="right" if name in ("amount", "chance", "age", "last change") else "left")
    for deal, chance, held in found[:limit]:
        table.add_row(
            Text(deal.deal),
            Text(name_of(deal.owner, ahead.plan)),
            deal.stage,
            UNDEFINED if deal.amount is None else amount(deal.amount, ahead.plan.currency),
            as_percent(chance),
            counted(_age(deal, ahead), "day", "days"),
            f"{counted((ahead.day - deal.changed).days, 'day', 'days')} ago",
            ", ".join(held).replace("_", " "),
        )
    if found:
        out().print(table)
    total = amount(sum(deal.amount or 0 for deal, _, _ in found), ahead.plan.currency)
    more = f", the {limit} largest are shown" if len(found) > limit else ""
    what = counted(len(found), "open deal", "open deals")
    click.echo(f"{what} of {name_of(ahead.scope, ahead.plan)} expected to close in {ahead.period.id}, {total}{more}")
