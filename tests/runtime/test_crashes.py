"""A worker stopped after any append or commit, and one that goes on with other batches, come to the same in the end."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from streams import tables
from streams.log import Outgoing, Spot
from streams.verifying.look import verdict
from tests.runtime.crashes import CountingLog, finished, opened, run, scenario
from tests.runtime.history import SHARDS
from tests.runtime.outcome import Outcome, outcome
from tests.runtime.schedules import differences

KEPT = {table.name for table in tables.ALL}
LEAST = 200
"""Writes, so that there are enough points to stop at."""


async def uninterrupted(path: Path) -> tuple[Outcome, int]:
    """What comes of it without a stop, counted and explained again, and with how many writes."""
    async with opened(path) as log:
        run(log, "first", scenario())
        found = await verdict(log, SHARDS, lambda _: None)
        assert not found.differences
        assert found.explained > 0
        return await outcome(log), log.writes


async def images(folder: Path, kind: type[CountingLog] = CountingLog) -> list[Path]:
    """What a stop after each append or commit leaves behind."""
    found: list[Path] = []

    def written(count: int) -> None:
        found.append(folder / f"after-{count}")
        log.copy(found[-1])

    async with opened(folder / "stopped", written, kind) as log:
        run(log, "first", scenario())
    return found


async def test_a_stop_after_any_append_or_commit_changes_nothing(tmp_path: Path) -> None:
    steps = scenario()
    known, writes = await uninterrupted(tmp_path / "log")
    left = await images(tmp_path)
    assert len(left) == writes > LEAST
    for number, image in enumerate(left):
        assert differences(known, await finished(image, f"after {number}", steps)) == [], f"stopped at {image.name}"


class Torn(CountingLog):
    """A flush is two transactions: what is said, and then what is kept."""

    async def transact(
        self,
        records: Sequence[Outgoing],
        positions: Mapping[Spot, int],
        owner: tuple[str, int] | None,
        *,
        lasting: bool = False,
    ) -> list[int]:
        kept = [record for record in records if record.topic in KEPT]
        said = [record for record in records if record.topic not in KEPT]
        return [*await super().transact(said, {}, owner), *await super().transact(kept, positions, owner)]


async def test_flushes_that_are_two_transactions_are_found(tmp_path: Path) -> None:
    steps = scenario()
    known, _ = await uninterrupted(tmp_path / "log")
    for image in (await images(tmp_path, Torn))[-2::-2]:
        if differences(known, await finished(image, "torn", steps)):
            return
    pytest.fail("no stop between the two made a difference")


@pytest.mark.parametrize("within", [True, False], ids=["within", "after"])
async def test_a_process_that_ends_within_or_after_a_commit_changes_nothing(
    *, within: bool, root: Path, tmp_path: Path
) -> None:
    known, writes = await uninterrupted(tmp_path / "log")
    for write in (writes // 4, writes // 2, writes - 2):
        path = tmp_path / f"killed-{write}"
        command = [sys.executable, "-m", "tests.runtime.crashes", str(path), str(write)]
        command += ["--within"] if within else []
        killed = await asyncio.create_subprocess_exec(*command, cwd=root, env={"PYTHONPATH": str(root)})
        assert await killed.wait() == 9
        assert differences(known, await finished(path, f"killed {write}", scenario())) == []
