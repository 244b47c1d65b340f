"""A demo as a process, with the lines it prints where there is no terminal."""

import asyncio
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from msgspec import json

from streams import topics
from streams.embedded.log import EmbeddedLog
from streams.log import Spot
from tests.agents.example import QUOTAFLOW, Quotaflow

REPS = 3
SHARDS = 1
_STATUS = re.compile(r"\d\d:\d\d:\d\d  (?P<phase>past|live)  (?P<facts>[\d,]+) facts? .* alerts? open\n?")
_MESSAGE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d  to (?P<recipient>[\w-]+): (?P<subject>.*)\n?")
_ALERT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d  (?P<state>\w+) +\w+ \S+ \S+: (?P<summary>.*)\n?")


class Status(NamedTuple):
    """A line about the whole."""

    phase: str
    facts: int


def status(line: str) -> Status | None:
    """What a line says of the whole; None where it is about something else."""
    found = _STATUS.fullmatch(line)
    return Status(found["phase"], int(found["facts"].replace(",", ""))) if found else None


def statuses(lines: list[str]) -> list[Status]:
    """What all lines say of the whole."""
    return [found for line in lines if (found := status(line))]


def alerts(lines: list[str]) -> list[tuple[str, str]]:
    """State and summary of every transition that the lines tell."""
    return [(found["state"], found["summary"]) for line in lines if (found := _ALERT.fullmatch(line))]


def messages(lines: list[str]) -> list[tuple[str, str]]:
    """Recipient and subject of every message that went out."""
    return [(found["recipient"], found["subject"]) for line in lines if (found := _MESSAGE.fullmatch(line))]


def door(lines: list[str], name: str) -> str:
    """The URL that is printed beside a name."""
    (line,) = [line for line in lines if line.startswith(f"{name} ")]
    return next(word for word in line.split() if word.startswith("http://"))


class Playing:
    """A demo that runs, and every line that it has printed so far."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.lines: list[str] = []

    def until(self, reached: Callable[[list[str]], bool]) -> None:
        """Reads on until the lines are what is waited for."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if reached(self.lines):
                return
        raise AssertionError(f"it ended with {self.process.wait()} before that: {''.join(self.lines)[-3000:]}")

    def ended(self) -> str:
        """Waits for its end, which must be a good one, and gives what it wrote on stderr."""
        out, err = self.process.communicate(timeout=120)
        self.lines += out.splitlines(keepends=True)
        assert self.process.returncode == 0, err
        return err

    @property
    def printed(self) -> str:
        """All of stdout."""
        return "".join(self.lines)


@contextmanager
def playing(floor: Quotaflow, *options: str) -> Iterator[Playing]:
    """A demo without a terminal."""
    command = [*QUOTAFLOW, "demo", "--reps", str(REPS), "--broker", floor.broker, *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=floor.folder) as process:
        try:
            yield Playing(process)
        finally:
            process.kill()


def more_than(count: int) -> Callable[[list[str]], bool]:
    """Whether the last line speaks of more facts."""

    def reached(lines: list[str]) -> bool:
        found = status(lines[-1])
        return found is not None and found.facts > count

    return reached


def is_live(lines: list[str]) -> bool:
    """Whether the last line speaks of a live floor."""
    found = status(lines[-1])
    return found is not None and found.phase == "live"


class Sent(NamedTuple):
    """The simulated facts of a log: how often each identity is there, and when the first and the last occurred."""

    counts: Counter[str]
    first: datetime
    last: datetime


def sent(path: Path) -> Sent:
    """What a demo has sent into a log."""
    found = [json.decode(value) for value in asyncio.run(_values(path))]
    facts = [each for each in found if each.get("source") == "simulator"]
    moments = [datetime.fromisoformat(each["occurred_at"]) for each in facts]
    return Sent(Counter(each["id"] for each in facts), min(moments), max(moments))


async def _values(path: Path) -> list[bytes]:
    log = EmbeddedLog(path)
    await log.start()
    spots = [Spot(topic.name, shard) for topic in topics.SOURCES for shard in range(SHARDS)]
    values = [record.value for spot in spots async for chunk in log.read(spot) for record in chunk]
    await log.stop()
    return [value for value in values if value is not None]
