"""Two workers on a real Kafka and a process on a real Redis: whom of them one asks makes no difference."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.agents.example import FACTS, deal, lines, write_plan
from tests.agents.windows import ask, until_ready
from tests.e2e.cli import Process, Quotaflow
from tests.kafka.broker import Broker
from tests.servers.redis import Redis

WORKER = ("worker", "--clock", "log", "--listen", "127.0.0.1:0", "--redis")
SECONDS = 10.0
"""In which all have read what is in the log."""
PATHS = (
    "/api/v1/standings",
    "/api/v1/standings?period=2026-01",
    "/api/v1/standings/company?period=2026-Q1",
    "/api/v1/standings/rep:bob?period=2026-02",
    "/api/v1/alerts?state=all",
)


@pytest.fixture
def flow(own_broker: Callable[[], Broker], tmp_path: Path) -> Quotaflow:
    made = Quotaflow(f"kafka://{own_broker().address}", tmp_path)
    made.run("plan", "apply", write_plan(tmp_path / "plan"))
    return made


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


def url(process: Process) -> str:
    """Where the process answers, once it does."""
    process.until_it_works()
    found = re.search(r"^answering on (\S+)/api/v1/standings", process.said, re.MULTILINE)
    assert found
    until_ready(found[1])
    return found[1]


def replay(flow: Quotaflow, facts: bytes) -> None:
    path = flow.folder / "facts.ndjson"
    path.write_bytes(facts)
    flow.run("replay", path, "--wait")


def agree(urls: list[str], revenue: str) -> None:
    """Returns once all have heard of the company's revenue; then they come to answer the same bytes."""
    for each in urls:
        while True:
            answer = ask(each, "/api/v1/standings/company?period=2026-Q1")
            if answer.status == 200 and answer.said["metrics"]["revenue"]["value"] == revenue:
                break
    for path in PATHS:
        # Alerts come after the standings they are found in, to each in its own time.
        until = time.monotonic() + SECONDS
        while True:
            first, *others = (ask(each, path) for each in urls)
            if (first.status == 200 and others == [first] * len(others)) or time.monotonic() > until:
                break
        assert first.status == 200
        assert others == [first] * len(others), path


def test_all_answer_the_same_also_after_a_worker_and_redis_were_killed(
    flow: Quotaflow, own_redis: Callable[[], Redis], stack: ExitStack
) -> None:
    redis = own_redis()
    workers = [stack.enter_context(flow.start(*WORKER, redis.url)) for _ in range(2)]
    beside = stack.enter_context(flow.start("api", "--listen", "127.0.0.1:0", "--redis", redis.url))
    urls = [url(process) for process in (*workers, beside)]
    replay(flow, lines(FACTS))
    agree(urls, "1500.00")
    found = ask(urls[0], "/api/v1/standings?period=2026-01").said["standings"]
    assert sorted(map(str, found)) == sorted(map(str, flow.standings("--period", "2026-01")))
    workers[0].kill()
    redis.kill()
    redis.start()
    replay(flow, lines([deal("d9", "02-04", "won", owner="ann", amount=250)]))
    agree(urls[1:], "1750.00")
    assert [process.stop() for process in (workers[1], beside)] == [0, 0]
