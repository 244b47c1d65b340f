"""`quotaflow worker`: reads facts, keeps tables, says standings and alerts until it is told to stop."""

import logging
from contextlib import ExitStack

import click

from quota.wording import counted
from streams.commands.options import shared
from streams.commands.session import Failure, Session, beside, stop_signal
from streams.config import MOST_SHARDS
from streams.lock import Locked, WorkerLock
from streams.sinks.sinks import Sinks

CLOCK = "Whether time follows the clock from now on, or stays with the log."
QUIET = ("faust", "mode", "aiokafka", "kafka")


@click.command()
@click.option("--clock", type=click.Choice(["wall", "log"]), default="wall", show_default=True, help=CLOCK)
@click.option(
    "--shards",
    type=click.IntRange(1, MOST_SHARDS),
    help="Shards of a new log (QUOTAFLOW_SHARDS; default 1, on Kafka 4).",
)
@shared
@click.pass_obj
def worker(session: Session, clock: str, shards: int | None) -> None:
    """Work on the log, and tell people what its plan's routes say, until Ctrl-C or SIGTERM."""
    from streams.clockwork import now

    _log_to_stderr()
    sinks = Sinks.of(session.config, click.echo, now)
    with ExitStack() as held:
        if session.path is not None:
            try:
                held.enter_context(WorkerLock(session.path, "worker"))
            except Locked as error:
                raise Failure(f"{error}; an embedded log has one worker at a time, so stop that one first") from error
        session = session if shards is None else session.with_shards(shards)
        session.run(_worked(session, shards, sinks, live=clock == "wall"))


async def _worked(session: Session, wanted: int | None, sinks: Sinks, *, live: bool) -> None:
    async with session.writing() as opened:
        has = counted(opened.shards, "shard", "shards")
        if wanted is not None and wanted != opened.shards:
            raise Failure(f"this log has {has}, and keeps so many; leave out --shards, or name a new log")
        stop = stop_signal()
        broker, shards = session.config.broker, opened.shards
        async with session.make_worker(broker, opened.log, live=live, shards=shards, sinks=sinks) as running:
            click.echo(f"working on {session.config.broker} with {has}; Ctrl-C stops", err=True)
            await beside(stop.wait(), running)
    click.echo("stopped; the next worker goes on from here", err=True)


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
