"""`quotaflow`: every command, and the worker that some of them run in process."""

import atexit
import gc
import os
from contextlib import AbstractAsyncContextManager
from functools import partial

import click

from streams.commands import (
    alerts,
    api,
    copy,
    dead_letters,
    deals,
    demo,
    explain,
    forecast,
    gateway,
    notifications,
    pipeline,
    plan,
    quota,
    replay,
    report,
    simulate,
    status,
    verify,
    worker,
)
from streams.commands.failures import Failing
from streams.commands.options import shared
from streams.commands.session import RunningWorker, Session
from streams.config import HORIZON_DAYS, MEMORY, TICK_MS, Config, ConfigError
from streams.log import Log
from streams.sinks.sinks import Sinks

COMMANDS = (
    demo.demo,
    worker.worker,
    gateway.gateway,
    api.api,
    plan.plan,
    quota.quota,
    replay.replay,
    simulate.simulate,
    report.report,
    explain.explain,
    forecast.forecast,
    deals.deals,
    pipeline.pipeline,
    alerts.alerts,
    notifications.notifications,
    dead_letters.dead_letters,
    copy.copy,
    status.status,
    verify.verify,
)
"""A new command is added here."""


class CommandLine(Failing):
    """The group of all commands; it gives them their session."""

    def parse_args(self, context: click.Context, arguments: list[str]) -> list[str]:
        """Reads the environment before any option is looked at."""
        try:
            config = Config.from_env(os.environ)
        except ConfigError as error:
            raise click.UsageError(str(error), context) from error
        context.obj = Session(config, partial(in_process, horizon=config.horizon_days, tick_ms=config.tick_ms))
        return super().parse_args(context, arguments)


def in_process(
    broker: str,
    log: Log,
    *,
    live: bool,
    shards: int,
    sinks: Sinks | None = None,
    metered: bool = False,
    store: str = MEMORY,
    horizon: int = HORIZON_DAYS,
    tick_ms: int = TICK_MS,
) -> AbstractAsyncContextManager[RunningWorker]:
    """A worker in this process, on a log that has been started."""
    # Faust takes a second to import, which most commands do not need.
    from agents.worker import READERS, Worker

    make = partial(
        Worker, broker, log, live=live, shards=shards, sinks=sinks, store=store, horizon=horizon, tick_ms=tick_ms
    )
    if not metered:
        return make()
    from streams.metrics.meter import Meter

    return make(meter=Meter(READERS))


@click.group(cls=CommandLine, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="quotaflow", prog_name="quotaflow")
@shared
def command_line() -> None:
    """Selling facts in, rolling quota standings per rep and team out."""


for command in COMMANDS:
    command_line.add_command(command)


def main() -> None:
    """The console script."""
    # What a worker holds goes with the process: to search it for cycles on the way out takes a second.
    atexit.register(gc.freeze)
    command_line(prog_name="quotaflow")


if __name__ == "__main__":
    main()
