"""Gateway processes on a log, and what they answer."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request as Asked
from urllib.request import urlopen

from tests.agents.example import QUOTAFLOW, Quotaflow, started
from tests.streams.gateway.sending import Request, request


@contextmanager
def taking(floor: Quotaflow, *within: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A gateway process, and where it takes events; `within` is a command that starts another."""
    command = [*within, *QUOTAFLOW, "gateway", "--listen", "127.0.0.1:0", "--broker", floor.broker]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        said = started(process)
        assert "no token is set" in said[0]
        try:
            yield process, said[-1].split()[3]
        finally:
            process.kill()
            process.communicate(timeout=30)


def post(url: str, body: bytes) -> Any:
    """What the gateway answers to facts as lines."""
    return send(url, request("application/x-ndjson", body))[:2]


def send(url: str, said: Request) -> tuple[int, Any, str | None]:
    """Status and body of the gateway's answer, and when to come again."""
    try:
        with urlopen(Asked(f"{url}/events", said[1], dict(said[0])), timeout=60) as answer:
            return answer.status, json.load(answer), None
    except HTTPError as error:
        with error:
            return error.code, json.load(error), error.headers["Retry-After"]


def status(url: str) -> int:
    """The status of a GET."""
    try:
        with urlopen(url, timeout=30) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code
