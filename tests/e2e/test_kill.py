"""Power cuts in the middle of a replay: the numbers and the alerts are those of a replay without one."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.e2e.cli import Beside, Json, Process, Quotaflow
from tests.e2e.conftest import CRM
from tests.e2e.crews import Crew
from tests.e2e.quarter import cut
from tests.kafka.broker import Broker
from tests.oracle import crm

KILLS = 10
ON_KAFKA = 3
"""Each takes a session and a rebalance; tests/e2e/test_kills.py kills more, and compares all but the list of alerts."""
DAY = timedelta(days=1)
LEAST = 40
"""How often each rule fires at least, so that a list of alerts says something."""


@dataclass(frozen=True)
class Calm:
    """A part of the sample, and what a replay of it that nobody disturbed ended in: on one shard, for others."""

    export: Path
    standings: list[Json]
    history: list[Json]


@pytest.fixture(scope="module")
def calm(example: Path, sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Calm:
    flow = Quotaflow.embedded(tmp_path_factory.mktemp("calm"), shards=1)
    export = cut(sample, flow.folder / "data")
    flow.run("plan", "apply", example)
    flow.run("replay", export, "--format", CRM, "--wait")
    return Calm(export, flow.standings(), flow.transitions())


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


def test_without_a_kill_alerts_of_every_rule_fire(calm: Calm) -> None:
    fired = Counter(each["rule"] for each in calm.history if each["transition"] == "firing")
    assert {*fired} == {"deal_won", "behind_pace", "early_stage_shortage"}
    assert min(fired.values()) >= LEAST


@pytest.mark.on_kafka
def test_workers_killed_at_three_points_and_started_again_end_in_the_same(
    node: Broker, example: Path, calm: Calm, tmp_path: Path
) -> None:
    flow = Quotaflow(f"kafka://{node.address}", tmp_path)
    flow.run("plan", "apply", example)
    total = len(days(calm.export))
    with Crew(flow, 2) as crew, Beside(flow.broker) as beside:

        def facts() -> int:
            # Both topics have the same ticks and transaction markers, and no meetings.
            return beside.end("sales.deals.v1") - beside.end("sales.meetings.v1")

        crew.until_all_own_shards()
        with replaying(flow, calm.export) as replay:
            for point, killed in zip(points(total, 1, ON_KAFKA), victims(2), strict=True):
                replay.until(partial(reached, facts, point), f"{point:,} facts were in")
                crew.replace(*killed)
            assert replay.ended() == 0, replay.said
        assert facts() == total
        assert crew.stop() == [0, 0]
    assert flow.standings() == calm.standings
    assert flow.transitions() == calm.history


def test_a_replay_killed_at_ten_points_and_run_again_ends_in_the_same(fresh: Quotaflow, calm: Calm) -> None:
    evenings = days(calm.export)
    with Beside(fresh.broker) as beside:

        def asked() -> int:
            return beside.end("quota.control.v1", 1)

        begun = asked()
        for point in points(len(evenings), 3):
            with replaying(fresh, calm.export) as replay:
                # What was sent comes again with every run, but an evening is asked for once.
                replay.until(partial(reached, asked, begun + evenings[point]), f"{point:,} facts were in")
    fresh.run("replay", calm.export, "--format", CRM, "--wait")
    assert fresh.standings() == calm.standings
    assert fresh.transitions() == calm.history
