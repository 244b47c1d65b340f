"""`quotaflow quota suggest`: what everybody's own history suggests as a quota."""

from fractions import Fraction

import click
from msgspec import json

from quota.families import children
from quota.realism import judged
from quota.suggestions import Method, Suggestion, suggestion
from quota.wording import counted, name_of
from streams.commands.console import out
from streams.commands.options import shared
from streams.commands.quota_setting import UNDEFINED, Asked, Share, Target, about, as_json, as_percent, as_plan, ask
from streams.commands.session import Failure, Session

Row = tuple[str, int, Suggestion]
"""A scope, how deep it stands, and its suggestion."""


@click.command()
@about
@click.option("--method", type=click.Choice(["median", "p80"]), help="Default: p80 for days and weeks, else median.")
@click.option("--growth", type=Share(-1), default="0", help="What to add, 5% or 0.05.")
@click.option("--yaml", "as_yaml", is_flag=True, help="A section for the plan's files.")
@as_json
@shared
@click.pass_obj
def suggest(
    session: Session,
    scope: str,
    metric: str,
    period: str,
    *,
    method: Method | None,
    growth: Fraction,
    as_yaml: bool,
    as_json: bool,
) -> None:
    """Suggest a quota on METRIC in PERIOD for SCOPE and everybody below, each from its own past.

    The median of the last 4 periods of the same kind that were over before, or the 80th percentile of the last 12.
    For example: quotaflow quota suggest team:west revenue 2018-Q1 --growth 5%
    """
    asked = ask(session, scope, metric, period)
    found = _found(asked, scope, 0, method, growth)
    if all(each.value is None for _, _, each in found):
        raise Failure(f"nothing is over before {asked.period.id} that a suggestion could be made from")
    if not any(any(each.values) for _, _, each in found):
        raise Failure(f"nothing of {metric} happened before {asked.period.id}; without it there is no suggestion")
    if as_yaml:
        targets = [Target(scope, each.value) for scope, _, each in found if each.value is not None]
        click.echo(as_plan(asked, targets, f"{metric} in {asked.period.id}, suggested from history"))
    elif as_json:
        rows = [_row(asked, *each) for each in found]
        click.echo(json.encode({"metric": metric, "period": asked.period.id, "growth": float(growth), "rows": rows}))
    else:
        _print(asked, found)


def _found(asked: Asked, scope: str, depth: int, method: Method | None, growth: Fraction) -> list[Row]:
    own = suggestion(scope, asked.metric, asked.period, asked.history, method, growth)
    found: list[Row] = [(scope, depth, own)]
    for child in children(scope, asked.period, asked.plan):
        found += _found(asked, child, depth + 1, method, growth)
    return found


def _chance(asked: Asked, scope: str, found: Suggestion) -> float | None:
    if found.value is None:
        return None
    return judged(scope, asked.metric, asked.period, found.value, asked.history, lower=asked.lower).chance


def _row(asked: Asked, scope: str, depth: int, found: Suggestion) -> dict[str, object]:
    return {
        "scope": scope,
        "depth": depth,
        "value": asked.text(found.value),
        "unit": asked.currency,
        "reason": None if found.value is not None else "no_history",
        "method": found.method,
        "n": len(found.values),
        "periods": dict(zip(found.periods, map(asked.text, found.values), strict=True)),
        "chance": _chance(asked, scope, found),
    }


def _print(asked: Asked, found: list[Row]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("scope", "suggested", "method", "of", "from", "to", "chance"):
        table.add_column(name, justify="left" if name in ("scope", "method") else "right")
    for scope, depth, each in found:
        real = _chance(asked, scope, each)
        least, most = (asked.shown(f(each.values)) if each.values else UNDEFINED for f in (min, max))
        table.add_row(
            Text("  " * depth + name_of(scope, asked.plan)),
            asked.shown(each.value),
            each.method,
            counted(len(each.values), asked.period.kind, f"{asked.period.kind}s"),
            least,
            most,
            as_percent(real),
        )
    out().print(table)
