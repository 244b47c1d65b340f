"""`quotaflow quota import`: a grid of scopes by periods becomes the quotas of a plan's file."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from quota.plans import PlanIndex
from quota.wording import counted
from streams.commands.names import require_metric
from streams.commands.options import shared
from streams.commands.plan_folder import loaded
from streams.commands.session import Failure, Session
from streams.serving.plan import newest

if TYPE_CHECKING:
    from streams.grids.quotas import Reading, Target

LEFT = "nothing was written"


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--metric", required=True, help="What the targets are of.")
@click.option("--sheet", help="The sheet of a spreadsheet; default the only one that holds something.")
@click.option("--to", type=click.Path(path_type=Path), metavar="DIR/FILE.yaml", help="Default: print it.")
@click.option(
    "--plan",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Whose names and calendars; default the folder of --to where that holds a plan, else the plan in force.",
)
@click.option("--ignore", multiple=True, metavar="LABEL", help="Leave out rows and columns with this label.")
@click.option("--decimal", type=click.Choice([".", ","]), help="What begins the decimals; default what the file shows.")
@click.option("--set-by", help="Who set the quotas.")
@click.option("--reason", help="And why.")
@click.option("--replace", is_flag=True, help="Write over the file of --to.")
@shared
@click.pass_obj
def import_(
    session: Session,
    *,
    file: Path,
    to: Path | None,
    folder: Path | None,
    metric: str,
    sheet: str | None,
    ignore: tuple[str, ...],
    decimal: str | None,
    set_by: str | None,
    reason: str | None,
    replace: bool,
) -> None:
    """Read quotas from a CSV or XLSX grid: reps and teams in the first column, periods above, targets between.

    Reps and teams may be called by id, by name or by an external name, periods by id or like `Jan 2026` and `Q1 2026`.
    Empty cells are no targets. Every cell that cannot be used is named, and then nothing is written.
    """
    # Only this command needs them.
    from streams.grids.documents import document
    from streams.grids.files import read
    from streams.grids.grid import GridError
    from streams.grids.quotas import Reading, targets

    _require_file(to, replace=replace)
    plan = _plan(session, folder, to)
    require_metric(metric, plan)
    ignored = frozenset(label.casefold() for label in ignore)
    reading = Reading(plan, plan.metrics[metric], ignored, "," if decimal == "," else "." if decimal else None)
    try:
        grid = read(file, sheet)
        found = targets(grid, reading)
    except GridError as error:
        _refuse(error.problems, str(file))
    text = document(found, grid.name, reading, {"set_by": set_by, "reason": reason})
    _say(text, found, reading, to)


def _require_file(to: Path | None, *, replace: bool) -> None:
    if to is None:
        return
    if to.suffix != ".yaml":
        raise click.UsageError(f"--to {to}: a plan's files end in .yaml")
    if to.exists() and not replace:
        raise Failure(f"{to} is there already; name another file, or write over it with --replace")


def _plan(session: Session, folder: Path | None, to: Path | None) -> PlanIndex:
    if folder is None and to is not None and any(path != to for path in to.parent.glob("*.yaml")):
        folder = to.parent
    if folder is not None:
        return PlanIndex(loaded(folder, LEFT))
    return session.run(_in_force(session))


async def _in_force(session: Session) -> PlanIndex:
    async with session.reading() as opened:
        return await newest(opened.log)


def _say(text: str, found: "list[Target]", reading: "Reading", to: Path | None) -> None:
    from streams.grids.documents import misfits, totals

    if to is None:
        click.echo(text, nl=False)
    else:
        if any(path != to for path in to.parent.glob("*.yaml")) and (wrong := misfits(text, to)):
            _refuse(wrong, str(to.parent))
        to.write_text(text, encoding="utf-8")
    scopes = counted(len({each.scope for each in found}), "scope", "scopes")
    many = counted(len(found), "quota", "quotas")
    click.echo(f"{many} on {reading.metric.id} for {scopes}{f' in {to}' if to else ''}:", err=to is None)
    for line in totals(found, reading):
        click.echo(line, err=to is None)


def _refuse(problems: Iterable[str], where: str) -> NoReturn:
    said = [*problems]
    for problem in said:
        click.echo(problem, err=True)
    raise Failure(f"{counted(len(said), 'problem', 'problems')} in {where}; mend what is named above, {LEFT}")
