"""The folder of a plan, as commands take it."""

from pathlib import Path

import click

from quota.errors import InvalidRecord
from quota.plans import PlanIndex
from quota.wording import counted
from schemas.plan import Plan
from streams.commands.session import Failure
from streams.plans import PlanError, load

DIRECTORY = click.argument("directory", type=click.Path(path_type=Path), metavar="DIR")


def loaded(directory: Path, left: str = "{left}") -> Plan:
    """The plan in the folder; Failure, with every problem on stderr, if there is none. `left` is what is not done."""
    try:
        found = load(directory)
        PlanIndex(found)
    except PlanError as error:
        for problem in error.problems:
            click.echo(problem, err=True)
        count = counted(len(error.problems), "problem", "problems")
        raise Failure(f"{count} in {directory}; mend what is named above, {left}") from error
    except InvalidRecord as error:
        raise Failure(f"{directory}: {error}; {left}") from error
    return found


def summary(found: Plan) -> str:
    """What is in a plan, in one line."""
    stages = sum(len(pipeline.stages) for pipeline in found.pipelines)
    parts = [
        counted(len(found.reps), "rep", "reps"),
        counted(len(found.teams), "team", "teams"),
        counted(len(found.quotas), "quota", "quotas"),
        counted(len(found.rules), "rule", "rules"),
        counted(stages, "stage", "stages"),
        counted(len(found.calendars), "calendar", "calendars"),
        *([counted(len(found.rates), "rate", "rates")] if found.rates else []),
        *([counted(len(found.routes), "route", "routes")] if found.routes else []),
        *([counted(len(found.metrics), "metric of its own", "metrics of its own")] if found.metrics else []),
    ]
    return f"{found.company.name} in {found.company.currency}, {', '.join(parts)}"
