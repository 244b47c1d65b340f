"""The sample sales data on a real Apache Kafka with two workers: what the embedded log says, and nothing else."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from streams.log import Outgoing
from tests.e2e.cli import SHARDS, SOURCES, Beside, Json, Quotaflow
from tests.e2e.comparing import shortages, wrong
from tests.e2e.conftest import CRM
from tests.e2e.crews import Crew
from tests.e2e.garbage import bad_lines
from tests.e2e.quarter import cut, facts
from tests.kafka.broker import Broker
from tests.oracle import shortage

pytestmark = pytest.mark.on_kafka

LARGEST_RECORD = 500_000
"""Bytes that a broker takes without asking."""
LEAST = 0.3
"""The share of all facts that each of two workers must handle."""


@dataclass(frozen=True)
class Run:
    """A log that was replayed and processed, and which of two workers owned each shard all the while."""

    flow: Quotaflow
    crew: Crew
    owners: dict[int, int]


@pytest.fixture(scope="module")
def run(node: Broker, example: Path, sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Plan, two workers, replay; the workers go on while the log is read."""
    flow = Quotaflow(f"kafka://{node.address}", tmp_path_factory.mktemp("kafka-run"))
    flow.run("plan", "apply", example)
    with Crew(flow, 2) as crew:
        crew.until_all_own_shards()
        before = crew.owners()
        flow.run("replay", sample, "--format", CRM, "--wait")
        # One that was taken over again by its owner, after a flush that the broker did not answer, stayed in its hands.
        assert crew.owners() == before, "a shard changed hands during the replay"
        yield Run(flow, crew, crew.owners())
        assert crew.stop() == [0, 0]


def test_standings_are_those_of_the_embedded_log_and_what_the_rows_add_up_to(
    run: Run, standings: list[Json], sample: Path
) -> None:
    found = run.flow.standings()
    assert wrong(found, sample) == []
    assert found == standings


def test_alerts_are_those_of_the_embedded_log_and_of_the_oracle(run: Run, history: list[Json], sample: Path) -> None:
    found = run.flow.transitions()
    assert shortages(found) == shortage.transitions(shortage.evaluations(sample))
    assert found == history


def test_each_of_two_workers_owns_shards_and_handles_a_fair_share_of_the_facts(run: Run) -> None:
    with Beside(run.flow.broker) as beside:
        received = [sum(b'"deal_changed"' in value for value in shard) for shard in beside.values("sales.deals.v1")]
    handled = [sum(received[shard] for shard, owner in run.owners.items() if owner == worker) for worker in (0, 1)]
    assert sum(handled) == sum(received) == 15_511
    assert min(handled) >= LEAST * sum(received)


def test_nothing_is_left_to_do_and_nothing_was_set_aside(run: Run) -> None:
    found = run.flow.json("status")
    assert (found["shards"], found["dead_letters"], found["unassigned"]) == (4, 0, {})
    assert found["time"] == "2017-12-31T18:00:00-06:00"


def test_garbage_in_the_source_topics_stops_neither_worker_and_changes_nothing(
    run: Run, sample: Path, standings: list[Json], history: list[Json], tmp_path: Path
) -> None:
    chance, good = random.Random(8), facts(cut(sample, tmp_path / "data"))
    unusable = [raw for raw in bad_lines(good, 1000, 9) if len(raw) < LARGEST_RECORD]
    with Beside(run.flow.broker) as beside:
        beside.append(
            Outgoing(chance.choice(SOURCES), chance.randrange(SHARDS), chance.randbytes(4), raw) for raw in unusable
        )
    nothing = tmp_path / "nothing.ndjson"
    nothing.touch()
    # Once for what came, and once for what was forwarded to where it belongs.
    for _ in range(2):
        run.flow.run("replay", nothing, "--wait")
    assert run.crew.running == 2
    assert run.flow.json("status")["dead_letters"] == len(unusable)
    assert (run.flow.standings(), run.flow.transitions()) == (standings, history)
    verified = run.flow.json("verify")
    assert (verified["differences"], verified["facts"], verified["set_aside"]) == ([], 15_511, len(unusable))
