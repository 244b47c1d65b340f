"""A worker that keeps its tables on disk, killed and stopped on a real Kafka: it answers as one that keeps nothing."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.agents.example import FACTS, call, deal, lines, write_plan
from tests.e2e.cli import SHARDS, Process, Quotaflow
from tests.kafka.broker import Broker

CORRECTED = [
    call("c1", "01-08", "bob", "acme") | {"version": 1},
    call("c4", "02-05", "ann", "acme") | {"version": 1},
    call("c1", "02-06", "ann", "dyne"),
    deal("d4", "02-06", "won", amount=900),
]
"""What contradicts earlier calls, with other performers, and one that comes too late to count."""
PARTS = (FACTS[:8], FACTS[8:], CORRECTED)


def replay(flow: Quotaflow, facts: list[dict[str, Any]]) -> None:
    path = flow.folder / "facts.ndjson"
    path.write_bytes(lines(facts))
    flow.run("replay", path, "--wait")


def worker(flow: Quotaflow) -> Process:
    return flow.start("worker", "--clock", "log", "--listen", "none")


def test_a_worker_with_a_store_killed_and_then_stopped_says_what_one_without_says(
    own_broker: Callable[[], Broker], tmp_path: Path
) -> None:
    bare = Quotaflow.embedded(tmp_path, shards=1)
    kafka = Quotaflow(f"kafka://{own_broker().address}", tmp_path)
    flow = replace(kafka, settings={"QUOTAFLOW_STORE": f"rocksdb:{tmp_path / 'stores'}"})
    for each in (bare, flow):
        each.run("plan", "apply", write_plan(tmp_path / "plan"))
    for part, ends in zip(PARTS, (Process.kill, Process.stop, Process.stop), strict=True):
        with worker(flow) as working:
            working.until_it_works()
            replay(flow, part)
            assert ends(working) in {None, 0}, working.said
        # Nobody had to begin anew: what was committed is on disk.
        assert "built anew" not in working.said
        replay(bare, part)
    assert flow.standings() == bare.standings() != []
    assert len([*(tmp_path / "stores").iterdir()]) == SHARDS
