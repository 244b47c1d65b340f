"""The example's floor under watch: a real worker that a real Prometheus scrapes, and everything that panels show."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.agents.example import FACTS, Quotaflow, call, lines
from tests.agents.windows import answering, ask
from tests.servers.prometheus import Prometheus

QUOTAS = """
quotas:
  - {scope: [rep:ann, rep:bob, team:west, team:south, company], metric: revenue, period: month, target: 2000.00}
  - {scope: [rep:ann, company], metric: revenue, period: quarter, target: 10000.00}
  - {scope: [team:west, rep:bob], metric: calls_connected, period: month, target: 4}
rules:
  - {id: celebrate, kind: deal_won}
  - {id: too-slow, kind: behind_pace, days: 1}
  - {id: too-few, kind: early_stage_shortage, days: 1}
"""
FIRST, LATER = FACTS[:3], [*FACTS[3:], call("c9", "02-12", "bob", "dove")]
UNUSABLE = b'{"type":"deal_changed","id":"x"'
SECONDS = 60.0
WORKER = ("worker", "--clock", "log", "--listen", "127.0.0.1:0")
TOKEN = "a-token-that-is-long-enough"
Json = Mapping[str, Any]


def until(reached: Callable[[], bool], what: str) -> None:
    """Returns once it holds; fails after a minute."""
    deadline = time.monotonic() + SECONDS
    while not reached():
        assert time.monotonic() < deadline, f"not within {SECONDS:g} s: {what}"
        time.sleep(0.05)


def configured(root: Path, folder: Path, token: str, **urls: list[str]) -> Path:
    """The repository's configuration, made to scrape these processes often, by the names of their jobs."""
    deploy = root / "deploy" / "prometheus"
    config = yaml.safe_load((deploy / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "500ms"}
    config["rule_files"] = [str(deploy / "rules.yml")]
    config["scrape_configs"] = [job for job in config["scrape_configs"] if job["job_name"] in urls]
    (folder / "scraped-with").write_text(token)
    for job in config["scrape_configs"]:
        del job["dns_sd_configs"]
        job["static_configs"] = [{"targets": [url.removeprefix("http://") for url in urls[job["job_name"]]]}]
        job["authorization"]["credentials_file"] = str(folder / "scraped-with")
    path = folder / "prometheus.yml"
    path.write_text(yaml.safe_dump(config))
    return path


@dataclass(frozen=True)
class Watched:
    """The floor and the Prometheus that watches it."""

    floor: Quotaflow
    prometheus: Prometheus
    url: str

    def metrics(self) -> bytes:
        """What the worker shows."""
        answer = ask(self.url, "/metrics", Authorization=f"Bearer {TOKEN}")
        assert answer.status == 200
        return answer.body

    def one(self, expression: str) -> float | None:
        """The value of an expression that has one series at most."""
        found = self.prometheus.query(expression)
        assert len(found) <= 1, found
        return float(found[0]["value"][1]) if found else None

    def reached(self, expression: str, value: float) -> None:
        """Returns once the expression has this value."""
        until(lambda: self.one(expression) == value, f"{expression} = {value}, it is {self.one(expression)}")


@contextmanager
def watched(root: Path, folder: Path) -> Iterator[Watched]:
    """Facts come in while Prometheus looks, the last of them on 12 February; a record cannot be used."""
    floor = Quotaflow(folder)
    floor.apply(QUOTAS)
    with answering(*WORKER, QUOTAFLOW_BROKER=floor.broker, QUOTAFLOW_TOKEN=TOKEN) as url:
        prometheus = Prometheus(folder / "prometheus", configured(root, folder, TOKEN, worker=[url]))
        prometheus.start()
        try:
            seen = Watched(floor, prometheus, url)
            floor.replay(lines(FIRST), "--notify")
            seen.reached("sum(quotaflow_facts_read_total)", len(FIRST))
            floor.produce("sales.deals.v1", 0, b"x", UNUSABLE)
            floor.replay(lines(LATER), "--notify")
            seen.reached("sum(quotaflow_facts_read_total)", len(FIRST) + len(LATER))
            seen.reached("sum(quotaflow_dead_letters_total)", 1)
            seen.reached("sum(quotaflow_lag_records)", 0)
            yield seen
        finally:
            prometheus.stop()
