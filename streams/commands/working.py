"""A worker with all that people and panels look into: what worker and demo have in common."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from streams.commands.session import Opened, RunningWorker, Session
from streams.sinks.sinks import Sinks

if TYPE_CHECKING:
    from streams.web.listening import Address
    from streams.windows import Windows


@asynccontextmanager
async def working(
    session: Session, opened: Opened, windows: "Windows", sinks: Sinks, *, live: bool
) -> AsyncIterator[tuple[RunningWorker, "Address | None"]]:
    """A worker that reads and counts its work, and where it answers, while the context lasts; raises AddressTaken."""
    from streams.serving.projection import Projection
    from streams.windows import opened as opened_windows

    log, shards = opened.log, opened.shards
    projection = Projection(log, shards)
    broker, store = session.config.broker, session.config.store
    worker = session.make_worker(broker, log, live=live, shards=shards, sinks=sinks, metered=True, store=store)
    async with worker as running:
        metered = replace(windows, metrics=running.metrics(projection))
        async with opened_windows(metered, projection, running.owned) as at:
            yield running, at
