"""Brokers for measurements: filled once, and started on a copy of that for every round."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from agents.worker import declare
from bench.machine import cores
from bench.workload import Workload, fill
from streams.opening import open_log
from tests.kafka.broker import Broker

HEAP = "1g"


class Brokers:
    """Lives in a folder, which has to hold the workload some four times."""

    def __init__(self, folder: Path) -> None:
        """The folder is there and empty."""
        self._folder = folder
        self._number = count()
        self._filled: dict[tuple[Workload, int, bool], Path] = {}

    @contextmanager
    def empty(self) -> Iterator[str]:
        """The URL of a broker that holds nothing; it is gone with the context."""
        with self._started(self._new()) as url:
            yield url

    @contextmanager
    def filled(self, workload: Workload, shards: int, *, planned: bool = True) -> Iterator[tuple[str, Path]]:
        """The URL of a broker that holds the workload (and, if `planned`, the plan), and where its files lie."""
        template = self._filled.get((workload, shards, planned))
        if template is None:
            template = self._filled[workload, shards, planned] = self._new()
            with self._started(template, keep=True) as url:
                asyncio.run(_fill(url, workload, shards, planned=planned))
        copy = self._new()
        shutil.copytree(template / "data", copy / "data")
        with self._started(copy) as url:
            yield url, copy / "data"

    def forget(self) -> None:
        """Frees the room that filled brokers take."""
        for template in self._filled.values():
            shutil.rmtree(template)
        self._filled.clear()

    def _new(self) -> Path:
        path = self._folder / f"broker-{next(self._number)}"
        path.mkdir()
        return path

    @contextmanager
    def _started(self, folder: Path, *, keep: bool = False) -> Iterator[str]:
        broker = Broker(folder, heap=HEAP, measured=True)
        with on_core(cores()[0]):
            broker.start()
        try:
            yield f"kafka://{broker.address}"
        finally:
            broker.stop()
            if not keep:
                shutil.rmtree(folder)


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """What this process does and starts while the context lasts, it does on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


async def _fill(url: str, workload: Workload, shards: int, *, planned: bool) -> None:
    log = open_log(url)
    await log.start()
    try:
        await fill(log, await declare(log, shards), workload, planned=planned)
    finally:
        await log.stop()
