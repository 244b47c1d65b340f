"""Where the demo answers: on its usual ports, or elsewhere where somebody has these, and then it says so."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

from streams.demo.view import Door, Doors
from tests.agents.demos import door, playing
from tests.agents.example import Quotaflow

PORTS = {"API": 8090, "metrics": 8090, "events": 8080}


def test_only_a_door_that_is_elsewhere_says_why() -> None:
    doors = Doors(Door("http://127.0.0.1:8080"), Door("http://127.0.0.1:35681", 8090))
    assert doors.told() == [
        "API      http://127.0.0.1:35681/api/v1/standings?level=team (8090 is taken)",
        "metrics  http://127.0.0.1:35681/metrics (8090 is taken)",
        "events   POST http://127.0.0.1:8080/events",
    ]


@pytest.fixture
def _taken() -> Iterator[None]:
    """We have the usual ports, as soon as other tests let go of them, or somebody has them who stays."""
    with ExitStack() as stack:
        for port in sorted({*PORTS.values()}):
            _take(stack.enter_context(socket.socket()), port)
        yield


def _take(here: socket.socket, port: int) -> None:
    """Takes the port, for which others get two minutes to leave it."""
    here.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    end = time.monotonic() + 120
    while time.monotonic() < end:
        with suppress(OSError):
            here.bind(("127.0.0.1", port))
            here.listen()
            return
        time.sleep(0.05)


@pytest.mark.usefixtures("_taken")
def test_a_demo_whose_ports_are_taken_says_where_it_answers_instead(tmp_path: Path) -> None:
    with playing(Quotaflow(tmp_path)) as demo:
        demo.until(lambda lines: lines[-1].startswith("events "))
        for name, port in PORTS.items():
            (line,) = [line for line in demo.lines if line.startswith(f"{name} ")]
            assert line.endswith(f" ({port} is taken)\n")
            assert f":{port}/" not in line
        assert b"python_info" in urlopen(door(demo.lines, "metrics"), timeout=20).read()
