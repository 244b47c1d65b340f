"""`quotaflow quota attainment`: how teams attained their quota, and how many of their reps did."""

from collections.abc import Iterator

import click
from msgspec import json

from quota.attainments import LABELS, Attainment, attainment
from quota.families import children
from quota.wording import name_of
from streams.commands.console import out
from streams.commands.options import shared
from streams.commands.quota_setting import Asked, about, as_json, as_percent, ask
from streams.commands.session import Failure, Session

Row = tuple[int, Attainment]
"""How deep a scope stands, and what it attained."""


@click.command(name="attainment")
@about
@as_json
@shared
@click.pass_obj
def attained(session: Session, scope: str, metric: str, period: str, *, as_json: bool) -> None:
    """Say how far SCOPE and the teams below attained their quota on METRIC in PERIOD, and how many of their reps.

    For example: quotaflow quota attainment company revenue 2017-Q4
    """
    asked = ask(session, scope, metric, period)
    found = [*_found(asked, scope, 0)]
    if not any(each.people or each.target for _, each in found):
        raise Failure(f"neither {scope} nor anybody below has a quota on {metric} in {asked.period.id}")
    if as_json:
        rows = [_row(asked, *each) for each in found]
        click.echo(json.encode({"metric": metric, "period": asked.period.id, "unit": asked.currency, "rows": rows}))
    else:
        _print(asked, found)


def _found(asked: Asked, scope: str, depth: int) -> Iterator[Row]:
    yield depth, attainment(scope, asked.metric, asked.period, asked.history)
    for child in children(scope, asked.period, asked.plan):
        if child.startswith("team:"):
            yield from _found(asked, child, depth + 1)


def _row(asked: Asked, depth: int, each: Attainment) -> dict[str, object]:
    return {
        "scope": each.scope,
        "depth": depth,
        "attained": asked.text(each.attained),
        "target": asked.text(each.target),
        "attainment": each.own,
        "reps_attained": asked.text(each.people_attained),
        "reps_target": asked.text(each.people_target),
        "reps_attainment": each.together,
        "reps": each.people,
        "reps_reached": each.reached,
        "reps_reached_share": each.share,
        "bands": dict(zip(LABELS, each.bands, strict=True)),
    }


def _print(asked: Asked, found: list[Row]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("scope")
    for name in ("attained", "target", "attainment", "of reps' targets", "reps at target", *LABELS):
        table.add_column(name, justify="right")
    for depth, each in found:
        table.add_row(
            Text("  " * depth + name_of(each.scope, asked.plan)),
            asked.shown(each.attained),
            asked.shown(each.target),
            as_percent(each.own),
            as_percent(each.together),
            f"{each.reached} of {each.people}",
            *map(str, each.bands),
        )
    out().print(table)
