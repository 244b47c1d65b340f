"""How often time passes on a live log: soon where facts come in, rarely where nothing does."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from schemas.marks import Mark
from streams import clockwork, tables, topics
from streams.clock import Clock
from streams.clockwork import IDLE_SECONDS, MOST_IDLE_SECONDS, Clockwork
from streams.log import Outgoing
from streams.shards import Shards
from tests.runtime.fake_log import FakeLog, at_once
from tests.runtime.history import SHARDS

SECONDS = 0.5
"""Between two ticks while facts come in."""
BEGINNING = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Told:
    """A clock on the wall that is told the time."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return BEGINNING + timedelta(seconds=self.seconds)


async def test_ticks_get_rarer_while_nothing_but_ticks_comes_in_and_a_fact_ends_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log, told = FakeLog(), Told()
    at_once(log.declare((*topics.ALL, *tables.ALL), SHARDS))
    monkeypatch.setattr(clockwork, "now", told.now)
    clock = Clock(SHARDS, Mark(topics.CONTROL.name))
    works = Clockwork(log, cast(Shards, SimpleNamespace(count=SHARDS)), weight=1, seconds=SECONDS)
    await works.go_live()
    found = []
    while told.seconds < 100:
        told.seconds += SECONDS
        if told.seconds == 90:
            log.write([Outgoing(topics.DEALS.name, 1, b"d", b"a fact")])
        if await works.due(clock):
            works.last = told.now()
            found.append(told.seconds)
    first, second = IDLE_SECONDS, 3 * IDLE_SECONDS
    rare = [second + n * MOST_IDLE_SECONDS for n in (1, 2, 3)]
    assert found == [first, second, *rare, 90, 90 + IDLE_SECONDS]
