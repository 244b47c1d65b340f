"""Taking over a shard: what is read back, and from where its readers go on."""

from pathlib import Path

import pytest
from msgspec import json

from agents.worker import ARROWS
from schemas.credits import HeldCredit
from schemas.marks import Mark
from streams import tables, topics
from streams.hop import Hop
from streams.log import LogError, Outgoing, Spot
from streams.plan_reader import Plans
from streams.stages.standings import Standings
from streams.stores.rocks import DAMAGED
from streams.stores.shelf import Shelf
from streams.takeover import take_clock, take_hops
from tests.runtime.fake_log import FakeLog, at_once
from tests.runtime.history import SHARDS

CELL = b"deals/0|rep:anna|2026-03-30"


@pytest.fixture
def log() -> FakeLog:
    made = FakeLog(history=True)
    at_once(made.declare((*topics.ALL, *tables.ALL), SHARDS))
    return made


def taken(log: FakeLog, shard: int = 0) -> dict[str, Hop]:
    readers = at_once(take_hops(log, ARROWS, shard, SHARDS, Plans(log)))
    return {topic: reader for topic, reader in readers.items() if isinstance(reader, Hop)}


def held(hop: Hop) -> list[str]:
    assert isinstance(hop.stage, Standings)
    return sorted(hop.stage.held.versions)


def test_what_was_deleted_stays_deleted_also_before_the_broker_has_compacted(log: FakeLog) -> None:
    value = json.encode(HeldCredit([(-1, {"deals_won": 1}, False)]))
    other = CELL.replace(b"anna", b"ben")
    for key, said in ((CELL, value), (other, None), (CELL, None), (other, value)):
        log.write([Outgoing(tables.REP_QUOTAS.name, 0, key, said)])
    assert held(taken(log)[topics.CREDITS.name]) == [other.decode()]


@pytest.mark.parametrize(("marked", "committed", "start"), [(3, 5, 5), (5, 3, 5), (4, None, 4)])
def test_a_reader_goes_on_at_the_higher_of_its_mark_and_the_committed_position(
    log: FakeLog, marked: int, committed: int | None, start: int
) -> None:
    topic = topics.DEALS.name
    log.write([Outgoing(tables.MARKS.name, 1, topic.encode(), json.encode(Mark(topic, marked)))])
    if committed is not None:
        log.store({Spot(topic, 1): committed})
    assert [hop.position for name, hop in taken(log, 1).items() if name == topic] == [start]
    assert taken(log, 0)[topic].position == 0


def test_a_mark_that_somebody_deleted_stops_the_takeover(log: FakeLog) -> None:
    log.write([Outgoing(tables.MARKS.name, 0, b"sales.deals.v1", None)])
    with pytest.raises(LogError, match="deleted mark"):
        taken(log)


@pytest.mark.parametrize("stored", [False, True])
def test_a_mark_that_is_missing_though_its_topic_was_read_stops_the_takeover(
    tmp_path: Path, log: FakeLog, *, stored: bool
) -> None:
    shelf = Shelf(tmp_path / "shard-0", lambda: 0.0, "program") if stored else None
    log.store({Spot(topics.DEALS.name, 0): 3})
    with pytest.raises(LogError, match=f"no mark of {topics.DEALS.name}, which was read up to 3.*quotaflow copy"):
        at_once(take_hops(log, ARROWS, 0, SHARDS, Plans(log), shelf))
    if shelf is not None:
        shelf.close()
    assert (tmp_path / "shard-0" / DAMAGED).exists() == stored
    assert len(taken(log, 1)) == len(ARROWS)


def test_a_clock_that_was_read_and_has_no_mark_is_not_taken_over(log: FakeLog) -> None:
    log.store({Spot(topics.CONTROL.name, 0): 2})
    with pytest.raises(LogError, match=f"no mark of {topics.CONTROL.name}, which was read up to 2: .*quotaflow copy"):
        at_once(take_clock(log, SHARDS))


def test_the_clock_goes_on_where_its_mark_stands(log: FakeLog) -> None:
    topic = topics.CONTROL.name
    log.write([Outgoing(tables.CLOCK_MARKS.name, 0, topic.encode(), json.encode(Mark(topic, 7, live=True)))])
    clock = at_once(take_clock(log, SHARDS))[topic]
    assert (clock.position, clock.mark.live) == (7, True)
