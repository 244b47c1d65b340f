"""docker-compose.yml on this machine: its gateway, workers and API, started by its own commands and settings."""

import json
import re
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.request import Request as Asked
from urllib.request import urlopen

import pytest

from streams.log import Outgoing
from tests.agents.example import deal, write_plan
from tests.e2e.cli import Beside, Process, Quotaflow
from tests.e2e.compose import Compose, started
from tests.kafka.broker import Broker
from tests.servers.process import free_port
from tests.servers.prometheus import Prometheus
from tests.servers.redis import Redis
from tests.streams.gateway.sending import Request, as_event, batch, binary, plain, structured
from tests.streams.metrics.expressions import lacking
from tests.streams.metrics.scenario import configured

LONGEST = 60.0
QUOTAS = """
quotas:
  - {scope: [rep:ann, team:west, company], metric: revenue, period: month, target: 2000.00}
rules:
  - {id: celebrate, kind: deal_won}
"""


class Flow(NamedTuple):
    """What runs, where it answers, and the token that all of it asks for."""

    gateway: str
    workers: list[str]
    api: str
    token: str
    broker: str
    worker: Process


@pytest.fixture
def flow(
    root: Path, own_broker: Callable[[], Broker], own_redis: Callable[[], Redis], tmp_path: Path
) -> Iterator[Flow]:
    token = secrets.token_hex(32)
    (tmp_path / "token").write_text(f"{token}\n")
    kafka, redis = own_broker().address, f"127.0.0.1:{own_redis().port}"
    compose = Compose(root / "docker-compose.yml", kafka, redis, {"quotaflow_token": tmp_path / "token"})
    plan = write_plan(tmp_path / "plan", QUOTAS)
    with started(compose, tmp_path, "worker", "gateway", "api") as running:
        applied = compose.service("plan", "apply", str(plan)).start(tmp_path)
        assert applied.ended(LONGEST) == 0, applied.said
        urls = {name: [str(service.url) for service, _ in those] for name, those in running.items()}
        worker = running["worker"][0][1]
        yield Flow(urls["gateway"][0], urls["worker"], urls["api"][0], token, f"kafka://{kafka}", worker)
        said = "".join(process.said for those in running.values() for _, process in those)
    assert token not in said


def of_now() -> list[dict[str, Any]]:
    """Ann wins 1,000 now, and opens three deals."""
    now = datetime.now(UTC)  # noqa: TID251 - workers of the file follow the clock
    moments = {"occurred_at": (now - timedelta(seconds=1)).isoformat()}
    won = deal("d0", "01-01", "won", owner="ann", amount=1000)
    opened = [deal(f"d{number}", "01-01", "lead", owner="ann", amount=number) for number in range(1, 5)]
    return [fact | moments for fact in (won, *opened)]


def in_every_form(facts: list[dict[str, Any]]) -> list[Request]:
    events = [as_event(fact, attributes=bool(number % 2)) for number, fact in enumerate(facts)]
    return [plain(facts[0]), structured(events[1]), binary(events[2]), batch(*events[3:])]


def asked(url: str, token: str | None, said: Request | None = None) -> tuple[int, Any]:
    """Status and JSON of an answer."""
    headers, body = said or ([], None)
    known = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        with urlopen(Asked(url, body, dict(headers) | known), timeout=LONGEST) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)


def month(flow: Flow, url: str) -> Any:
    """The company's standing of this month, or None."""
    status, found = asked(f"{url}/api/v1/standings/company", flow.token)
    standings = found["standings"] if status == 200 else []
    return next((each for each in standings if re.fullmatch(r"\d{4}-\d{2}", each["period"])), None)


def until_it_says(flow: Flow, url: str, revenue: str) -> Any:
    """The month's standing once it says so."""

    def says() -> bool:
        found = month(flow, url)
        return bool(found) and found["metrics"]["revenue"]["value"] == revenue

    flow.worker.until(says, f"{url} said {revenue}", LONGEST)
    return month(flow, url)


def test_what_is_sent_to_the_gateway_stands_in_the_answers_of_workers_and_api(flow: Flow, tmp_path: Path) -> None:
    for _ in range(2):
        for said in in_every_form(of_now()):
            assert asked(f"{flow.gateway}/events", None, said)[0] == 401
            status, told = asked(f"{flow.gateway}/events", flow.token, said)
            assert (status, told["accepted"] > 0) == (202, True)
    answers = [until_it_says(flow, url, "1000.00") for url in (*flow.workers, flow.api)]
    assert len(answers) == 3
    reported = Quotaflow(flow.broker, tmp_path).standings("--scope", "company", "--period", answers[0]["period"])
    for found in (*answers, *reported):
        assert found["metrics"]["revenue"]["value"] == "1000.00"
        assert found["metrics"]["opportunities_created"]["value"] == 4
    for url in (*flow.workers, flow.api):
        assert asked(f"{url}/api/v1/standings/company", None)[0] == 401


def test_prometheus_finds_data_for_every_panel_and_every_rule(
    flow: Flow, own_prometheus: Callable[[Path], Prometheus], root: Path, tmp_path: Path
) -> None:
    config = configured(root, tmp_path, flow.token, worker=flow.workers, api=[flow.api])
    prometheus = own_prometheus(config)
    for said in in_every_form(of_now()):
        assert asked(f"{flow.gateway}/events", flow.token, said)[0] == 202
    with Beside(flow.broker) as log:
        log.append([Outgoing("sales.deals.v1", 0, b"d9", b"no fact")])
    missing = "\n".join(lacking(prometheus, root))
    flow.worker.until(lambda: not lacking(prometheus, root), f"there were data for {missing}", LONGEST)
    (up,) = prometheus.query('count(up{job=~"worker|api"} == 1)')
    assert up["value"][1] == "3"
    (revenue,) = prometheus.query('quotaflow_quota_attained{scope="company", metric="revenue"}')
    assert revenue["value"][1] == month(flow, flow.api)["metrics"]["revenue"]["value"].removesuffix(".00")


@pytest.mark.parametrize("name", ["worker", "gateway", "plan"])
def test_a_service_whose_broker_is_not_there_yet_ends_and_says_so(name: str, root: Path, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a-token-that-is-long-enough")
    nowhere = f"127.0.0.1:{free_port()}"
    compose = Compose(root / "docker-compose.yml", nowhere, nowhere, {"quotaflow_token": tmp_path / "token"})
    examples = ("apply", "/app/deploy/examples/demo") if name == "plan" else ()
    process = compose.service(name, *examples).start(tmp_path)
    assert process.ended(LONGEST) == 1
    assert f"connecting to Kafka at {nowhere} failed" in process.said
    assert "Start a broker there" in process.said
    assert "Traceback" not in process.said
