"""`quotaflow quota required`: from a revenue back to the wins, opportunities, meetings and calls that it takes."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil

import click
from msgspec import json
from msgspec.structs import replace

from quota.families import reps_below
from quota.requirements import Rates, Required, lead_days, leaders, rates, totals
from quota.requirements import required as needed
from quota.wording import amount, metric_name, name_of, number, percent, spoken_day
from streams.commands.console import out
from streams.commands.options import shared
from streams.commands.quota_setting import UNDEFINED, Asked, Number, Share, as_json, ask
from streams.commands.session import Failure, Session

Found = dict[str, tuple[Rates, Required]]
"""Whose rates, and what they come to."""
HEADERS = {"own": "at own rates", "leaders": "at leaders' rates", "what if": "what if"}


@click.command()
@click.option("--revenue", type=Number(), required=True, help="In the company's currency.")
@click.option("--scope", default="company", show_default=True, help="company, team:ID or rep:ID.")
@click.option("--period", required=True, help="2018-Q1, 2018-01, 2018, ...")
@click.option("--deal-value", type=Number(), help="What if a won deal were worth this much.")
@click.option("--win-rate", type=Share(), help="What if this share of closed deals were won: 30% or 0.3.")
@click.option("--meetings-per-opportunity", type=Number(), help="What if an opportunity took so many meetings.")
@click.option("--calls-per-meeting", type=Number(), help="What if a meeting took so many calls.")
@as_json
@shared
@click.pass_obj
def required(
    session: Session,
    /,
    revenue: Decimal,
    scope: str,
    period: str,
    *,
    as_json: bool,
    **what_if: Decimal | Fraction | None,
) -> None:
    """Say what a revenue takes: wins, opportunities, meetings and calls, at the scope's own rates and at the leaders'.

    For example: quotaflow quota required --revenue 300000 --scope team:west --period 2018-Q1
    """
    asked = ask(session, scope, "revenue", period)
    found = _found(asked, asked.units(revenue), _given(asked, what_if))
    if all(each.deals_won is None for _, each in found.values()):
        raise Failure(f"no deal was won before {asked.period.id}; say what one is worth with --deal-value")
    if as_json:
        click.echo(json.encode(_document(asked, found)))
    else:
        _print(asked, found)


def _given(asked: Asked, what_if: Mapping[str, Decimal | Fraction | None]) -> dict[str, Fraction]:
    given = {name: Fraction(value) for name, value in what_if.items() if value is not None}
    if "win_rate" in given and not 0 < given["win_rate"] <= 1:
        raise click.UsageError("--win-rate is a share above 0 and up to 100%")
    if "deal_value" in given:
        given["deal_value"] = Fraction(asked.units(Decimal(str(what_if["deal_value"]))))
    return given


def _found(asked: Asked, revenue: int, given: dict[str, Fraction]) -> Found:
    period, history = asked.period, asked.history
    everybody = totals(["company"], period, history)
    leading = leaders(reps_below("company", period, asked.plan), period, history)
    own = rates(totals([asked.scope], period, history), everybody)
    found = {"own": own}
    if leading:
        found["leaders"] = rates(totals(leading, period, history), everybody)
    if given:
        found["what if"] = replace(own, **given)
    return {whose: (each, needed(revenue, each)) for whose, each in found.items()}


def _days(asked: Asked) -> int:
    """Working days of the period that are left by the log's time, at least one."""
    calendar, now = asked.plan.calendar(asked.scope), asked.history.now
    first = asked.period.start if now is None else max(asked.period.start, calendar.local_day(now))
    return max(1, calendar.working_days(first, asked.period.end))


def _document(asked: Asked, found: Found) -> dict[str, object]:
    days, lead = _days(asked), lead_days(asked.scope, asked.period, asked.history)
    return {
        "scope": asked.scope,
        "period": asked.period.id,
        "revenue": asked.text(found["own"][1].revenue),
        "unit": asked.currency,
        "working_days": days,
        "lead_days": lead,
        "last_useful_day": None if lead is None else str(asked.period.end - timedelta(days=lead + 1)),
        "at": {
            whose.replace(" ", "_"): {
                "deal_value": None if rate.deal_value is None else asked.text(round(rate.deal_value)),
                **{name: _float(getattr(rate, name)) for name in Rates.__struct_fields__[1:]},
                "required": {name: _float(value) for name, value in each.inputs().items()},
                "per_working_day": {name: _float(value and value / days) for name, value in each.inputs().items()},
            }
            for whose, (rate, each) in found.items()
        },
    }


def _float(value: Fraction | None) -> float | None:
    return None if value is None else round(float(value), 6)


def _print(asked: Asked, found: Found) -> None:
    from rich.table import Table

    days = _days(asked)
    scope, revenue = name_of(asked.scope, asked.plan), asked.shown(found["own"][1].revenue)
    table = Table(box=None, header_style="bold", pad_edge=False, title_justify="left", title=f"{revenue} of {scope}")
    table.add_column("")
    for whose in found:
        table.add_column(HEADERS[whose], justify="right")
        table.add_column("a week", justify="right")
    for metric in Required.__struct_fields__[:0:-1]:
        cells = [cell for _, each in found.values() for cell in _cells(each.inputs()[metric], days)]
        table.add_row(metric_name(metric, asked.plan), *cells)
    for name in Rates.__struct_fields__:
        cells = [cell for rate, _ in found.values() for cell in (_rate(name, getattr(rate, name), asked), "")]
        table.add_row(name.replace("_", " "), *cells, style="dim")
    out().print(table)
    lead = lead_days(asked.scope, asked.period, asked.history)
    if lead is not None:
        last = spoken_day(asked.period.end - timedelta(days=lead + 1))
        click.echo(f"a deal takes {lead} days to be won: opportunities count that are created until {last}")


def _cells(value: Fraction | None, days: int) -> tuple[str, str]:
    """How many are needed, and in each week of five working days, both rounded up, the latter to a tenth."""
    if value is None:
        return UNDEFINED, UNDEFINED
    return f"{ceil(value):,}", number(ceil(value * 50 / days) / 10)


def _rate(name: str, value: Fraction | None, asked: Asked) -> str:
    if value is None:
        return UNDEFINED
    if name == "deal_value":
        return amount(round(value), asked.plan.currency)
    return percent(float(value)) if name == "win_rate" else number(float(value))
