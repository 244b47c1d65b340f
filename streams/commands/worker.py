"""`quotaflow worker`: reads facts, keeps tables, says standings and alerts until it is told to stop."""

import asyncio
import logging
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from quota.wording import counted
from streams.commands.options import redis_option, shared, store_option
from streams.commands.session import Failure, RunningWorker, Session, beside, stop_signal
from streams.commands.working import working
from streams.config import MOST_SHARDS
from streams.lock import Locked, WorkerLock
from streams.sinks.sinks import Sinks
from streams.stopping import Bound
from streams.wall_clock import now

if TYPE_CHECKING:
    from streams.windows import Windows

LISTEN_HELP = (
    "Where to answer over HTTP, or none (QUOTAFLOW_LISTEN; default 127.0.0.1:8090, or a free port if that is taken). "
    "Other machines need a token: set QUOTAFLOW_TOKEN."
)
NOWHERE = "none"
CLOCK = "Whether time follows the clock from now on, or stays with the log."
QUIET = ("faust", "mode", "aiokafka", "kafka")


@click.command()
@click.option("--clock", type=click.Choice(["wall", "log"]), default="wall", show_default=True, help=CLOCK)
@click.option(
    "--shards",
    type=click.IntRange(1, MOST_SHARDS),
    help="Shards of a new log (QUOTAFLOW_SHARDS; default 1, on Kafka 4).",
)
@click.option("--listen", metavar="HOST:PORT", help=LISTEN_HELP)
@store_option("Where tables are kept beside the log: memory, or rocksdb:DIRECTORY (QUOTAFLOW_STORE; default memory).")
@redis_option("Redis that gets a copy of what stands and fires (QUOTAFLOW_REDIS).")
@shared
@click.pass_obj
def worker(session: Session, clock: str, shards: int | None, listen: str | None) -> None:
    """Work on the log, tell people what its plan's routes say, and answer questions over HTTP.

    It stops at Ctrl-C or SIGTERM. GET /api/v1/standings and GET /api/v1/alerts tell what stands and what fires;
    docs/api.md has an example of each.
    """
    windows = _windows(session, listen)
    _log_to_stderr()
    sinks = Sinks.of(session.config, click.echo, now)
    with ExitStack() as held:
        if session.path is not None:
            try:
                held.enter_context(WorkerLock(session.path, "worker"))
            except Locked as error:
                raise Failure(f"{error}; an embedded log has one worker at a time, so stop that one first") from error
        chosen = session if shards is None else session.with_shards(shards)
        bound = held.enter_context(Bound())
        session.run(_worked(chosen, shards, windows, sinks, bound, live=clock == "wall"))


def _windows(session: Session, listen: str | None) -> "Windows":
    from streams.web.listening import Address, Tokens, require_tokens
    from streams.windows import DEFAULT, Windows

    named, tokens = listen or session.config.listen, Tokens.of(session.config)
    if named == NOWHERE:
        return Windows(None, tokens, session.config.redis)
    address = Address.parse(named) if named else DEFAULT
    require_tokens(address, tokens)
    return Windows(address, tokens, session.config.redis, elsewhere=not named)


async def _worked(
    session: Session, wanted: int | None, windows: "Windows", sinks: Sinks, bound: Bound, *, live: bool
) -> None:
    async with session.writing() as opened:
        has = counted(opened.shards, "shard", "shards")
        if wanted is not None and wanted != opened.shards:
            raise Failure(f"this log has {has}, and keeps so many; leave out --shards, or name a new log")
        stop = stop_signal()
        async with working(session, opened, windows, sinks, live=live) as (running, at):
            if at is not None:
                click.echo(f"answering on {at.url}/api/v1/standings and {at.url}/metrics", err=True)
            click.echo(f"working on {session.config.broker} with {has}; Ctrl-C stops", err=True)
            await _until_it_ends(stop, running, bound)
    click.echo("stopped; the next worker goes on from here", err=True)


async def _until_it_ends(stop: asyncio.Event, running: RunningWorker, bound: Bound) -> None:
    """Returns when it is to stop, or raises what made the worker fail; from then on time runs."""
    try:
        await beside(stop.wait(), running)
    except BaseException as error:
        bound.begin(error)
        raise
    bound.begin()


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
