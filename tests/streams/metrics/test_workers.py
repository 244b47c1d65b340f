"""Two workers on a real Kafka: over both of them everything is shown once, and one that dies leaves nothing out."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.agents.example import QUOTAFLOW, Quotaflow, lines, started
from tests.agents.windows import ask
from tests.kafka.broker import Broker
from tests.streams.metrics.parsing import Labels, of, samples
from tests.streams.metrics.scenario import FIRST, LATER, QUOTAS, WORKER, until

SHARDS = 4
Series = dict[tuple[str, Labels], float]


@contextmanager
def worker(floor: Quotaflow) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A worker, and where it answers."""
    command = [*QUOTAFLOW, *WORKER, "--broker", floor.broker]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            (said,) = [line for line in started(process) if line.startswith("answering on ")]
            yield process, said.split()[-1].removesuffix("/metrics")
        finally:
            process.kill()
            process.communicate(timeout=30)


def scraped(url: str) -> bytes:
    return ask(url, "/metrics").body


def owned(*urls: str) -> list[float]:
    """How many shards each worker owns."""
    return [value for url in urls for value in of(scraped(url), "quotaflow_shards_owned").values()]


def standing(text: bytes) -> Series:
    """What is said of scopes."""
    return {key: value for key, value in samples(text).items() if "scope" in dict(key[1])}


def total(name: str, *urls: str) -> float:
    """A counter or gauge, added up over workers and labels."""
    return sum(value for url in urls for value in of(scraped(url), f"quotaflow_{name}").values())


def attained(*urls: str) -> dict[tuple[str, ...], float]:
    """What counts for each quota, by scope, period and metric, as the workers show it."""
    shown = [each for url in urls for each in of(scraped(url), "quotaflow_quota_attained").items()]
    return {tuple(dict(labels)[name] for name in ("scope", "period", "metric")): value for labels, value in shown}


def reported(floor: Quotaflow) -> dict[tuple[str, ...], float]:
    """The same as the report has it."""
    said = [each for period in ("2026-02", "2026-Q1") for each in floor.json("report", "--period", period)["standings"]]
    quotas = [(each, quota) for each in said for quota in each["quotas"]]
    return {(each["scope"], each["period"], quota["metric"]): float(quota["attained"]) for each, quota in quotas}


def test_over_two_workers_everything_is_shown_once_also_after_one_was_killed(
    own_broker: Callable[[], Broker], tmp_path: Path
) -> None:
    floor = Quotaflow(tmp_path, url=f"kafka://{own_broker().address}")
    floor.apply(QUOTAS)
    with worker(floor) as (dying, one), worker(floor) as (_, other):
        until(lambda: sum(owned(one, other)) == SHARDS and all(owned(one, other)), "both own shards")
        floor.replay(lines([*FIRST, *LATER]))
        until(lambda: total("facts_read_total", one, other) == len(FIRST) + len(LATER), "all facts were read")
        until(
            lambda: total("rule_alerts_firing", one, other) == len(floor.json("alerts")["transitions"]), "alerts fire"
        )
        until(lambda: attained(one, other) == reported(floor), "all that stands is shown")
        parts = [standing(scraped(url)) for url in (one, other)]
        assert all(parts)
        assert not parts[0].keys() & parts[1].keys()
        assert total("clock_owned", one, other) == 1
        os.kill(dying.pid, signal.SIGKILL)
        until(lambda: owned(other) == [SHARDS], "the other took everything over")
        until(lambda: standing(scraped(other)) == parts[0] | parts[1], "the other shows everything")
        assert total("clock_owned", other) == 1
