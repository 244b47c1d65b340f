"""`quotaflow plan`: a folder of YAML files becomes the plan in force, is compared with it, or is made of it."""

from functools import partial
from pathlib import Path

import click
from msgspec import json
from msgspec.structs import replace

from quota.wording import counted
from schemas.control import PlanMarker
from schemas.plan import Plan
from streams import topics
from streams.commands.options import shared
from streams.commands.plan_files import diff, export, schema
from streams.commands.plan_folder import DIRECTORY, loaded, summary
from streams.commands.session import Failure, Opened, Session
from streams.config import MOST_SHARDS
from streams.log import Outgoing, ShutOut
from streams.passage import ask, through
from streams.plan_reader import Plans
from streams.plans import plan_records
from streams.plans.holes import holes
from streams.wall_clock import now

KEY = b"plan"


@click.group()
@shared
def plan() -> None:
    """Check a plan's files, put them in force, or compare them with what is."""


for command in (diff, export, schema):
    plan.add_command(command)


@plan.command()
@DIRECTORY
@shared
def check(directory: Path) -> None:
    """Say everything that is wrong in the YAML files of DIR."""
    found = loaded(directory)
    click.echo(f"{directory} holds a plan without mistakes: {summary(found)}.")
    for hole in holes(directory):
        click.echo(f"Worth a look: {hole}")


@plan.command()
@DIRECTORY
@click.option(
    "--shards",
    type=click.IntRange(1, MOST_SHARDS),
    help="Shards of a new log (QUOTAFLOW_SHARDS; default 1, on Kafka 4).",
)
@shared
@click.pass_obj
def apply(session: Session, directory: Path, shards: int | None) -> None:
    """Check the plan in DIR and put it in force as the next revision, for all workers at one point of the log."""
    found = loaded(directory)
    if shards is not None:
        session = session.with_shards(shards)
    revision, before = session.run(_applied(session, found))
    click.echo(f"{directory}: {summary(found)}.")
    if before == found:
        click.echo(f"Nothing to apply: this is revision {revision}, which is in force.")
        return
    click.echo(f"Revision {revision} is in force from here on.")
    if before is not None and (lacking := _lacking(before, found)):
        click.echo(f"It leaves out {lacking} of revision {revision - 1}; to go back, apply that plan again.")


def _lacking(before: Plan, found: Plan) -> str:
    """How many reps and teams a plan does not have any more: what they do belongs to nobody."""
    reps = {rep.id for rep in before.reps} - {rep.id for rep in found.reps}
    teams = {team.id for team in before.teams} - {team.id for team in found.teams}
    gone = (len(reps), "rep", "reps"), (len(teams), "team", "teams")
    return " and ".join(counted(*each) for each in gone if each[0])


async def _applied(session: Session, found: Plan) -> tuple[int, Plan | None]:
    """The revision under which the plan is in force, and the plan before, which may be the same."""
    async with session.writing() as opened:
        # This shuts out whoever else is applying a plan: the newest revision stays the newest until the commit.
        writer = await opened.log.writer("plan")
        try:
            newest, known = await _newest(opened)
            before = None if known is None else replace(known, revision=0)
            if before == found:
                return newest, before
            await writer.commit(_records(found, newest + 1), {})
        except ShutOut as error:
            raise Failure("another `plan apply` came in between and this one changed nothing; run it again") from error
        finally:
            await writer.close()
        if newest and session.path is not None:
            await session.with_worker(opened, "plan apply", partial(_restated, opened))
        return newest + 1, before


async def _restated(opened: Opened) -> None:
    """Waits until everything that stands was said anew under the new revision."""
    await through(opened.log, await ask(opened.log, opened.shards))


async def _newest(opened: Opened) -> tuple[int, Plan | None]:
    plans = Plans(opened.log)
    await plans.read()
    known = plans.get(plans.newest)
    return plans.newest, known.plan if known else None


def _records(found: Plan, revision: int) -> list[Outgoing]:
    """A revision and its marker, in one transaction: no crash leaves one without the other."""
    keyed = plan_records(found, revision, now())
    marker = json.encode(PlanMarker(revision))
    return [
        *(Outgoing(topics.PLAN.name, 0, record.key, record.value) for record in keyed),
        Outgoing(topics.CONTROL.name, 0, KEY, marker),
    ]
