"""`quotaflow quota reconcile`: whether targets from above and what history makes likely below meet."""

from collections.abc import Iterator
from fractions import Fraction

import click
from msgspec import json

from quota.families import children, reps_below
from quota.realism import Fairness, Realism, fairness, judged
from quota.reconciliations import TOLERANCE, Invariant, Reconciliation, is_lower, planned
from quota.reconciliations import reconcile as reconciled
from quota.wording import counted, name_of, percent
from streams.commands.console import out
from streams.commands.names import require_weight
from streams.commands.options import shared
from streams.commands.quota_setting import UNDEFINED, Asked, Share, about, as_json, as_percent, ask
from streams.commands.session import Failure, Session

Row = tuple[int, Reconciliation, Realism | None]
"""How deep a scope stands, how its numbers meet, and how realistic its target is."""


@click.command()
@about
@click.option("--growth", type=Share(-1), default="0", help="What to add to everybody's history, 5% or 0.05.")
@click.option("--tolerance", type=Share(), default=TOLERANCE, help="By which both may differ.  [default: 5%]")
@click.option(
    "--size", metavar="WEIGHT", help="The plan's weight that says how large a territory is; default: the target."
)
@as_json
@shared
@click.pass_obj
def reconcile(
    session: Session,
    scope: str,
    metric: str,
    period: str,
    *,
    growth: Fraction,
    tolerance: Fraction,
    size: str | None,
    as_json: bool,
) -> None:
    """Compare the targets of SCOPE and all below on METRIC in PERIOD with what history suggests for their reps.

    Also whether children's targets and those of shorter periods add up, how realistic each is, and how fair they are.
    For example: quotaflow quota reconcile company revenue 2018-Q1
    """
    asked = ask(session, scope, metric, period)
    if size is not None:
        require_weight(size, asked.plan)
    found = [*_found(asked, scope, 0, growth, tolerance)]
    if all(each.top_down is None for _, each, _ in found):
        raise Failure(f"neither {scope} nor anybody below has a quota on {metric} in {asked.period.id}")
    fair = _fairness(asked, size)
    if as_json:
        rows = [_row(asked, *each) for each in found]
        said = {"metric": metric, "period": asked.period.id, "rows": rows, "fairness": fair}
        click.echo(json.encode(said))
    else:
        _print(asked, found)
        _tell(asked, found, fair)


def _found(asked: Asked, scope: str, depth: int, growth: Fraction, tolerance: Fraction) -> Iterator[Row]:
    each = reconciled(scope, asked.metric, asked.period, asked.history, growth, tolerance)
    target = each.top_down
    lower = is_lower(scope, asked.metric, asked.period, asked.plan)
    real = None if target is None else judged(scope, asked.metric, asked.period, target, asked.history, lower=lower)
    yield depth, each, real
    for child in children(scope, asked.period, asked.plan):
        yield from _found(asked, child, depth + 1, growth, tolerance)


def _fairness(asked: Asked, size: str | None) -> Fairness:
    """Of the reps below who have a target, against what they came to in the last period that was over before."""
    attained: dict[str, float] = {}
    sizes: dict[str, float] = {}
    weights = {f"rep:{rep.id}": rep.weights for rep in asked.plan.plan.reps}
    for rep in reps_below(asked.scope, asked.period, asked.plan):
        last = asked.history.over(rep, asked.period.kind, asked.period.start, 1)
        target = planned(rep, asked.metric, last[0], asked.plan) if last else None
        came_to = asked.history.value(rep, asked.metric, last[0]) if last else None
        if target and came_to is not None:
            lower = is_lower(rep, asked.metric, last[0], asked.plan)
            attained[rep] = target / max(1, came_to) if lower else came_to / target
            if size is None:
                sizes[rep] = float(target)
            elif size in weights[rep]:
                sizes[rep] = float(weights[rep][size])
    return fairness(attained, sizes)


def _row(asked: Asked, depth: int, each: Reconciliation, real: Realism | None) -> dict[str, object]:
    return {
        "scope": each.scope,
        "depth": depth,
        "top_down": asked.text(each.top_down),
        "bottom_up": asked.text(each.bottom_up),
        "gap": asked.text(each.gap),
        "gap_share": each.share,
        "within_tolerance": each.within,
        "unit": asked.currency,
        "reps": each.reps,
        "reps_with_history": each.known,
        "chance": None if real is None else real.chance,
        "verdict": None if real is None else real.verdict,
        "invariants": [_invariant(asked, invariant) for invariant in each.invariants],
    }


def _invariant(asked: Asked, each: Invariant) -> dict[str, object]:
    return {
        "of": each.what,
        "sum": asked.text(each.total),
        "with_target": each.parts,
        "count": each.of,
        "over": asked.text(each.over),
    }


def _print(asked: Asked, found: list[Row]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    names = ("scope", "top-down", "bottom-up", "gap", "of target", "reps", "chance", "verdict")
    for name in names:
        table.add_column(name, justify="left" if name in ("scope", "verdict") else "right")
    for depth, each, real in found:
        style = "" if each.within is not False else "yellow"
        table.add_row(
            Text("  " * depth + name_of(each.scope, asked.plan)),
            asked.shown(each.top_down),
            asked.shown(each.bottom_up),
            Text(asked.shown(each.gap), style=style),
            Text(as_percent(each.share), style=style),
            f"{each.known} of {each.reps}",
            as_percent(None if real is None else real.chance),
            UNDEFINED if real is None else real.verdict.replace("_", " "),
        )
    out().print(table)


def _tell(asked: Asked, found: list[Row], fair: Fairness) -> None:
    """What does not add up, line by line, and how even attainment was."""
    for _, each, _ in found:
        for invariant in each.invariants:
            if invariant.over:
                click.echo(_uneven(asked, each, invariant))
    if fair.people:
        click.echo(_even(fair))


def _uneven(asked: Asked, each: Reconciliation, invariant: Invariant) -> str:
    what = (
        f"{name_of(each.scope, asked.plan)}: its {invariant.what} ({invariant.parts} of {invariant.of} have a target)"
    )
    sides = "more" if invariant.over > 0 else "less"
    total, over = asked.shown(invariant.total), asked.shown(abs(invariant.over))
    return f"{what} add up to {total}, {over} {sides} than its own {asked.shown(invariant.whole)}"


def _even(fair: Fairness) -> str:
    reached = f"{fair.reached} of {counted(fair.people, 'rep', 'reps')} reached the last target"
    spread = "" if fair.spread is None else f"; the middle half lies {percent(fair.spread)} apart"
    if fair.relation is None:
        return f"{reached}{spread}"
    goes = "goes with" if fair.related else "does not go with"
    return f"{reached}{spread}; attainment {goes} the size of the territory (rank correlation {fair.relation:.2f})"
