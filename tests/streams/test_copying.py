"""Half a copy is of no use to anybody, and says so; so is one of a log that went on."""

import asyncio
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec import json

from schemas.activities import Activity
from streams import tables, topics
from streams.copying.copy import Copy, Place
from streams.copying.epochs import hushed
from streams.embedded.log import EmbeddedLog
from streams.log import LogError, Outgoing
from streams.quarantine import LARGEST_FACT
from tests.agents.example import Quotaflow, lines, moment
from tests.runtime.history import MONDAY


class Breaking(EmbeddedLog):
    """A log of which the disk is full after so many appends; `then` is called before each."""

    left = 10**6
    then: Coroutine[Any, Any, Any] | None = None

    async def append(self, records: Sequence[Outgoing]) -> list[int]:
        self.left -= 1
        if self.left < 0:
            raise LogError("the disk is full")
        if self.then is not None:
            then, self.then = self.then, None
            await then
        return await super().append(records)


def calls(count: int) -> bytes:
    """So many activities of many performers."""
    facts = ({"type": "activity", "id": f"c{n}", "source": "phone", "occurred_at": moment("01-08"),
              "performer": f"p{n % 9}", "activity": "call_placed"} for n in range(count))  # fmt: skip
    return lines([*facts])


@pytest.fixture
def source(tmp_path: Path) -> Quotaflow:
    floor = Quotaflow(tmp_path)
    floor.apply()
    floor.replay(calls(300))
    return floor


async def copy(source: Path, target: Path, left: int, *, growing: bool = False) -> None:
    old, new = EmbeddedLog(source), Breaking(target)
    await old.start()
    await new.start()
    try:
        await new.declare((*topics.ALL, *tables.ALL), 2)
        new.left = left
        if growing:
            late = json.encode(Activity("late", "phone", MONDAY, "p1", "chat"))
            new.then = old.append([Outgoing(topics.ACTIVITIES.name, 0, b"p1", late)])
        await Copy(Place(old, 1), Place(new, 2), lambda _: None).run()
    finally:
        await old.stop()
        await new.stop()


def test_wherever_a_copy_breaks_off_nobody_can_work_on_it(
    source: Quotaflow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("streams.copying.copy.CHUNK", 100)
    for left in (1, 2, 3):
        target = source.on(f"half-{left}.db")
        with pytest.raises(LogError, match="the disk is full"):
            asyncio.run(copy(source.path, target.path, left))
        assert "this log has no plan yet" in target.run("report", code=1).stderr
        assert "the target is not empty" in source.run("copy", target.broker, code=1).stderr


def test_a_log_that_goes_on_while_it_is_copied_is_refused(source: Quotaflow) -> None:
    target = source.on("behind.db")
    with pytest.raises(LogError, match="grew by 1 records while it was copied"):
        asyncio.run(copy(source.path, target.path, 10**6, growing=True))
    assert "this log has no plan yet" in target.run("report", code=1).stderr


def test_a_fact_of_which_nobody_is_told_keeps_every_other_byte() -> None:
    assert (
        hushed(b'{"a": 1.50, "quiet":false,"b":"\xc3\xa9\\u00e9"}') == b'{"a":1.50,"quiet":true,"b":"\xc3\xa9\\u00e9"}'
    )
    large = b'{"a":"' + b"x" * (LARGEST_FACT - 8) + b'"}'
    assert hushed(large) == large
