"""What every command shares: which log, how to open it, and how to have a worker in process."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import click

from streams import tables, topics
from streams.config import MEMORY, Config
from streams.lock import Locked, WorkerLock
from streams.log import Log, LogError
from streams.metrics.unmetered import Metrics
from streams.opening import open_log
from streams.sinks.sinks import Sinks

if TYPE_CHECKING:
    from streams.serving.projection import Projection

T = TypeVar("T")
EMBEDDED = "embedded://"
LOOK_SECONDS = 0.5
"""Between two looks whether another worker has gone."""


class Failure(click.ClickException):
    """The command could not do what was asked: one sentence on stderr, exit code 1."""


class Running(Protocol):
    """Work that goes on beside a command's."""

    async def run(self) -> None:
        """Returns never; raises what made it fail."""
        ...


class RunningWorker(Running, Protocol):
    """A worker that has joined and reads."""

    def owned(self) -> Iterable[int]:
        """The numbers of the shards that it works on now."""
        ...

    def metrics(self, projection: "Projection") -> Metrics:
        """What it tells Prometheus; only of a worker that is metered."""
        ...


class MakeWorker(Protocol):
    """Makes a worker for a log that has been started; the layer above knows how."""

    def __call__(
        self,
        broker: str,
        log: Log,
        *,
        live: bool,
        shards: int,
        sinks: Sinks | None = None,
        metered: bool = False,
        store: str = MEMORY,
    ) -> AbstractAsyncContextManager[RunningWorker]:
        """A worker that reads while its context lasts; without sinks, messages wait for one that has some."""
        ...


@dataclass(frozen=True)
class Session:
    """The settings of one command, and the worker it may run."""

    config: Config
    make_worker: MakeWorker

    @property
    def path(self) -> Path | None:
        """The file of an embedded log; None for any other."""
        broker = self.config.broker
        return Path(broker.removeprefix(EMBEDDED)) if broker.startswith(EMBEDDED) else None

    def with_shards(self, shards: int) -> "Session":
        """The same session, in which a new log gets so many shards."""
        return replace(self, config=replace(self.config, shards=shards))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What the command's coroutine gives."""
        return asyncio.run(work)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator["Opened"]:
        """The log, which must exist."""
        if self.path is not None and not self.path.exists():
            raise Failure(
                f"there is no log {self.path}; apply a plan first (quotaflow plan apply DIR), or name another --broker"
            )
        async with self.writing() as opened:
            yield opened

    @asynccontextmanager
    async def writing(self) -> AsyncIterator["Opened"]:
        """The log, with every topic and table made that is missing."""
        log = open_log(self.config.broker)
        await log.start()
        try:
            shards = await log.declare((*topics.ALL, *tables.ALL), self.config.new_shards)
            yield Opened(log, shards)
        finally:
            await log.stop()

    async def with_worker(self, opened: "Opened", command: str, work: Callable[[], Awaitable[T]]) -> T:
        """What the work gives while somebody works on the log: a worker in this process, where there is no other."""
        if self.path is None:
            return await work()
        try:
            lock = WorkerLock(self.path, command).take()
        except Locked:
            return await beside(work(), StandIn(self, opened, self.path, command))
        with lock:
            broker, store = self.config.broker, self.config.store
            async with self.make_worker(broker, opened.log, live=False, shards=opened.shards, store=store) as worker:
                return await beside(work(), worker)


@dataclass(frozen=True)
class Opened:
    """A log that has been started, and its number of shards."""

    log: Log
    shards: int


@dataclass(frozen=True)
class StandIn:
    """A worker for the case that the one that works on the log goes away."""

    session: Session
    opened: Opened
    path: Path
    command: str

    async def run(self) -> None:
        """Works on the log as soon as nobody else does; returns never."""
        while True:
            try:
                lock = WorkerLock(self.path, self.command).take(tries=1)
            except Locked:
                await asyncio.sleep(LOOK_SECONDS)
                continue
            config, log, shards = self.session.config, self.opened.log, self.opened.shards
            with lock:
                async with self.session.make_worker(
                    config.broker, log, live=False, shards=shards, store=config.store
                ) as worker:
                    await worker.run()


def stop_signal() -> asyncio.Event:
    """Set at SIGINT or SIGTERM from now on."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def beside(work: Awaitable[T], worker: Running) -> T:
    """What the work gives; a worker that fails first ends it with the worker's error."""
    doing, running = asyncio.ensure_future(work), asyncio.ensure_future(worker.run())
    try:
        await asyncio.wait({doing, running}, return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            await running
            raise LogError("the worker in this process ended before the work was done; run the command again")
        return await doing
    finally:
        for task in (doing, running):
            task.cancel()
        await asyncio.gather(doing, running, return_exceptions=True)
