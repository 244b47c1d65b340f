"""`quotaflow simulate`: a seeded sales floor as a file of facts."""

from datetime import UTC, datetime
from pathlib import Path

import click
from msgspec import json

from quota.facts import EARLIEST, LATEST
from quota.wording import counted
from streams.commands.console import progress
from streams.commands.options import shared
from streams.wall_clock import now


@click.command()
@click.option("--reps", type=click.IntRange(1, 10_000), default=12, show_default=True, help="People on the floor.")
@click.option("--days", type=click.IntRange(1, 3660), default=90, show_default=True, help="Calendar days of work.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed and end make the same facts.")
@click.option("--end", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="The day after the last; default today.")
@click.option("--out", "path", type=click.Path(dir_okay=False, path_type=Path), required=True, metavar="FILE.ndjson")
@shared
def simulate(reps: int, days: int, seed: int, end: datetime | None, path: Path) -> None:
    """Write what so many simulated reps do in so many days, one fact a line, ready for `quotaflow replay`."""
    from streams.simulate import floor

    until = (end or _today()).replace(tzinfo=UTC)
    if not EARLIEST < until.year - days // 365 - 1 <= until.year < LATEST:
        raise click.UsageError(f"facts lie in the years {EARLIEST + 1} to {LATEST - 1}: choose another --end or --days")
    written = 0
    with progress() as bars, path.open("wb") as file:
        task, seen = bars.add_task("simulating", total=days), None
        for fact in floor(reps, days, seed, until):
            file.write(json.encode(fact) + b"\n")
            written += 1
            if fact.occurred_at.date() != seen:
                seen = fact.occurred_at.date()
                bars.update(task, completed=days - (until.date() - seen).days)
    click.echo(f"{counted(written, 'fact', 'facts')} in {path}; send them with: quotaflow replay {path}")


def _today() -> datetime:
    return now().replace(hour=0, minute=0, second=0, microsecond=0)
