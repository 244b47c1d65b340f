"""`quotaflow replay`: an export goes into the log, and time with it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import json

from quota.wording import counted
from schemas.dead_letters import DeadLetter
from streams import replay as exports
from streams import topics
from streams.commands.console import progress
from streams.commands.options import shared
from streams.commands.session import Opened, Session
from streams.driving import Driver, Evenings, Pacer
from streams.log import Outgoing
from streams.partitioner import partition
from streams.passage import ask, through
from streams.replay import Bad, Fact, Ignored, Line
from streams.serving.control import control
from streams.serving.plan import newest
from streams.wall_clock import now

if TYPE_CHECKING:
    from rich.progress import Progress


FORMATS = f"One of {', '.join(exports.formats())}, or a mapping file."


class Speed(click.ParamType):
    """`max`, or how many times faster than it happened."""

    name = "speed"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float | None:
        """None for `max`."""
        if value == "max":
            return None
        try:
            speed = float(str(value))
        except ValueError:
            speed = 0.0
        if not 0 < speed < float("inf"):
            self.fail(f"{value!r} is no speed: write max, or a number such as 86400 (a day in a second)", param, ctx)
        return speed


@dataclass
class Counts:
    """What an export held."""

    facts: int = 0
    bad: int = 0
    ignored: int = 0
    ticks: int = 0
    ahead: int = 0
    live: bool = False

    def __str__(self) -> str:
        said = counted(self.facts, "fact", "facts")
        ignored = f", {counted(self.ignored, 'line', 'lines')} left out on purpose" if self.ignored else ""
        letters = counted(self.bad, "line that cannot be used", "lines that cannot be used")
        bad = f", {letters}: see `quotaflow dead-letters list`" if self.bad else ", none unusable"
        return f"{said} sent with {counted(self.ticks, 'tick', 'ticks')}{ignored}{bad}."


@dataclass(frozen=True)
class Order:
    """What is to be replayed, and how."""

    path: Path
    form: str
    speed: float | None
    wait: bool
    notify: bool


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--format", "form", default="ndjson", show_default=True, metavar="NAME|FILE.yaml", help=FORMATS)
@click.option(
    "--speed", type=Speed(), default="max", metavar="max|N", help="N times faster than it happened; default max."
)
@click.option("--wait", is_flag=True, help="Return when all of it is processed, up to the alerts.")
@click.option("--notify", is_flag=True, help="Let what follows from these facts be notified.")
@shared
@click.pass_obj
def replay(session: Session, path: Path, form: str, speed: float | None, *, wait: bool, notify: bool) -> None:
    """Send the facts of PATH in the order in which they occurred, with a tick at the end of every day.

    On an embedded log without a worker, one runs in this process for as long as this command does.
    """
    counts = session.run(_replayed(session, Order(path, form, speed, wait, notify)))
    click.echo(str(counts))
    if counts.live:
        click.echo("Time follows the clock on this log: alerts see these facts as late ones, as of now.")
    if counts.ahead:
        click.echo(f"{counted(counts.ahead, 'fact lies', 'facts lie')} in the future; time goes no further than now.")
    if not wait:
        click.echo("What was sent is processed by whoever works on the log: a worker, or the next command with --wait.")


async def _replayed(session: Session, order: Order) -> Counts:
    total = exports.size(order.path, order.form)
    async with session.reading() as opened:
        plan = await newest(opened.log)
        found = await control(opened.log)
        pacer = None if order.speed is None else Pacer(order.speed)
        until, horizon = now(), session.config.horizon_days
        driver = Driver(
            opened.log, Evenings(plan.plan), found, pacer=pacer, quiet=not order.notify, until=until, horizon=horizon
        )

        async def work() -> Counts:
            with progress() as bars:
                return replace(await _sent(opened, order, driver, bars, total), live=found.live)

        if found.live and not order.wait:
            return await work()
        return await session.with_worker(opened, "replay", work)


async def _sent(opened: Opened, order: Order, driver: Driver, bars: "Progress", total: int) -> Counts:
    counts, reading, sending = Counts(), bars.add_task("reading", total=total), bars.add_task("sending", total=None)
    read = exports.facts(order.path, order.form, quiet=not order.notify, progress=lambda n: bars.advance(reading, n))
    for line in exports.in_time_order(_counted(read, counts)):
        if isinstance(line, Fact):
            at = partition(line.key, opened.shards)
            await driver.send(line.occurred_at, Outgoing(line.topic, at, line.key, line.value))
            bars.update(sending, total=counts.facts, advance=1)
        elif isinstance(line, Bad):
            await driver.append(_letter(line, order.form, opened.shards))
    await driver.finish()
    counts.ticks, counts.ahead = driver.ticks, driver.ahead
    passage = await ask(opened.log, opened.shards, quiet=not order.notify)
    if order.wait:
        processing = bars.add_task("processing", total=None)
        await through(
            opened.log, passage, left=lambda n: bars.update(processing, description=f"processing, {n:,} left")
        )
    return counts


def _counted(lines: Iterable[Line], counts: Counts) -> Iterator[Line]:
    for line in lines:
        counts.facts += isinstance(line, Fact)
        counts.bad += isinstance(line, Bad)
        counts.ignored += isinstance(line, Ignored)
        yield line


def _letter(line: Bad, form: str, shards: int) -> Outgoing:
    from streams.quarantine import KEPT

    raw = line.raw[:KEPT]
    letter = DeadLetter(line.id, form, line.reason, raw, truncated=line.truncated + len(line.raw) - len(raw))
    key = letter.id.encode()
    return Outgoing(topics.DEAD_LETTERS.name, partition(key, shards), key, json.encode(letter))
