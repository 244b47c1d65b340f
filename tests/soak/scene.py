"""What runs while trouble is made: workers, a producer, and somebody who starts again what has ended."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from streams.log import LogError, Spot
from tests.e2e.cli import SOURCES, Beside, Process, Quotaflow
from tests.soak.feeding import number, write

LONGEST = 240.0
"""Seconds that anything may take on a machine that others use too."""
STOP_SECONDS = 10.0
"""In which a worker has to be gone after SIGTERM."""
POLL = 0.1
WORKER = ("worker", "--listen", "none")
FEEDING = "tests.soak.feeding"


class Wrong(Exception):
    """Something is not as promised; the text says what."""


class Scene:
    """Workers by name and the producer, each in a process of its own; all are gone when the context ends."""

    def __init__(self, flow: Quotaflow, facts: Path, count: int, chunk: int, tell: Callable[[str], None]) -> None:
        """`facts` holds `count` facts, sent in chunks; `tell` is told everything that happens."""
        self.flow, self.count, self.tell = flow, count, tell
        self.workers: dict[str, Process] = {}
        self.slowest_stop = 0.0
        self._facts, self._chunk = facts, chunk
        self._allowed, self._sent = flow.folder / "allowed", flow.folder / "sent"
        self._named = 0
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.beside = self._stack.enter_context(Beside(self.flow.broker))
        self.producer = self._produce()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def sent(self) -> int:
        """How many facts the producer knows to be in the log."""
        return number(self._sent)

    def allow(self, facts: int) -> None:
        """Lets the producer go on until so many were sent."""
        write(self._allowed, facts)

    def join(self) -> str:
        """Starts one more worker and gives its name."""
        self._named += 1
        name = f"worker {self._named}"
        self.workers[name] = self._stack.enter_context(self.flow.start(*WORKER))
        return name

    def joined(self, name: str) -> bool:
        """Whether it works; one that ended instead is replaced."""
        self.tend()
        return name not in self.workers or "Ctrl-C stops" in self.workers[name].said

    def takeovers(self, name: str) -> int:
        """How many shards it took over since it was started; one that ended took none."""
        return self.workers[name].said.count("INFO took over") if name in self.workers else 0

    def leave(self, name: str) -> None:
        """Asks a worker to end; raises Wrong for one that does not do so in order and in time."""
        worker, began = self.workers.pop(name), time.monotonic()
        code, took = worker.stop(), time.monotonic() - began
        self.slowest_stop = max(self.slowest_stop, took)
        self.tell(f"{name} left within {took:.1f} s")
        if code != 0 or took > STOP_SECONDS:
            raise Wrong(f"{name} ended with code {code} {took:.1f} s after SIGTERM: {worker.said[-3000:]}")

    def kill(self, *names: str) -> None:
        """Ends workers as a power cut would, all at once."""
        for name in names:
            self.workers.pop(name).kill()
        self.tell(f"killed {' and '.join(names)}")

    def kill_producer(self) -> None:
        """Ends the producer wherever it is; another one goes on where it knew to be."""
        self.producer.kill()
        self.producer = self._produce()
        self.tell(f"killed the producer, which knew of {self.sent} facts sent")

    def _produce(self) -> Process:
        arguments = (self.flow.broker, self._facts, self._allowed, self._sent, str(self._chunk))
        return self._stack.enter_context(self.flow.start(*arguments, module=FEEDING))

    def tend(self) -> None:
        """Starts again what has ended by itself, as an orchestrator does."""
        for name in [name for name, worker in self.workers.items() if not worker.running]:
            last = self.workers.pop(name).said.strip().splitlines()[-1:]
            self.tell(f"{name} had ended ({''.join(last)[:300]}), {self.join()} comes in its place")
        if not self.producer.running and self.producer.ended() != 0:
            self.producer = self._produce()

    def until(self, reached: Callable[[], bool], what: str) -> None:
        """Returns once it has come so far, and tends meanwhile; raises Wrong."""
        deadline = time.monotonic() + LONGEST
        while not self._now(reached):
            self.tend()
            if time.monotonic() > deadline:
                said = "\n".join(f"{name}: {worker.said[-1500:]}" for name, worker in self.workers.items())
                raise Wrong(f"not {what} within {LONGEST:g} s\n{said}")
            time.sleep(POLL)

    def _now(self, reached: Callable[[], bool]) -> bool:
        try:
            return reached()
        except LogError:
            return False

    def catch_up(self) -> None:
        """Returns once all that stands in the source topics by now is processed."""
        ends: dict[Spot, int] = {}

        def processed() -> bool:
            ends.update({} if ends else self.beside.ends(*SOURCES))
            found = self.beside.positions(ends)
            return all(found.get(spot, 0) >= end for spot, end in ends.items())

        self.until(processed, "all was processed")

    def settle(self) -> None:
        """Returns once all is processed and every worker has joined."""
        self.catch_up()
        self.until(lambda: all(map(self.joined, [*self.workers])), "all workers had joined")
