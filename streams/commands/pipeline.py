"""`quotaflow pipeline`: how the pipeline changed in a period, how far deals come, and what moving one on is worth."""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

import click
from msgspec import json

from quota.flows import Change, Flow, Pipeline, flow
from quota.funnels import Funnel, Share, funnel, uplift
from quota.hindsight import before, end_of
from quota.journeys import journey
from quota.money import decimal, minor_units
from quota.wording import about, name_of, number, percent
from streams.commands.console import out
from streams.commands.forecasting import Ahead, Day, look
from streams.commands.options import shared
from streams.commands.quota_setting import UNDEFINED, as_json, as_percent
from streams.commands.session import Session


@click.command()
@click.argument("scope")
@click.argument("period")
@click.option("--closing", is_flag=True, help="Only deals with an expected close date in it.")
@click.option("--as-of", "day", type=Day(), help="The day at whose end to look; default: the log's own.")
@as_json
@shared
@click.pass_obj
def pipeline(session: Session, scope: str, period: str, *, closing: bool, day: date | None, as_json: bool) -> None:
    """Say how the pipeline of SCOPE became what it is in PERIOD, how far deals come, and how likely each stage wins.

    For example: quotaflow pipeline team:west 2017-Q3
    """
    ahead = look(session, scope, period, day)
    calendar, until = ahead.plan.calendar("company"), end_of(ahead.day, ahead.plan)
    seen = (before(record, until) for record in ahead.records)
    journeys = [journey(each, ahead.plan) for each in seen if each is not None]
    start, end = calendar.start_of(ahead.period.start), min(until, calendar.start_of(ahead.period.end))
    which = Pipeline(scope, ahead.plan, ahead.period if closing else None)
    changed = flow(journeys, which, start, end)
    own = [each for each in journeys if any(which.owns(state) for state in each.states[-1:])]
    found = funnel(own, ahead.plan, start, end)
    if as_json:
        click.echo(json.encode(_document(changed, found, ahead)))
    else:
        _print(changed, found, ahead)


def _document(changed: Flow, found: Funnel, ahead: Ahead) -> dict[str, object]:
    currency = ahead.plan.currency

    def said(change: Change) -> dict[str, object]:
        return {"count": change.count, "amount": decimal(change.amount, currency)}

    changes: dict[str, Change] = {"start": changed.start, **changed.changes, "end": changed.end}
    return {
        "scope": ahead.scope,
        "period": ahead.period.id,
        "as_of": str(ahead.day),
        "unit": currency,
        "flow": {reason: said(change) for reason, change in changes.items()},
        "conversion": [{"from": one, "to": other, **_share(share)} for (one, other), share in found.converted.items()],
        "win_by_stage": {stage: _share(share) for stage, share in found.won.items()},
        "median_days_in_stage": found.days,
        "regressions": found.regressions,
    }


def _share(share: Share) -> dict[str, object]:
    return {"value": share.value, "k": share.k, "n": share.n, "interval": share.interval}


def _print(changed: Flow, found: Funnel, ahead: Ahead) -> None:
    from rich.table import Table

    click.echo(f"{name_of(ahead.scope, ahead.plan)}, {ahead.period.id}, as of the end of {ahead.day}")
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("pipeline")
    table.add_column("deals", justify="right")
    table.add_column("amount", justify="right")
    table.add_row("open at the start", *_cells(changed.start, ahead), style="bold")
    for name, change in changed.changes.items():
        if change.count or change.amount:
            table.add_row(name.replace("_", " "), *_cells(change, ahead))
    table.add_row("open at the end", *_cells(changed.end, ahead), style="bold")
    out().print(table)
    click.echo()
    _print_funnel(found)
    for line in _uplifts(found, ahead):
        click.echo(line)


def _cells(change: Change, ahead: Ahead) -> tuple[str, str]:
    return f"{change.count:,}", about(change.amount, ahead.plan.currency)


def _print_funnel(found: Funnel) -> None:
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    ends = (*found.stages[1:], "won")
    for name in ("stage", *(f"to {end}" for end in ends), "of", "wins of closed", "95 % interval", "of", "days in it"):
        table.add_column(name, justify="left" if name == "stage" else "right")
    for stage in found.stages:
        shares = [found.converted.get((stage, end)) for end in ends]
        won, days = found.won[stage], found.days[stage]
        low_high = won.interval
        table.add_row(
            stage,
            *("" if share is None else as_percent(share.value) for share in shares),
            str(found.converted[stage, "won"].n),
            as_percent(won.value),
            UNDEFINED if low_high is None else f"{percent(low_high[0])} to {percent(low_high[1])}",
            str(won.n),
            UNDEFINED if days is None else number(days),
        )
    out().print(table)


def _uplifts(found: Funnel, ahead: Ahead) -> Iterator[str]:
    """What a hundred thousand go with more where they stand one stage further on; it need not be the cause."""
    held, currency = minor_units("100000", ahead.plan.currency), ahead.plan.currency
    for one, other in pairwise(found.stages):
        more = uplift(held, found.won[one], found.won[other])
        if more is not None:
            worth = about(float(more), currency)
            yield f"{about(held, currency)} in {other} instead of {one} go with {worth} more won "
