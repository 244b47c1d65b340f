"""The clock copies control into every source partition, each record once and in order, whatever happens to it."""

import random
from datetime import timedelta

import pytest
from msgspec import json
from msgspec.structs import replace

from schemas.control import Live, PlanMarker, Tick
from streams import tables, topics
from streams.clock import Clock, latest
from streams.log import LogError, Outgoing, Spot, Writer
from streams.takeover import take_clock
from tests.runtime.fake_log import FakeLog, Mishap, at_once
from tests.runtime.history import MONDAY, SHARDS

CONTROL = Spot(topics.CONTROL.name, 0)
TARGETS = [Spot(topic.name, shard) for topic in topics.SOURCES for shard in range(SHARDS)]
Steps = list[Tick | PlanMarker | Live]


class Owner:
    """A worker's hold on the clock."""

    def __init__(self, log: FakeLog) -> None:
        self._log = log
        self._writer: Writer = at_once(log.writer("clock"))
        clock = at_once(take_clock(log, SHARDS))[CONTROL.topic]
        assert isinstance(clock, Clock)
        self.clock = clock

    def read(self, count: int) -> None:
        """Reads on, and again some of what was read already."""
        self.clock.read(self._log.seen(CONTROL, max(0, self.clock.position - 2))[: count + 2])

    def flush(self) -> None:
        out, position = self.clock.flush(), self.clock.position
        at_once(self._writer.commit(out, {CONTROL: position}))


def steps(luck: random.Random) -> Steps:
    made: list[Tick | PlanMarker | Live] = [Live(MONDAY)]
    made += [Tick(luck.choice([None, MONDAY + timedelta(hours=luck.randrange(99))])) for _ in range(12)]
    made += [PlanMarker(revision) for revision in range(3)]
    luck.shuffle(made)
    return made


def run(log: FakeLog, asked: Steps, luck: random.Random) -> Owner:
    """Owners come and go, flush and fail, and old ones are not told; the last one finishes."""
    owners, left = [Owner(log)], [*asked]
    while left or luck.random() < 0.9:
        owner = luck.choice(owners)
        if left and luck.random() < 0.4:
            log.write([Outgoing(*CONTROL, b"test", json.encode(left.pop(0)))])
        elif luck.random() < 0.1:
            owners.append(Owner(log))
        elif luck.random() < 0.5:
            owner.read(luck.randint(0, 4))
        else:
            log.mishap = luck.choice([None, None, *Mishap])
            try:
                owner.flush()
            except LogError:
                owners = [each for each in owners if each is not owner] or [Owner(log)]
            log.mishap = None
    last = Owner(log)
    last.read(len(asked))
    last.flush()
    return last


@pytest.mark.parametrize("seed", range(40))
def test_every_tick_and_marker_of_control_stands_once_and_in_order_in_every_source_partition(seed: int) -> None:
    luck = random.Random(f"clock {seed}")
    log = FakeLog(history=luck.random() < 0.5, gap=luck.choice([0, 1]))
    at_once(log.declare((*topics.ALL, *tables.ALL), SHARDS))
    asked = steps(luck)
    last = run(log, asked, luck)
    expected = [
        replace(step, number=number, sender="control")
        for number, step in enumerate(asked)
        if not isinstance(step, Live)
    ]
    for target in TARGETS:
        said = [json.decode(record.value or b"", type=Tick | PlanMarker) for record in log.records[target]]
        assert said == expected
    assert last.clock.at == max((step.at for step in asked if isinstance(step, Tick) and step.at), default=None)
    assert last.clock.live


def test_the_later_of_two_moments_may_be_the_only_one() -> None:
    later = MONDAY + timedelta(seconds=1)
    assert [latest(None, None), latest(MONDAY, None), latest(later, MONDAY)] == [None, MONDAY, later]
