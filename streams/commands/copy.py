"""`quotaflow copy`: what is true goes into another log: a backup, another engine, or another number of shards."""

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import click
from msgspec import json, to_builtins

from quota.wording import counted
from streams.commands.console import progress
from streams.commands.options import shared
from streams.commands.session import Failure, Opened, Session
from streams.config import MOST_SHARDS, broker_problem
from streams.lock import WorkerLock
from streams.serving.deliveries import deliveries

if TYPE_CHECKING:
    from streams.copying.copy import Copied


@click.command()
@click.argument("target", metavar="TARGET")
@click.option("--shards", type=click.IntRange(1, MOST_SHARDS), help="Shards of the target; default as many as here.")
@click.option("--leave-messages", is_flag=True, help="Copy although messages are pending, which nobody gets then.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@shared
@click.pass_obj
def copy(session: Session, target: str, shards: int | None, *, leave_messages: bool, as_json: bool) -> None:
    """Copy facts, plan and time into the empty log TARGET (embedded://PATH or kafka://host:port).

    Workers, gateways and producers must have stopped. Everything else follows from what is copied: a worker on the
    target makes it anew, and tells nobody again. docs/partitions.md is the procedure step by step.
    """
    problem = broker_problem(target)
    if problem:
        raise click.BadParameter(problem, param_hint="TARGET")
    if target == session.config.broker:
        raise click.BadParameter("this is the log itself; name another one", param_hint="TARGET")
    copied = session.run(_copied(session, target, shards, leave_messages=leave_messages))
    if as_json:
        click.echo(json.encode(to_builtins(copied)))
        return
    unusable = f", {counted(copied.unusable, 'record', 'records')} that cannot be used" if copied.unusable else ""
    letters = f", {counted(copied.letters, 'dead letter', 'dead letters')}" if copied.letters else ""
    ticks, markers = counted(copied.ticks, "tick", "ticks"), counted(copied.markers, "plan marker", "plan markers")
    click.echo(
        f"{counted(copied.facts, 'fact', 'facts')}{unusable}, {ticks}, {markers}{letters} are in {target}, "
        f"{counted(copied.shards, 'shard', 'shards')}; digest of the facts {copied.digest}, read back and compared."
    )


async def _copied(session: Session, target: str, shards: int | None, *, leave_messages: bool) -> "Copied":
    from streams.copying.copy import Copy, Place

    with ExitStack() as locks:
        async with session.reading() as opened:
            if session.path is not None:
                locks.enter_context(WorkerLock(session.path, "copy"))
            await _require_told(opened, leave_messages=leave_messages)
            other = replace(session, config=replace(session.config, broker=target, shards=shards or opened.shards))
            async with other.writing() as empty:
                if other.path is not None:
                    locks.enter_context(WorkerLock(other.path, "copy"))
                if shards not in {None, empty.shards}:
                    raise Failure(
                        f"{target} has {empty.shards} shards already, not {shards}; delete its topics (or its file)"
                    )
                with progress() as bars:
                    task = bars.add_task("copying", total=None)
                    places = Place(opened.log, opened.shards), Place(empty.log, empty.shards)
                    return await Copy(*places, lambda n: bars.update(task, advance=n)).run()


async def _require_told(opened: Opened, *, leave_messages: bool) -> None:
    waiting = sum(each.state == "pending" for each in await deliveries(opened.log, opened.shards))
    if waiting and not leave_messages:
        raise Failure(
            f"{counted(waiting, 'message is', 'messages are')} pending, and the target would never send them: let a "
            "worker send them first (quotaflow notifications --pending), or give them up with --leave-messages"
        )
