"""`quotaflow` as its users have it: every command a process of its own, the log named by the environment."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from streams.log import Outgoing, Spot
from streams.opening import open_log

ROOT = Path(__file__).resolve().parent.parent.parent
MODULE = "agents.cli"
COMMAND = (sys.executable, "-m", MODULE)
LONGEST = 900.0
"""Seconds that any command may take on a machine that others use too."""
STOPPED = 60.0
POLL = 0.05
SHARDS = 4
SOURCES = ("sales.activities.v1", "sales.meetings.v1", "sales.deals.v1")

Json = dict[str, Any]


@dataclass(frozen=True)
class Said:
    """What a command that has ended wrote."""

    stdout: str
    stderr: str


@dataclass(frozen=True)
class Quotaflow:
    """The command line on one log; whatever commands leave behind stays in `folder`."""

    broker: str
    folder: Path
    shards: int = SHARDS
    settings: Mapping[str, str] = field(default_factory=dict)
    """More of the environment."""

    @classmethod
    def embedded(cls, folder: Path, shards: int = SHARDS) -> Self:
        """With an embedded log in the folder; a new one gets so many shards."""
        return cls(f"embedded://{folder / 'log.db'}", folder, shards)

    def run(self, *arguments: str | Path, code: int = 0) -> Said:
        """Runs a command to its end, which must be this exit code."""
        done = subprocess.run(
            [*COMMAND, *map(str, arguments)],
            env=self._environment,
            cwd=self.folder,
            capture_output=True,
            timeout=LONGEST,
            check=False,
        )
        said = Said(done.stdout.decode(), done.stderr.decode())
        assert done.returncode == code, f"exit code {done.returncode}: {said.stdout[-2000:]}\n{said.stderr[-4000:]}"
        return said

    def json(self, *arguments: str | Path) -> Any:
        """What a command prints as JSON."""
        return json.loads(self.run(*arguments, "--json").stdout)

    def lines(self, *arguments: str | Path) -> list[Any]:
        """What a command prints as one JSON object per line."""
        return [json.loads(line) for line in self.run(*arguments, "--json").stdout.splitlines()]

    def standings(self, *options: str) -> list[Json]:
        """All standings, or those asked for, in the order in which they are reported."""
        found: list[Json] = self.json("report", *options)["standings"]
        return found

    def transitions(self, *options: str) -> list[Json]:
        """The history of all alerts, or of those asked for."""
        found: list[Json] = self.json("alerts", "--history", *options)["transitions"]
        return found

    def start(self, *arguments: str | Path, module: str = MODULE) -> "Process":
        """Starts a command, or another module of ours, that goes on by itself."""
        said = self.folder / f"{len([*self.folder.glob('*.said')])}-{arguments[0] if module == MODULE else module}.said"
        with said.open("wb") as file:
            started = subprocess.Popen(
                [sys.executable, "-m", module, *map(str, arguments)],
                env=self._environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        return Process(started, said)

    @property
    def _environment(self) -> dict[str, str]:
        named = {"QUOTAFLOW_BROKER": self.broker, "QUOTAFLOW_SHARDS": str(self.shards)}
        return {**named, **self.settings, "PYTHONPATH": str(ROOT)}


class Process:
    """A command that runs; it writes to a file, so that it never waits for a reader."""

    def __init__(self, started: subprocess.Popen[bytes], said: Path) -> None:
        self._process, self._said = started, said

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def said(self) -> str:
        """Everything that it has written so far."""
        return self._said.read_text(errors="replace")

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def until(self, reached: Callable[[], bool], what: str, seconds: float = LONGEST) -> None:
        """Returns once it has come so far; fails when it ends, or time is up, before that."""
        deadline = time.monotonic() + seconds
        while not reached():
            assert self.ended(POLL) is None or reached(), f"it ended before {what}: {self.said[-4000:]}"
            assert time.monotonic() < deadline, f"not {what} within {seconds:g} s: {self.said[-4000:]}"

    def until_it_works(self) -> None:
        """Returns once a worker has joined."""
        self.until(lambda: "Ctrl-C stops" in self.said, "the worker had joined", 120.0)

    def ended(self, seconds: float = LONGEST) -> int | None:
        """Its exit code, or None when it has not ended within so many seconds."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def stop(self) -> int | None:
        """Asks it to end, and gives its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self.ended(STOPPED)

    def pause(self) -> None:
        """Stops it where it is (SIGSTOP); it does not notice."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets it go on where it was."""
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """Ends it as a power cut would (SIGKILL), wherever it is."""
        self._process.kill()
        self._process.wait()


class Beside:
    """A client of the log beside all commands: it sees where topics end, reads them, and appends."""

    def __init__(self, broker: str) -> None:
        self._log, self._runner = open_log(broker), asyncio.Runner()

    def end(self, topic: str, partitions: int = SHARDS) -> int:
        """How many records the topic has in all, transaction markers among them."""
        return sum(self._runner.run(self._log.ends(_spots(topic, partitions))).values())

    def ends(self, *topics: str) -> dict[Spot, int]:
        """Where every partition ends."""
        return self._runner.run(self._log.ends([spot for topic in topics for spot in _spots(topic, SHARDS)]))

    def positions(self, spots: Iterable[Spot]) -> dict[Spot, int]:
        """How far flushes have come in these partitions."""
        return self._runner.run(self._log.committed(spots))

    def values(self, topic: str) -> list[list[bytes]]:
        """The values of every partition that there is."""
        return [self._runner.run(self._read(spot)) for spot in self.ends(topic)]

    def append(self, records: Iterable[Outgoing]) -> list[int]:
        """Appends records and gives their offsets."""
        return self._runner.run(self._log.append([*records]))

    async def _read(self, spot: Spot) -> list[bytes]:
        return [record.value async for chunk in self._log.read(spot) for record in chunk if record.value is not None]

    def __enter__(self) -> Self:
        self._runner.run(self._log.start())
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._log.stop())
        self._runner.close()


def _spots(topic: str, partitions: int) -> list[Spot]:
    return [Spot(topic, partition) for partition in range(partitions)]


@contextmanager
def working(flow: Quotaflow) -> Iterator[Process]:
    """A worker that leaves time to the log, as long as the context lasts."""
    with flow.start("worker", "--clock", "log") as worker:
        worker.until_it_works()
        yield worker
        assert worker.running, f"the worker ended: {worker.said[-4000:]}"
