"""Workers and API processes that answer over HTTP, and what they answer."""

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from tests.agents.example import QUOTAFLOW, started


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: bytes

    @property
    def said(self) -> Any:
        return json.loads(self.body)


def ask(url: str, path: str, **headers: str) -> Answer:
    """What a program that is no browser gets."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url + path, headers=headers), timeout=30) as answer:
            return Answer(answer.status, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.read())


@contextmanager
def answering(*arguments: str, **environment: str) -> Iterator[str]:
    """Where a `quotaflow` process answers, once it is ready."""
    with subprocess.Popen([*QUOTAFLOW, *arguments], stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            said = [line for line in started(process) if line.startswith("answering on ")]
            url = said[0].split()[2].removesuffix("/api/v1/standings")
            until_ready(url)
            yield url
        finally:
            process.terminate()
            process.communicate(timeout=30)
            assert process.returncode == 0


def until_ready(url: str) -> None:
    """Returns once it answers questions."""
    while ask(url, "/readyz").status != 200:
        pass
