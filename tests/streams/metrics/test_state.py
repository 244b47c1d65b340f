"""What a worker says of its state, on a real embedded log."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest
from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from agents.deliveries import ARROW
from agents.notifications import ARROW as SPEAKER
from agents.worker import ARROWS, READERS, Worker
from quota.notifications import notifications
from schemas.control import Live, PlanMarker
from schemas.marks import Mark
from schemas.notifications import Delivery
from schemas.plan import Route
from streams import topics
from streams.hop import Hop
from streams.log import LogError, Outgoing, Spot
from streams.metrics.exposition import exposition
from streams.metrics.meter import Meter
from streams.metrics.state import Lag, messages, state
from streams.serving.projection import Projection
from streams.shards import Shards
from streams.stages.deliveries import Deliveries
from streams.topology import flow, place
from tests.runtime.fake_log import FakeLog
from tests.runtime.faulty_log import CONTROL, apply, ask, copied, started, through, until, working
from tests.runtime.history import MONDAY, SHARDS
from tests.runtime.test_shards import DEALS, deal, evening, facts, key_of
from tests.streams.metrics.parsing import of, samples
from tests.unit.floor import a_plan
from tests.unit.news import transition


async def shown(shards: Shards, lag: Lag) -> bytes:
    return await exposition(state(shards, await lag.look()))


def one(text: bytes, name: str) -> float | None:
    """The value of a series without labels."""
    return samples(text).get((f"quotaflow_{name}", frozenset()))


async def test_a_worker_that_has_read_everything_says_how_far_it_is(tmp_path: Path) -> None:
    async with started(tmp_path / "log") as log, working(log) as (shards, _):
        await apply(log, 1)
        await copied(log, await ask(log, PlanMarker(1), evening(0)))
        await log.append(facts())
        last = await ask(log, evening(1))
        await through(log, last)
        # Deliveries read what was said last, of which nobody waits to hear.
        ends = await log.ends(Spot(topics.NOTIFICATIONS.name, number) for number in range(SHARDS))
        await until(lambda: all(shards.owned[spot.partition].positions[TP(*spot)] == end for spot, end in ends.items()))
        await until(lambda: all(shard.waits is None for shard in shards.owned.values()))
        text = await shown(shards, Lag(log, shards))
    expected = {
        "shards_owned": SHARDS,
        "log_shards": SHARDS,
        "clock_owned": 1,
        "clock_live": 0,
        "tick_number": last,
        "tick_timestamp_seconds": (MONDAY + timedelta(days=1, hours=18)).timestamp(),
        "plan_revision": 1,
        "plan_newest_revision": 1,
    }
    assert {name: one(text, name) for name in expected} == expected
    assert set(of(text, "quotaflow_lag_records").values()) == {0}
    assert {dict(labels)["topic"] for labels in of(text, "quotaflow_lag_records")} == set(READERS)
    ages = {dict(labels)["shard"]: age for labels, age in of(text, "quotaflow_commit_age_seconds").items()}
    assert ages == {"clock": 0, "0": 0, "1": 0}


async def test_the_lag_is_that_of_ones_own_shards(tmp_path: Path) -> None:
    quiet = FakeLog()
    await quiet.declare(topics.ALL, SHARDS)
    quiet.write([deal(f"f{n}", key_of(shard)) for shard, count in ((0, 3), (1, 5)) for n in range(count)])
    quiet.store({Spot(DEALS, 1): 1})
    async with started(tmp_path / "log") as log, working(log) as (shards, _):
        await until(lambda: shards.owned.keys() >= {0, 1})
        mine = Shards(quiet, ARROWS, SHARDS, 0.0)
        lag = Lag(quiet, mine)
        assert await lag.look() == {}
        mine.owned[1] = shards.owned[1]
        assert await lag.look() == dict.fromkeys(READERS.keys() - {CONTROL.topic}, 0) | {DEALS: 4}
        mine.owned[0] = shards.owned[0]
        assert (await lag.look())[DEALS] == 7


class Silent(FakeLog):
    """A log that stops answering, or fails."""

    def __init__(self, error: Exception | None) -> None:
        super().__init__()
        self.silent, self._error = False, error

    async def ends(self, spots: Iterable[Spot]) -> dict[Spot, int]:
        if self.silent and self._error:
            raise self._error
        if self.silent:
            await asyncio.Event().wait()
        return await super().ends(spots)


@pytest.mark.parametrize("error", [None, LogError("the broker is away")], ids=["silent", "failing"])
async def test_a_log_that_does_not_answer_leaves_the_last_lag_standing(error: Exception | None, tmp_path: Path) -> None:
    quiet = Silent(error)
    async with started(tmp_path / "log") as log, working(log) as (shards, _):
        await until(lambda: 0 in shards.owned)
        lag = Lag(quiet, shards, patience=0.01)
        await quiet.declare(topics.ALL, SHARDS)
        quiet.write([deal("a", key_of(0))])
        known = await lag.look()
        assert known[DEALS] == 1
        quiet.silent = True
        assert await lag.look() == known


async def test_a_worker_that_owns_nothing_yet_says_nothing_of_ticks() -> None:
    shards = Shards(FakeLog(), ARROWS, SHARDS, 0.0)
    text = await exposition(state(shards, {}))
    assert one(text, "shards_owned") == 0
    assert one(text, "clock_owned") == 0
    told = {name for name, _ in samples(text)}
    assert told == {
        f"quotaflow_{name}"
        for name in ("shards_owned", "log_shards", "clock_owned", "plan_newest_revision", "messages")
    }


async def test_a_log_that_is_live_is_said_to_be(tmp_path: Path) -> None:
    async with started(tmp_path / "log") as log, working(log) as (shards, _):
        record = Outgoing(*CONTROL, b"test", json.encode(Live(MONDAY)))
        await copied(log, (await log.append([record]))[-1])
        assert one(await shown(shards, Lag(log, shards)), "clock_live") == 1


async def test_a_worker_without_a_meter_has_no_metrics(tmp_path: Path) -> None:
    async with started(tmp_path / "log") as log:
        async with Worker(f"embedded://{log.path}", log, live=False, shards=SHARDS) as bare:
            with pytest.raises(RuntimeError, match="no meter"):
                bare.metrics(Projection(log, SHARDS))
        with pytest.raises(RuntimeError, match="not been started"):
            Worker(f"embedded://{log.path}", log, live=False, meter=Meter(READERS)).metrics(Projection(log, SHARDS))


@given(st.lists(st.sampled_from(["pending", "delivered", "failed"])))
def test_messages_are_counted_by_what_became_of_them(states: list[Literal["pending", "delivered", "failed"]]) -> None:
    at = place(ARROW, 0, 1)
    stage, elsewhere = Deliveries(at), Deliveries(at)
    for number, became in enumerate(states, 1):
        (message,) = notifications(transition(number=number), a_plan(routes=(Route("r1", "ann", "console"),)))
        (stage if number % 2 else elsewhere).note(Delivery(message, became, MONDAY))
    reads = flow(ARROW, (SPEAKER, ARROW), at)
    hops = [Hop(at, reads, each, Mark(reads.topic), lambda _: None) for each in (stage, elsewhere)]
    assert messages(hops) == {"pending": states.count("pending"), "failed": states.count("failed")}
