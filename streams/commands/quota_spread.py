"""`quotaflow quota spread`: a target handed down to teams and reps, to the last cent."""

from collections.abc import Iterator
from csv import DictReader
from csv import Error as CsvError
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path

import click
from msgspec import json

from quota import weights
from quota.errors import InvalidRecord
from quota.realism import judged
from quota.reconciliations import planned
from quota.spreads import Handed, hand_down
from quota.wording import name_of, percent
from streams.commands.console import out
from streams.commands.names import require_scope, require_weight
from streams.commands.options import shared
from streams.commands.quota_setting import UNDEFINED, Asked, Number, Target, about, as_json, as_percent, as_plan, ask
from streams.commands.session import Failure, Session

MOST_LEVELS = 99


@click.command()
@about
@click.option("--target", type=Number(), help="What to spread; default: the scope's quota in the plan.")
@click.option("--by", default="history", help="history, equal, or a weight's name in the plan (or in --file).")
@click.option("--over", type=click.IntRange(1, 100), default=4, show_default=True, help="Periods that history is.")
@click.option(
    "--file", type=click.Path(path_type=Path), help="A CSV file: a column `scope`, and one named as --by says."
)
@click.option(
    "--levels", type=click.IntRange(1, MOST_LEVELS), default=MOST_LEVELS, help="How far down; default: to reps."
)
@click.option(
    "--round", "step", type=Number(), help="Hand out multiples of this; what is left over goes to the largest."
)
@click.option("--yaml", "as_yaml", is_flag=True, help="A section for the plan's files.")
@as_json
@shared
@click.pass_obj
def spread(
    session: Session,
    scope: str,
    metric: str,
    period: str,
    *,
    target: Decimal | None,
    by: str,
    over: int,
    file: Path | None,
    levels: int,
    step: Decimal | None,
    as_yaml: bool,
    as_json: bool,
) -> None:
    """Spread the quota of SCOPE on METRIC in PERIOD over everybody below, by weights; it adds up exactly.

    For example: quotaflow quota spread company revenue 2018-Q1 --by history
    """
    asked = ask(session, scope, metric, period)
    whole = _whole(asked, target)
    weigh = _weigh(asked, by, over, file)
    start = Handed(scope, 0, Fraction(1), whole)
    try:
        found = [*hand_down(start, asked.period, weigh, asked.plan, levels, asked.units(step) if step else 1)]
    except InvalidRecord as error:
        raise Failure(str(error)) from error
    if len(found) == 1:
        raise Failure(f"nobody is below {scope} in {asked.period.id}")
    if as_yaml:
        targets = [Target(each.scope, each.target) for each in found[1:]]
        click.echo(as_plan(asked, targets, f"{metric} of {scope} in {asked.period.id}, spread by {by}"))
    elif as_json:
        click.echo(json.encode({"metric": metric, "period": asked.period.id, "by": by, "rows": [*_rows(found, asked)]}))
    else:
        _print(found, asked)


def _whole(asked: Asked, target: Decimal | None) -> int:
    if target is not None:
        return asked.units(target)
    found = planned(asked.scope, asked.metric, asked.period, asked.plan)
    if found is None:
        what = f"{asked.scope} has no quota on {asked.metric} in {asked.period.id}"
        raise Failure(f"{what}; say what to spread with --target")
    return found


def _weigh(asked: Asked, by: str, over: int, file: Path | None) -> weights.Weigh:
    if file is not None:
        return weights.listed(_column(file, by, asked), asked.period, asked.plan)
    if by == "equal":
        return weights.equal(asked.period, asked.plan)
    if by == "history":
        return weights.by_history(asked.metric, asked.period, asked.history, over)
    require_weight(by, asked.plan, "history", "equal")
    return weights.by_name(by, asked.period, asked.plan)


def _column(file: Path, name: str, asked: Asked) -> dict[str, Fraction]:
    """The weights of a CSV file, by scope; a Failure names the line of the first that cannot be used."""
    found: dict[str, Fraction] = {}
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            rows = DictReader(lines)
            if not {"scope", name} <= {*(rows.fieldnames or ())}:
                raise Failure(f"{file} needs columns `scope` and `{name}` in its first line")
            for row in rows:
                listed = _listed(row["scope"], file, rows.line_num, asked)
                if listed in found:
                    raise Failure(f"{file}:{rows.line_num}: {listed!r} was weighed before; keep one of both")
                found[listed] = _weight(row[name], file, rows.line_num)
    except (OSError, UnicodeDecodeError, CsvError) as error:
        raise Failure(f"{file} cannot be read: {error}") from error
    return found


def _listed(scope: str | None, file: Path, line: int, asked: Asked) -> str:
    try:
        require_scope(scope or "", asked.plan)
    except click.UsageError as error:
        raise Failure(f"{file}:{line}: {error}") from error
    return scope or ""


def _weight(text: str | None, file: Path, line: int) -> Fraction:
    try:
        number = Decimal((text or "").strip())
    except InvalidOperation:
        number = Decimal(-1)
    if not number.is_finite() or number < 0 or number > Decimal(10) ** 15:
        raise Failure(f"{file}:{line}: {text!r} is not a weight; write a number of 0 or more")
    return Fraction(number)


def _rows(found: list[Handed], asked: Asked) -> Iterator[dict[str, object]]:
    for each in found:
        real = judged(each.scope, asked.metric, asked.period, each.target, asked.history, lower=asked.lower)
        yield {
            "scope": each.scope,
            "depth": each.depth,
            "weight": float(each.weight),
            "target": asked.text(each.target),
            "unit": asked.currency,
            "planned": asked.text(planned(each.scope, asked.metric, asked.period, asked.plan)),
            "chance": real.chance,
            "verdict": real.verdict,
        }


def _print(found: list[Handed], asked: Asked) -> None:
    from rich.table import Table
    from rich.text import Text

    whole = found[0].target
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("scope", "share", "target", "in the plan", "chance", "verdict"):
        table.add_column(name, justify="left" if name in ("scope", "verdict") else "right")
    for each in found:
        real = judged(each.scope, asked.metric, asked.period, each.target, asked.history, lower=asked.lower)
        table.add_row(
            Text("  " * each.depth + name_of(each.scope, asked.plan)),
            percent(each.target / whole) if whole else UNDEFINED,
            asked.shown(each.target),
            asked.shown(planned(each.scope, asked.metric, asked.period, asked.plan)),
            as_percent(real.chance),
            real.verdict.replace("_", " "),
        )
    out().print(table)
