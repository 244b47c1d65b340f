"""Power cuts in the middle of a replay: the numbers and the alerts are those of a replay without one."""

import random
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.e2e.cli import Beside, Json, Process, Quotaflow
from tests.e2e.conftest import CRM
from tests.e2e.crews import Crew
from tests.kafka.broker import Broker
from tests.oracle import crm

KILLS = 10
ON_KAFKA = 3
"""Each takes a session and a rebalance; tests/e2e/test_kills.py kills more, and compares all but the list of alerts."""
DAY = timedelta(days=1)


def points(total: int, seed: int, kills: int = KILLS) -> list[int]:
    """After which facts to kill: from 20 to 80 % of them."""
    return sorted(random.Random(seed).sample(range(total // 5, total * 4 // 5), kills))


def victims(seed: int) -> list[tuple[int, ...]]:
    """Who is killed each time: one of two workers, or both at once."""
    return random.Random(seed).sample([(0,), (1,), (0, 1)], k=ON_KAFKA)


def days(sample: Path) -> list[int]:
    """On which day each fact occurs, in order, counted from the first; undated deals are listed on the last."""
    deals = crm.deals(sample)
    dated = sorted(day for deal in deals for day in (deal.engaged, deal.closed) if day is not None)
    undated = [dated[-1] for deal in deals if deal.engaged is None]
    return [(day - dated[0]) // DAY for day in dated + undated]


def reached(count: Callable[[], int], point: int) -> bool:
    return count() >= point


def replaying(flow: Quotaflow, sample: Path) -> Process:
    return flow.start("replay", sample, "--format", CRM, "--wait")


@pytest.mark.on_kafka
def test_workers_killed_at_three_points_and_started_again_end_in_the_same(
    node: Broker, example: Path, sample: Path, tmp_path: Path, standings: list[Json], history: list[Json]
) -> None:
    flow = Quotaflow(f"kafka://{node.address}", tmp_path)
    flow.run("plan", "apply", example)
    with Crew(flow, 2) as crew, Beside(flow.broker) as beside:

        def facts() -> int:
            # Both topics have the same ticks and transaction markers, and no meetings.
            return beside.end("sales.deals.v1") - beside.end("sales.meetings.v1")

        crew.until_all_own_shards()
        with replaying(flow, sample) as replay:
            for point, killed in zip(points(len(days(sample)), 1, ON_KAFKA), victims(2), strict=True):
                replay.until(partial(reached, facts, point), f"{point:,} facts were in")
                crew.replace(*killed)
            assert replay.ended() == 0, replay.said
        assert facts() == len(days(sample))
        assert crew.stop() == [0, 0]
    assert flow.standings() == standings
    assert flow.transitions() == history


def test_a_replay_killed_at_ten_points_and_run_again_ends_in_the_same(
    fresh: Quotaflow, sample: Path, standings: list[Json], history: list[Json]
) -> None:
    evenings = days(sample)
    with Beside(fresh.broker) as beside:

        def asked() -> int:
            return beside.end("quota.control.v1", 1)

        begun = asked()
        for point in points(len(evenings), 3):
            with replaying(fresh, sample) as replay:
                # What was sent comes again with every run, but an evening is asked for once.
                replay.until(partial(reached, asked, begun + evenings[point]), f"{point:,} facts were in")
    fresh.run("replay", sample, "--format", CRM, "--wait")
    assert fresh.standings() == standings
    assert fresh.transitions() == history
