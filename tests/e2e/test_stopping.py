"""Workers that come and go in order: only what must move moves, and nobody waits for who has left."""

import asyncio
import itertools
import json
import time
from contextlib import ExitStack
from typing import cast

import pytest
from faust.types import TP

from agents.worker import Worker
from streams.kafka.consumer import Consumer
from streams.log import Log, Outgoing, Spot
from streams.opening import open_log
from streams.partitioner import partition
from streams.watchdog import MARKERS, Stalled
from tests.agents.example import call, write_plan
from tests.e2e.cli import SHARDS, Beside, Quotaflow
from tests.e2e.crews import Crew
from tests.kafka.broker import Broker, frozen

pytestmark = pytest.mark.on_kafka

STOPPED = 10.0
"""Seconds in which a worker is gone after SIGTERM, whatever the broker does."""
GOES_ON = 5.0
"""Seconds for which the facts of a shard that stays where it is may wait in a rebalance."""
LONGEST = 60.0
SESSION = 8.0
"""Seconds after which the group gives up a worker that says nothing."""
TOPIC = "sales.activities.v1"
SPOTS = [Spot(TOPIC, shard) for shard in range(SHARDS)]
WHO = [next(f"p{n}" for n in range(100) if partition(b"p%d" % n, SHARDS) == shard) for shard in range(SHARDS)]
"""A performer in every shard."""


@pytest.fixture(scope="module")
def flow(node: Broker, tmp_path_factory: pytest.TempPathFactory) -> Quotaflow:
    made = Quotaflow(f"kafka://{node.address}", tmp_path_factory.mktemp("stopping"))
    made.run("plan", "apply", write_plan(made.folder / "plan"))
    return made


def fact(shard: int, name: str) -> Outgoing:
    """A call that belongs to this shard."""
    said = call(name, "01-08", WHO[shard], "acme")
    return Outgoing(TOPIC, shard, WHO[shard].encode(), json.dumps(said).encode())


class Trickle:
    """Facts into every shard, one after the other, and for how long any of them waited."""

    def __init__(self, beside: Beside) -> None:
        self._beside, self._sent = beside, 0
        self._waits: dict[int, tuple[int, float]] = {}
        self.longest = dict.fromkeys(range(SHARDS), 0.0)
        self.read = 0

    def drip(self) -> bool:
        """Sends one fact to each shard from which the last one was read; always true."""
        positions = self._beside.positions(SPOTS)
        now = time.monotonic()
        for shard, (offset, since) in [*self._waits.items()]:
            self.longest[shard] = max(self.longest[shard], now - since)
            if positions.get(Spot(TOPIC, shard), 0) > offset:
                del self._waits[shard]
                self.read += 1
        for shard in {*range(SHARDS)} - self._waits.keys():
            self._sent += 1
            (offset,) = self._beside.append([fact(shard, f"{id(self)}-{self._sent}")])
            self._waits[shard] = offset, time.monotonic()
        return True


def test_a_rebalance_moves_only_what_must_move_and_what_stays_goes_on(flow: Quotaflow) -> None:
    with Crew(flow, 1) as crew, Beside(flow.broker) as beside:
        crew.until_all_own_shards()
        trickle = Trickle(beside)
        crew.join()
        crew.until(
            lambda: trickle.drip() and [*crew.owners().values()].count(1) == SHARDS // 2,
            "the second worker owned its share",
        )
        seen = trickle.read
        crew.until(lambda: trickle.drip() and trickle.read > seen + 2 * SHARDS, "facts were read")
        assert crew.said(0).count("took over shard") == SHARDS  # it never took over what it kept
        kept = [shard for shard, owner in crew.owners().items() if owner == 0]
        assert max(trickle.longest[shard] for shard in kept) < GOES_ON
        assert crew.stop() == [0, 0]


def test_who_takes_over_from_a_worker_that_was_stopped_does_not_wait_for_its_session(flow: Quotaflow) -> None:
    with Crew(flow, 2) as crew, Beside(flow.broker) as beside:
        crew.until_all_own_shards()
        trickle = Trickle(beside)
        crew.until(lambda: trickle.drip() and trickle.read > SHARDS, "facts were read")
        code, seconds = crew.leave(1)
        began = time.monotonic()
        crew.until(lambda: {*crew.owners().values()} == {0}, "the first worker owned all")
        assert time.monotonic() - began < SESSION
        assert (code, seconds < STOPPED) == (0, True)
        crew.until(lambda: trickle.drip() and trickle.longest[0] > 0, "facts were read")
        assert crew.leave(0)[0] == 0


@pytest.mark.parametrize("away", ["killed", "frozen"])
def test_a_worker_whose_broker_is_away_stops_in_time(flow: Quotaflow, node: Broker, away: str) -> None:
    with Crew(flow, 1) as crew, Beside(flow.broker) as beside, ExitStack() as back:
        crew.until_all_own_shards()
        trickle = Trickle(beside)
        crew.until(lambda: trickle.drip() and trickle.read > SHARDS, "facts were read")
        trickle.drip()
        if away == "killed":
            node.kill()
            back.callback(node.start)
        else:
            back.enter_context(frozen(node))
        code, seconds = crew.leave(0)
        assert (code, seconds < STOPPED) == (0, True), f"{seconds} s: {crew.said(0)}"


async def test_a_consumer_that_stalls_ends_the_worker_with_the_reason(
    flow: Quotaflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = open_log(flow.broker)
    await log.start()
    try:
        async with Worker(flow.broker, log, live=False, patience=2.0) as worker:
            assert worker.shards is not None
            running = asyncio.ensure_future(worker.run())
            async with asyncio.timeout(LONGEST):
                while len(worker.owned()) < SHARDS or not await read(log, SPOTS):
                    assert not running.done()
                    await asyncio.sleep(0.1)
            consumer = cast(Consumer, worker.shards.consumer)
            fetchable = consumer._fetchable
            monkeypatch.setattr(consumer, "_fetchable", lambda: fetchable() - {TP(*SPOTS[1])})
            async with asyncio.timeout(LONGEST):
                for number in itertools.count():
                    await log.append([fact(1, f"stalled-{number}")])
                    if (await asyncio.wait({running}, timeout=0.5))[0]:
                        break
            with pytest.raises(Stalled, match=rf"{TOPIC}\[1\] grew to \d+ and was not read beyond \d+ for \d+ s"):
                running.result()
    finally:
        await log.stop()


async def read(log: Log, spots: list[Spot]) -> bool:
    """Whether all facts there are were read."""
    positions = await log.committed(spots)
    return all(positions.get(spot, 0) + MARKERS >= end for spot, end in (await log.ends(spots)).items())
