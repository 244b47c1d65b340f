"""Several workers on one log: who owns what, as they say themselves, and what a kill -9 leaves."""

import re
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import NamedTuple, Self

from tests.e2e.cli import SHARDS, Process, Quotaflow

_TAKEOVER = re.compile(r"^(\S+ \S+) INFO took over shard (\d+)$", re.MULTILINE)


class Takeover(NamedTuple):
    """A worker took over a shard; moments of one machine's clock compare as text."""

    moment: str
    shard: int
    worker: int


class Crew:
    """Workers that leave time to the log, each in a process of its own; all are gone when the context ends."""

    def __init__(self, flow: Quotaflow, size: int) -> None:
        self._flow, self._size = flow, size
        self._stack = ExitStack()
        self._workers: list[Process] = []

    def __enter__(self) -> Self:
        self._workers = [self._start() for _ in range(self._size)]
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start(self) -> Process:
        return self._stack.enter_context(self._flow.start("worker", "--clock", "log"))

    @property
    def running(self) -> int:
        """How many of the workers have not ended."""
        return sum(worker.running for worker in self._workers)

    def takeovers(self) -> list[Takeover]:
        """All that the present processes took over, in order."""
        return sorted(
            Takeover(moment, int(shard), number)
            for number, worker in enumerate(self._workers)
            for moment, shard in _TAKEOVER.findall(worker.said)
        )

    def owners(self) -> dict[int, int]:
        """Per shard the worker that took it over last."""
        return {takeover.shard: takeover.worker for takeover in self.takeovers()}

    def until_all_own_shards(self, seconds: float = 120.0) -> None:
        """Returns once every shard has an owner, and every worker as many as are due to it."""

        def settled() -> bool:
            owners = [*self.owners().values()]
            # A worker that was there first owns all until the others have taken over the last of theirs.
            return len(owners) == SHARDS and all(owners.count(n) >= SHARDS // self._size for n in range(self._size))

        self.until(settled, "all workers owned shards", seconds)

    def until(self, reached: Callable[[], bool], what: str, seconds: float = 120.0) -> None:
        """Returns once it has come so far; fails when the last worker ends, or time is up, before that."""
        running = next(worker for worker in reversed(self._workers) if worker.running)
        running.until(reached, what, seconds)

    def join(self) -> None:
        """One more worker."""
        self._size += 1
        self._workers.append(self._start())

    def leave(self, number: int) -> tuple[int | None, float]:
        """Asks one worker to end, and gives its exit code and how many seconds it took."""
        began = time.monotonic()
        return self._workers[number].stop(), time.monotonic() - began

    def said(self, number: int) -> str:
        """What a worker wrote."""
        return self._workers[number].said

    def replace(self, *numbers: int) -> None:
        """Ends workers as a power cut would, all at once, and starts others in their place."""
        for number in numbers:
            self._workers[number].kill()
        for number in numbers:
            self._workers[number] = self._start()

    def stop(self) -> list[int | None]:
        """Asks every worker to end, and gives their exit codes."""
        return [worker.stop() for worker in self._workers]
