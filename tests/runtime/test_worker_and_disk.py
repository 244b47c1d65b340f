"""A worker whose disk fills, or whose file goes bad, as it works: it goes on, or ends with the reason for the next."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn, cast

import pytest

from streams.embedded import store as storing
from streams.embedded.store import Store
from streams.log import LogError, Outgoing, Spot
from streams.shards import TRIES
from tests.runtime.faulty_log import SECONDS, FaultyLog, started, working
from tests.runtime.test_shards import assert_exact, facts, fed, first

ROOM = 2**30
"""Pages: more than any test needs."""


class Filling(Store):
    """A store on a disk that is full for some flushes: SQLite is given no page more, and every flush needs one."""

    full: Callable[[int], bool] = staticmethod(lambda _: False)
    flushes = 0

    def write(
        self,
        records: Sequence[Outgoing],
        positions: Mapping[Spot, int],
        ts: int,
        owner: tuple[str, int] | None,
        *,
        lasting: bool = False,
    ) -> list[int]:
        self.flushes += owner is not None
        full = owner is not None and self.full(self.flushes)
        pages = self.db.execute("PRAGMA page_count").fetchone()[0] if full else ROOM
        self.db.execute(f"PRAGMA max_page_count = {pages}")
        large = [Outgoing(*next(iter(self.spots)), b"large", bytes(3 * storing.PAGE))] if full else []
        return super().write([*records, *large], positions, ts, owner, lasting=lasting)


def filling(log: FaultyLog, full: Callable[[int], bool]) -> None:
    """The log's disk is full for the n-th flush, or is not."""
    assert log._write_store is not None
    log._write_store.close()
    log._write_store = Filling(log.path)
    log._write_store.full = full


@pytest.mark.parametrize("number", range(1, 9))
async def test_a_disk_that_is_full_for_a_while_at_any_flush_loses_and_repeats_nothing(
    number: int, tmp_path: Path
) -> None:
    async with started(tmp_path / "log") as log:
        filling(log, lambda flush: number <= flush < number + TRIES)
        async with working(log) as (_, run):
            await first(asyncio.create_task(fed(log.path)), run)
        assert len(log.writers) > 3  # at least one shard was taken over again
        await assert_exact(log)


async def test_a_disk_that_stays_full_ends_the_worker_with_the_reason_and_the_next_one_goes_on(tmp_path: Path) -> None:
    feeding = asyncio.create_task(fed(tmp_path / "log"))
    async with started(tmp_path / "log") as log:
        filling(log, lambda flush: flush > 3)
        async with working(log) as (_, run):
            with pytest.raises(LogError, match=r"cannot be used \(database or disk is full\): see that its disk has"):
                await first(feeding, run)
    async with started(tmp_path / "log") as log:
        async with working(log) as (_, run):
            await first(feeding, run)
        await assert_exact(log)


class Torn:
    """A connection to a file whose pages are no pages any more."""

    def execute(self, *_: object) -> NoReturn:
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error

    def close(self) -> None:
        """Nothing is open."""


async def test_a_file_that_goes_bad_while_it_is_read_ends_the_worker_with_the_reason(tmp_path: Path) -> None:
    async with started(tmp_path / "log") as log, working(log) as (_, run):
        log.store.db.close()
        log.store.db = cast(sqlite3.Connection, Torn())
        await log.append(facts())
        with pytest.raises(LogError, match="is damaged"):
            await asyncio.wait_for(run, SECONDS)
