"""A worker of its own: it holds the lock, others append beside it, and it stops when it is told to."""

import re
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from streams.lock import WorkerLock
from tests.agents.example import FACTS, QUOTAFLOW, Quotaflow, deal, lines, running


@pytest.fixture
def floor(tmp_path: Path) -> Quotaflow:
    made = Quotaflow(tmp_path)
    made.apply()
    return made


def test_commands_beside_a_running_worker_append_and_wait(floor: Quotaflow) -> None:
    with running(floor, "--clock", "log") as process:
        assert floor.json("status")["worker"] == {"pid": process.pid, "command": "worker"}
        assert "16 facts sent with 30 ticks" in floor.replay(lines(FACTS)).stdout
        assert floor.standing("company", "2026-Q1")["metrics"]["revenue"]["value"] == "1500.00"
        assert floor.json("status")["live"] is False
    assert floor.json("status")["worker"] is None


def test_a_second_worker_is_refused_and_told_who_the_first_is(floor: Quotaflow) -> None:
    with WorkerLock(floor.path, "worker"):
        said = floor.run("worker", code=1).stderr
    assert re.search(r"`quotaflow worker` \(process \d+\) works on .*log\.db already", said)
    assert "stop that one first" in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_stops_in_good_order_and_the_next_goes_on(number: signal.Signals, floor: Quotaflow) -> None:
    with running(floor, "--clock", "log") as process:
        floor.replay(lines(FACTS))
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
        assert process.returncode == 0
    assert "stopped; the next worker goes on from here" in said
    floor.replay(lines([deal("d9", "02-04", "won", owner="ann", amount=250)]))
    assert floor.standing("company", "2026-Q1")["metrics"]["revenue"]["value"] == "1750.00"


def test_time_follows_the_clock_once_a_worker_makes_the_log_live_and_facts_are_late_then(floor: Quotaflow) -> None:
    with running(floor):
        assert "16 facts sent with 0 ticks" in floor.replay(lines(FACTS)).stdout
        assert floor.standing("company", "2026-Q1")["metrics"]["revenue"]["value"] == "1500.00"
    found = floor.json("status")
    assert found["live"] is True
    assert found["time"] > "2026-02-04"


def test_a_replay_whose_worker_is_killed_does_the_work_itself(floor: Quotaflow) -> None:
    with running(floor, "--clock", "log") as process, ThreadPoolExecutor(1) as pool:
        (floor.folder / "facts.ndjson").write_bytes(lines(FACTS))
        options = ["--speed", "1000000", "--wait", "--broker", floor.broker]
        command = [*QUOTAFLOW, "replay", str(floor.folder / "facts.ndjson"), *options]
        replaying = pool.submit(subprocess.check_call, command)
        while floor.json("status")["time"] is None:
            assert not replaying.done()
        process.kill()
        process.wait()
        replaying.result()
    assert floor.standing("company", "2026-Q1")["metrics"]["revenue"]["value"] == "1500.00"


def test_a_worker_keeps_to_the_shards_that_the_log_has(floor: Quotaflow) -> None:
    said = floor.run("worker", "--shards", "3", code=1).stderr
    assert "this log has 1 shard, and keeps so many" in said


def test_a_new_log_gets_the_shards_that_its_plan_is_applied_with(tmp_path: Path) -> None:
    floor = Quotaflow(tmp_path)
    floor.run("plan", "apply", _plan(tmp_path), "--shards", "2")
    floor.replay(lines(FACTS))
    assert floor.json("status")["shards"] == 2
    assert floor.standing("company", "2026-Q1")["metrics"]["revenue"]["value"] == "1500.00"


def _plan(folder: Path) -> Path:
    Quotaflow(folder, "other.db").apply()
    return folder / "plan"
