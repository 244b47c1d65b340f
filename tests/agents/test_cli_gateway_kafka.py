"""`quotaflow gateway` on a real Kafka: what it accepts is in the topics, whatever happens to it or to the broker."""

import json
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.agents.example import FACTS, Quotaflow, call, lines, running
from tests.agents.gateways import post, send, status, taking
from tests.e2e.cli import SOURCES, Beside
from tests.kafka.broker import Broker
from tests.streams.gateway.sending import Request, as_event, batch, binary, in_base64, plain, request, structured

A_LATER_DAY = lines([call("c9", "02-04", "ann", "acme")])
AWAY_SECONDS = 28.0
"""How long a broker that is away may keep a client waiting for its 503."""

OnKafka = Callable[[Broker], Quotaflow]


@pytest.fixture
def on(tmp_path: Path) -> OnKafka:
    """The example's plan on a broker."""

    def applied(broker: Broker) -> Quotaflow:
        floor = Quotaflow(tmp_path, url=f"kafka://{broker.address}")
        floor.apply()
        return floor

    return applied


def in_topics(floor: Quotaflow) -> list[dict[str, Any]]:
    """The facts that the source topics hold; a worker's ticks and markers have no id."""
    with Beside(floor.broker) as beside:
        values = [json.loads(value) for topic in SOURCES for shard in beside.values(topic) for value in shard]
    return [value for value in values if "id" in value]


def in_every_form(facts: list[dict[str, Any]]) -> list[Request]:
    """All of them, every form used."""
    event = [as_event(fact, attributes=bool(number % 2)) for number, fact in enumerate(facts)]
    one_by_one = [plain(facts[0]), structured(event[1]), in_base64(event[2]), binary(event[3])]
    return [*one_by_one, plain(facts[4:7]), batch(*event[7:10]), request("application/x-ndjson", lines(facts[10:]))]


def test_every_form_is_in_the_topics_and_counts_once_though_the_gateway_is_killed_at_once(
    own_broker: Callable[[], Broker], on: OnKafka
) -> None:
    floor = on(own_broker())
    with running(floor, "--clock", "log"):
        for _ in range(2):
            with taking(floor) as (process, url):
                answers = [send(url, said) for said in in_every_form(FACTS)]
                process.kill()
            assert {code for code, _, _ in answers} == {202}
            assert sum(said["accepted"] for _, said, _ in answers) == len(FACTS)
        found = in_topics(floor)
        assert len(found) == 2 * len(FACTS)
        assert {fact["id"] for fact in found} == {fact["id"] for fact in FACTS}
        floor.replay(A_LATER_DAY)
        assert floor.standing("company", "2026-Q1")["metrics"]["revenue"]["value"] == "1500.00"


def test_while_the_broker_is_away_clients_are_told_to_come_again_and_then_taken(
    own_broker: Callable[[], Broker], on: OnKafka
) -> None:
    broker = own_broker()
    floor = on(broker)
    with taking(floor) as (_, url):
        assert post(url, lines(FACTS[:1])) == (202, {"accepted": 1})
        broker.stop()
        began = time.monotonic()
        code, told, again = send(url, request("application/x-ndjson", lines(FACTS[1:2])))
        assert time.monotonic() - began < AWAY_SECONDS
        assert (code, again) == (503, "5")
        assert broker.address not in json.dumps(told)
        assert (status(f"{url}/healthz"), status(f"{url}/readyz")) == (200, 503)
        broker.start()
        assert post(url, lines(FACTS[2:3])) == (202, {"accepted": 1})
        assert status(f"{url}/readyz") == 200
    assert {FACTS[0]["id"], FACTS[2]["id"]} <= {fact["id"] for fact in in_topics(floor)}


def test_a_request_under_way_is_answered_before_a_gateway_that_is_told_to_stop_ends(
    own_broker: Callable[[], Broker], on: OnKafka
) -> None:
    floor, body = on(own_broker()), lines(FACTS[:1])
    with taking(floor) as (process, url):
        address = (urlsplit(url).hostname, urlsplit(url).port)
        with socket.create_connection(address, timeout=30) as client:
            head = f"POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
            client.sendall(f"{head}Content-Type: application/x-ndjson\r\nExpect: 100-continue\r\n\r\n".encode())
            assert client.recv(100).startswith(b"HTTP/1.1 100")
            process.send_signal(signal.SIGTERM)
            until_refused(address, process)
            client.sendall(body)
            assert client.recv(1000).startswith(b"HTTP/1.1 202")
        assert process.wait(timeout=30) == 0
    assert [fact["id"] for fact in in_topics(floor)] == [FACTS[0]["id"]]


def until_refused(address: Any, process: "subprocess.Popen[str]") -> None:
    """Returns once the gateway takes no more connections."""
    while process.poll() is None:
        try:
            socket.create_connection(address, timeout=30).close()
        except (ConnectionRefusedError, ConnectionResetError):
            return
    raise AssertionError("the gateway ended without answering")
