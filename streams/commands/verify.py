"""`quotaflow verify`: every number recounted from the facts, and compared with what is served."""

from collections.abc import Callable

import click
from msgspec import json, to_builtins

from quota.wording import counted
from streams.commands.console import progress
from streams.commands.failures import EXPECTED, told
from streams.commands.options import shared
from streams.commands.session import Failure, Opened, Session
from streams.passage import ask, through
from streams.verifying.verdict import Verdict


@click.command()
@click.option("--wait", is_flag=True, help="First wait until everything received so far is processed.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@shared
@click.pass_obj
@click.pass_context
def verify(context: click.Context, session: Session, *, wait: bool, as_json: bool) -> None:
    """Recount every number from the facts and compare it with what is served; print what differs, and why.

    It changes nothing and may run beside workers; facts after the last tick are left out. Exit code 0: no difference,
    1: some, 2: it could not be found out. docs/verify.md says what to do then.
    """
    try:
        found = session.run(_verdict(session, wait=wait))
    except (*EXPECTED, Failure) as error:
        failure = Failure(error.message if isinstance(error, Failure) else told(error))
        failure.exit_code = 2
        raise failure from error
    if as_json:
        click.echo(json.encode(to_builtins(found)))
    else:
        _print(found)
    if found.differences:
        context.exit(1)


async def _verdict(session: Session, *, wait: bool) -> Verdict:
    from streams.verifying.look import verdict

    async with session.reading() as opened:
        if wait:
            await session.with_worker(opened, "verify", lambda: _processed(opened))
        with progress() as bars:
            reading = bars.add_task("reading", total=None)
            advance: Callable[[int], None] = lambda n: bars.update(reading, advance=n)  # noqa: E731
            return _of_something(await verdict(opened.log, opened.shards, advance))


def _of_something(found: Verdict) -> Verdict:
    if found.left_out and found.idle and not found.differences:
        waiting = counted(found.left_out, "fact waits", "facts wait")
        shards = counted(found.idle, "shard serves", "shards serve")
        raise Failure(f"{waiting} and {shards} nothing yet; --wait waits for that")
    return found


async def _processed(opened: Opened) -> None:
    # Once for what came, and once for what was forwarded to where it belongs.
    for _ in range(2):
        await through(opened.log, await ask(opened.log, opened.shards))


def _print(found: Verdict) -> None:
    for difference in found.differences:
        click.echo(str(difference))
    for note in found.notes:
        click.echo(f"note: {note}")
    if found.left_out:
        later = counted(found.left_out, "fact lies", "facts lie")
        click.echo(f"note: {later} behind the last tick and not in these numbers; --wait waits for that")
    said = counted(len(found.differences), "difference", "differences") if found.differences else "no difference"
    counts = [
        f"{counted(found.standings, 'standing', 'standings')} of {counted(found.scopes, 'scope', 'scopes')}",
        f"{counted(found.facts, 'fact', 'facts')} as received, with repeats",
        counted(found.entities, "entity record", "entity records"),
        counted(found.credits, "credit", "credits"),
        counted(found.explained, "explained sum", "explained sums"),
    ]
    click.echo(f"{', '.join(counts)}, under revision {found.revision} of the plan: {said}.")
