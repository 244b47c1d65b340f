"""`quotaflow gateway` as a process: what it accepts outlives it, and it starts only where it is safe."""

import re
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.agents.example import FACTS, Quotaflow, call, lines, running
from tests.agents.gateways import post, send, status, taking
from tests.streams.gateway.test_documented import requests

A_LATER_DAY = lines([call("c9", "02-04", "ann", "acme")])
"""The gateway moves no time; this replay does, and sells nothing."""


@pytest.fixture
def floor(tmp_path: Path) -> Quotaflow:
    made = Quotaflow(tmp_path)
    made.apply()
    return made


def test_what_was_accepted_counts_though_the_gateway_is_killed_at_once(floor: Quotaflow) -> None:
    with taking(floor) as (process, url):
        assert post(url, lines(FACTS)) == (202, {"accepted": len(FACTS)})
        process.kill()
        process.wait(timeout=30)
    floor.replay(A_LATER_DAY)
    assert floor.standing("company", "2026-Q1")["metrics"]["revenue"]["value"] == "1500.00"


def test_facts_come_in_beside_a_worker_and_once_more_change_nothing(floor: Quotaflow) -> None:
    with running(floor, "--clock", "log"), taking(floor) as (_, url):
        for _ in range(2):
            assert post(url, lines(FACTS)) == (202, {"accepted": len(FACTS)})
        floor.replay(A_LATER_DAY)
        assert floor.standing("company", "2026-Q1")["metrics"]["revenue"]["value"] == "1500.00"


@pytest.mark.parametrize("page", ["README.md", "docs/gateway.md"])
def test_the_documented_requests_and_python_are_accepted(page: str, floor: Quotaflow, root: Path) -> None:
    said = (root / page).read_text()
    (example,) = re.findall(r"```python\n(.*?)```", said, flags=re.DOTALL)
    with taking(floor) as (_, url):
        command = [sys.executable, "-c", example.replace("http://127.0.0.1:8080", url)]
        assert subprocess.check_output(command, text=True, timeout=30) == "202 {'accepted': 1}\n"
        assert {send(url, request)[0] for request in requests(said)} == {202}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_gateway_stops_in_good_order(number: signal.Signals, floor: Quotaflow) -> None:
    with taking(floor) as (process, _):
        process.send_signal(number)
        assert process.stderr is not None
        assert process.stderr.read() == "stopped; every fact that was accepted is in the log\n"
        assert process.wait(timeout=30) == 0


def test_where_others_can_reach_it_a_gateway_does_not_start_without_a_token(floor: Quotaflow) -> None:
    said = floor.run("gateway", "--listen", "0.0.0.0:0", code=2).stderr
    assert "set QUOTAFLOW_TOKEN or QUOTAFLOW_TOKEN_FILE" in said


def test_what_is_no_address_is_a_wrong_usage(floor: Quotaflow) -> None:
    assert "write HOST:PORT" in floor.run("gateway", "--listen", "8080", code=2).stderr


def test_an_address_in_use_is_told(floor: Quotaflow) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = floor.run("gateway", "--listen", f"127.0.0.1:{port}", code=1).stderr
    assert f"cannot listen on 127.0.0.1:{port}" in said
    assert "Traceback" not in said


def until_room(url: str) -> None:
    """Returns once the gateway has noticed that others have left, and answers again."""
    end = time.monotonic() + 30
    while True:
        try:
            assert status(f"{url}/healthz") == 200
        except OSError:
            assert time.monotonic() < end
        else:
            return


def test_more_connections_than_there_may_be_are_closed_and_told_once(floor: Quotaflow) -> None:
    with taking(floor, "sh", "-c", 'ulimit -n 200; exec "$@"', "sh") as (process, url):
        at = urlsplit(url)
        with ExitStack() as stack:
            held = [stack.enter_context(socket.create_connection((at.hostname, at.port))) for _ in range(400)]
            closed = 0
            while closed < 300:
                readable, _, _ = select.select(held, [], [], 30)
                assert readable
                held = [each for each in held if each not in readable]
                closed += len(readable)
        until_room(url)
        assert post(url, lines(FACTS)) == (202, {"accepted": len(FACTS)})
        process.terminate()
        assert process.stderr is not None
        told, stopped = process.stderr.read().splitlines()
    assert "100 connections are open, which is the most there may be" in told
    assert stopped.startswith("stopped")
