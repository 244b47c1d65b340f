"""`quotaflow forecast`: what a scope will probably have won by the end of a period, and how far off that was before."""

from collections.abc import Iterator
from datetime import date, timedelta

import click
from msgspec import json

from quota.accuracy import Accuracy, accuracy
from quota.forecasts import Forecast
from quota.forecasts import forecast as forecasted
from quota.money import decimal
from quota.reconciliations import planned
from quota.wording import about, name_of, percent, spoken_day
from streams.commands.console import out
from streams.commands.forecasting import Ahead, Day, look
from streams.commands.options import shared
from streams.commands.quota_setting import UNDEFINED, as_json, as_percent
from streams.commands.session import Failure, Session

ABOUT = {
    "closed": "won already",
    "weighted": "and what is expected to close in it, by stage",
    "run_rate": "if it goes on as before",
    "historical": "what became of deals like these, and of new ones",
    "simulated": "the middle of 4,000 draws of the same",
}


@click.command()
@click.argument("scope")
@click.argument("period")
@click.option("--as-of", "day", type=Day(), help="The day at whose end to look ahead; default: the log's own.")
@click.option(
    "--walk", type=click.IntRange(1, 366), metavar="DAYS", help="Look every so many days of a period that is over."
)
@as_json
@shared
@click.pass_obj
def forecast(session: Session, scope: str, period: str, *, day: date | None, walk: int | None, as_json: bool) -> None:
    """Say what SCOPE will probably have won by the end of PERIOD, by five methods, and how likely its quota is.

    Nothing that happened after the day counts. For example: quotaflow forecast team:west 2017-Q4 --as-of 2017-10-31
    """
    ahead = look(session, scope, period, day)
    target = planned(scope, "revenue", ahead.period, ahead.plan)
    if walk is not None:
        _walk(ahead, target, walk, as_json=as_json)
        return
    found = forecasted(scope, ahead.period, target, ahead.seen())
    if as_json:
        click.echo(json.encode(_document(found, ahead)))
    else:
        _print(found, ahead)


def _document(found: Forecast, ahead: Ahead) -> dict[str, object]:
    currency = ahead.plan.currency
    simulated = found.simulated

    def text(number: int | None) -> str | None:
        return None if number is None else decimal(number, currency)

    return {
        "scope": found.scope,
        "period": found.period,
        "as_of": str(found.as_of),
        "unit": currency,
        "target": text(found.target),
        **{method: text(number) for method, number in found.methods().items()},
        "p10": text(simulated.p10) if simulated else None,
        "p90": text(simulated.p90) if simulated else None,
        "chance_of_target": simulated.reached if simulated else None,
        "expected_from_open": text(found.expected_from_open),
        "expected_from_new": text(found.expected_from_new),
        "open_deals": found.open_deals,
        "expected_to_close": found.closing,
        "reasons": found.reasons,
        "revision": ahead.plan.revision,
    }


def _print(found: Forecast, ahead: Ahead) -> None:
    from rich.table import Table

    title = f"{name_of(found.scope, ahead.plan)}, {found.period}, as of the end of {spoken_day(found.as_of)}"
    table = Table(box=None, header_style="bold", pad_edge=False, title=title, title_justify="left")
    for name in ("method", "revenue", "of target", ""):
        table.add_column(name, justify="right" if name in ("revenue", "of target") else "left")
    for method, number in found.methods().items():
        share = percent(number / found.target) if number is not None and found.target else UNDEFINED
        what = found.reasons[method].replace("_", " ") if number is None else ABOUT[method]
        table.add_row(method.replace("_", " "), _amount(number, ahead), share, what)
    out().print(table)
    for line in _lines(found, ahead):
        click.echo(line)


def _lines(found: Forecast, ahead: Ahead) -> Iterator[str]:
    if found.simulated is not None:
        low, high = _amount(found.simulated.p10, ahead), _amount(found.simulated.p90, ahead)
        yield f"eight of ten draws end between {low} and {high}"
        if found.target is not None and found.simulated.reached is not None:
            share = percent(found.simulated.reached)
            yield f"the target of {_amount(found.target, ahead)} is reached in {share} of them"
    yield f"{found.open_deals:,} deals are open, {found.closing:,} of them expected to close in the period"


def _amount(number: int | None, ahead: Ahead) -> str:
    return UNDEFINED if number is None else about(number, ahead.plan.currency)


def _walk(ahead: Ahead, target: int | None, step: int, *, as_json: bool) -> None:
    """Looks ahead from the eve of the period on, and compares with what it came to."""
    if ahead.day < ahead.period.end - timedelta(days=1):
        raise Failure(f"{ahead.period.id} is not over as of {ahead.day}; --walk compares with what it came to")
    came_to = forecasted(ahead.scope, ahead.period, target, ahead.seen()).closed
    span = (ahead.period.end - ahead.period.start).days
    days = [ahead.period.start + timedelta(days=number - 1) for number in range(0, span, step)]
    said = [forecasted(ahead.scope, ahead.period, target, ahead.seen(day)) for day in days]
    found = accuracy(said, came_to)
    if as_json:
        rows = [_document(each, ahead) for each in said]
        click.echo(
            json.encode({"came_to": decimal(came_to, ahead.plan.currency), "accuracy": found, "forecasts": rows})
        )
        return
    _compare(said, came_to, found, ahead)


def _compare(said: list[Forecast], came_to: int, found: dict[str, Accuracy], ahead: Ahead) -> None:
    from rich.table import Table

    title = f"{name_of(ahead.scope, ahead.plan)}, {ahead.period.id}: it came to {_amount(came_to, ahead)}"
    table = Table(box=None, header_style="bold", pad_edge=False, title=title, title_justify="left")
    table.add_column("as of")
    for method in (*ABOUT, "p10", "p90"):
        table.add_column(method.replace("_", " "), justify="right")
    for each in said:
        ends = (None, None) if each.simulated is None else (each.simulated.p10, each.simulated.p90)
        table.add_row(str(each.as_of), *(_amount(number, ahead) for number in (*each.methods().values(), *ends)))
    for name, field in (("WAPE", "wape"), ("bias", "bias")):
        shares = [getattr(found[method], field) if method in found else None for method in ABOUT]
        table.add_row(name, *map(as_percent, shares), style="bold")
    out().print(table)
