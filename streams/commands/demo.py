"""`quotaflow demo`: a worker, a plan and a simulated floor in one command, with a table that moves."""

import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import click
from click.core import ParameterSource

from streams.commands import plan, report
from streams.commands.options import shared
from streams.commands.session import Failure, Session, beside, stop_signal
from streams.lock import Locked, WorkerLock
from streams.plan_reader import Plans
from streams.sinks.sinks import CONSOLE, Sinks

BROKER = "embedded://quotaflow-demo.db"
EXAMPLE = Path(__file__).resolve().parents[2] / "deploy" / "examples" / "demo"
"""The plan that an empty log gets, in the repository that this package is installed from."""
PLANNED = 12
"""How many reps that plan knows."""


@dataclass(frozen=True)
class Order:
    """Which floor is played, and until when by the monotonic clock; None is until somebody stops it."""

    reps: int
    seed: int
    until: float | None


@click.command()
@click.option("--for", "seconds", type=click.FloatRange(min=0), metavar="SECONDS", help="End after so long.")
@click.option(
    "--reps", type=click.IntRange(1, PLANNED), default=PLANNED, show_default=True, help="People on the floor."
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed plays the same floor.")
@shared
@click.pass_context
def demo(context: click.Context, seconds: float | None, reps: int, seed: int) -> None:
    """Play a simulated sales floor, its past at full speed and then live, until Ctrl-C.

    It keeps its log in quotaflow-demo.db unless --broker names another file, and goes on from there the next time.
    """
    until = None if seconds is None else time.monotonic() + seconds
    session = context.obj = _session(context)
    path = session.path
    if path is None:
        raise click.UsageError("the demo keeps its log in a file; write --broker embedded://PATH, or leave it out")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with _alone(path), suppress(KeyboardInterrupt):
        if not session.run(_planned(session)):
            context.invoke(plan.apply, directory=EXAMPLE)
        if session.run(_played(session, Order(reps, seed, until))):
            context.invoke(report.report)
    click.echo(f"Stopped. {_how_to_go_on(path)}", err=True)


def _session(context: click.Context) -> Session:
    """The session on the demo's own log, unless the command line names another; the environment is for real ones."""
    given = context.find_object(Session)
    assert given is not None
    contexts: Iterable[click.Context] = (each for each in (context, context.parent) if each is not None)
    if any(each.get_parameter_source("broker") is ParameterSource.COMMANDLINE for each in contexts):
        return given
    return replace(given, config=replace(given.config, broker=BROKER))


def _alone(path: Path) -> WorkerLock:
    try:
        return WorkerLock(path, "demo").take()
    except Locked as error:
        raise Failure(f"{error}; stop that one first, or name another log: --broker embedded://PATH") from error


def _how_to_go_on(path: Path) -> str:
    default = f"embedded://{path}" == BROKER
    again = "quotaflow demo" if default else f"quotaflow demo --broker embedded://{path}"
    afresh = "`make demo-clean`" if default else f"delete {path}"
    return f"`{again}` goes on from the same log; {afresh} makes it start afresh."


async def _planned(session: Session) -> bool:
    async with session.writing() as opened:
        plans = Plans(opened.log)
        await plans.read()
        return plans.newest > 0


async def _played(session: Session, order: Order) -> bool:
    """Whether anything stands at the end."""
    from streams.demo.feeding import Floor
    from streams.demo.playing import prepared
    from streams.sinks.console import Console

    stop = stop_signal()
    async with session.writing() as opened:
        play = await prepared(opened.log, opened.shards, Floor(order.reps, order.seed), session.config.broker)
        with play.show:
            await play.look()
            broker, sinks = session.config.broker, Sinks({CONSOLE: Console(play.show.tell)})
            worker = session.make_worker(broker, opened.log, live=False, shards=opened.shards, sinks=sinks)
            async with worker as running:
                await beside(play.until(stop, order.until), running)
    return play.board.as_of is not None
