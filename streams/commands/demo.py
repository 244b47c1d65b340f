"""`quotaflow demo`: a worker, a plan and a simulated floor in one command, with a table that moves."""

import signal
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from streams.commands import gateway, plan, report
from streams.commands.options import broker_option, debug_option
from streams.commands.session import Failure, Opened, RunningWorker, Session, beside, stop_signal
from streams.commands.working import working
from streams.lock import Locked, WorkerLock
from streams.plan_reader import Plans
from streams.sinks.console import Console
from streams.sinks.sinks import CONSOLE, Sinks

if TYPE_CHECKING:
    from streams.demo.view import Door, Show
    from streams.web.listening import Address

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
@broker_option(f"The log: embedded://PATH (default {BROKER}; QUOTAFLOW_BROKER is not looked at).")
@debug_option
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

    stop = stop_signal()
    async with session.writing() as opened:
        play = await prepared(opened.log, opened.shards, Floor(order.reps, order.seed), session.config.broker)
        with play.show:
            await play.look()
            async with _at_work(session, opened, play.show) as running:
                await beside(play.until(stop, order.until), running)
    return play.board.as_of is not None


@asynccontextmanager
async def _at_work(session: Session, opened: Opened, show: "Show") -> AsyncIterator[RunningWorker]:
    """A worker whose messages go to the show alone, with the API, and a gateway beside it, on this machine only."""
    from streams.demo.view import Doors
    from streams.gateway.server import Gateway
    from streams.web.listening import Address, Tokens, serving
    from streams.windows import DEFAULT, Windows

    wanted = Address.parse(gateway.DEFAULT)
    tokens = Tokens.of(session.config)
    sinks = Sinks({CONSOLE: Console(show.told)})
    windows = Windows(DEFAULT, tokens, session.config.redis, elsewhere=True)
    door = Gateway(opened.log, opened.shards, tokens).app()
    async with (
        working(session, opened, windows, sinks, live=False) as (running, api),
        serving(door, wanted, elsewhere=True) as events,
    ):
        show.opened(Doors(_door(events, wanted), _door(api or DEFAULT, DEFAULT)))
        yield running


def _door(at: "Address", wanted: "Address") -> "Door":
    from streams.demo.view import Door

    return Door(at.url, None if at == wanted else wanted.port)
