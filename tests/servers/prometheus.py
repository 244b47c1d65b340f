"""A real Prometheus of our own, and its promtool."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from tests.servers.process import Process, ServerMissing, free_port, missing

PROGRAM, PACKAGE = "prometheus", "prometheus"


def problem() -> str | None:
    """Why no Prometheus can be run, or None."""
    return missing(PROGRAM, PACKAGE) or missing("promtool", PACKAGE)


class Prometheus:
    """One server on a configuration file; its data live in its folder."""

    def __init__(self, folder: Path, config: Path) -> None:
        if (why := problem()) is not None:
            raise ServerMissing(why)
        self.port = free_port()
        options = [f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"]
        self.process = Process([PROGRAM, *options, f"--web.listen-address=127.0.0.1:{self.port}"], folder)

    def start(self) -> None:
        """Start and return once it is ready."""
        self.process.start(self._ready)

    def stop(self) -> None:
        self.process.stop()

    def get(self, path: str, **query: str) -> Any:
        """The `data` of an answer of its HTTP API."""
        with urlopen(f"http://127.0.0.1:{self.port}{path}?{urlencode(query)}", timeout=20) as answer:
            return json.load(answer)["data"]

    def query(self, expression: str) -> list[Mapping[str, Any]]:
        """The series of an instant query."""
        return list(self.get("/api/v1/query", query=expression)["result"])

    def _ready(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=1) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False


def promtool(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """What promtool says of files."""
    if (why := problem()) is not None:
        raise ServerMissing(why)
    return subprocess.run(["promtool", *arguments], capture_output=True, text=True, timeout=60, check=False)
