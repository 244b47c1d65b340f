"""Every fact keeps its place in time; half a copy is of no use to anybody, and neither is one of a log that went on."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec import json
from msgspec.structs import replace

from schemas.activities import Activity
from schemas.control import Live, PlanMarker, Tick
from streams import tables, topics
from streams.copying.copy import Copy, Place
from streams.copying.epochs import hushed
from streams.embedded.log import EmbeddedLog
from streams.log import LogError, Outgoing, Spot
from streams.partitioner import partition
from streams.quarantine import LARGEST_FACT
from tests.agents.example import Quotaflow, lines, moment
from tests.runtime.history import MONDAY


class Breaking(EmbeddedLog):
    """A log of which the disk is full after so many appends; `then` is called before each."""

    left = 10**6
    then: Coroutine[Any, Any, Any] | None = None

    async def append(self, records: Sequence[Outgoing], *, lasting: bool = True) -> list[int]:
        self.left -= 1
        if self.left < 0:
            raise LogError("the disk is full")
        if self.then is not None:
            then, self.then = self.then, None
            await then
        return await super().append(records, lasting=lasting)


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


class Scribe:
    """Writes facts, and what the clock would copy, into a log with three shards."""

    def __init__(self, log: EmbeddedLog, luck: random.Random) -> None:
        self.log, self.luck, self.spots = log, luck, Place(log, 3).spots(*topics.SOURCES)

    async def write(self) -> None:
        await self.log.declare((*topics.ALL, *tables.ALL), 3)
        for number in range(60):
            if self.luck.random() < 0.4:
                await self.step(copied=number < 55)
            else:
                await self.log.append([self.fact(number) for _ in range(self.luck.randrange(1, 4))])

    async def step(self, *, copied: bool) -> None:
        said = self.luck.choice([Tick(MONDAY), Tick(), PlanMarker(1), Live(MONDAY)])
        (offset,) = await self.log.append([Outgoing(topics.CONTROL.name, 0, b"k", json.encode(said))])
        if copied and not isinstance(said, Live):
            copy = json.encode(replace(said, number=offset, sender="control"))
            await self.log.append([Outgoing(*spot, b"control", copy) for spot in self.spots])

    def fact(self, number: int) -> Outgoing:
        """Mostly in its own partition, sometimes in any, and sometimes no fact at all."""
        name = f"p{self.luck.randrange(9)}"
        fact = json.encode(Activity(f"c{number}", "phone", MONDAY, name, "chat", quiet=self.luck.random() < 0.5))
        value = fact if self.luck.random() < 0.9 else fact[:-3]
        at = partition(name.encode(), 3) if self.luck.random() < 0.8 else self.luck.randrange(3)
        return Outgoing(topics.ACTIVITIES.name, at, name.encode(), value)


async def placed(log: EmbeddedLog, shards: int) -> tuple[list[str], Counter[tuple[str, int]]]:
    """The kinds of control's records in order; and how often each fact lies behind so many ticks and markers."""
    control = [record async for chunk in log.read(Spot(topics.CONTROL.name, 0)) for record in chunk]
    kinds = [json.decode(record.value or b"")["type"] for record in control]
    found: Counter[tuple[str, int]] = Counter()
    for spot in Place(log, shards).spots(topics.ACTIVITIES):
        behind = 0
        async for chunk in log.read(spot):
            for record in chunk:
                said = (record.value or b"").replace(b',"quiet":true', b"").decode()
                if '"sender":"control"' in said:
                    behind = sum(kind != "live" for kind in kinds[: json.decode(said).get("number", 0) + 1])
                else:
                    found[said, behind] += 1
    return kinds, found


async def scribbled(folder: Path, seed: int, shards: int) -> list[tuple[list[str], Counter[tuple[str, int]]]]:
    old, new = EmbeddedLog(folder / "old.db"), EmbeddedLog(folder / "new.db")
    await old.start()
    await new.start()
    await Scribe(old, random.Random(seed)).write()
    await new.declare((*topics.ALL, *tables.ALL), shards)
    await Copy(Place(old, 3), Place(new, shards), lambda _: None).run()
    found = [await placed(old, 3), await placed(new, shards)]
    await old.stop()
    await new.stop()
    return found


@pytest.mark.parametrize("shards", [1, 2, 3, 5])
@pytest.mark.parametrize("seed", range(5))
def test_every_fact_keeps_its_place_between_ticks_and_markers(seed: int, shards: int, tmp_path: Path) -> None:
    before, after = asyncio.run(scribbled(tmp_path, seed, shards))
    assert before == after
    assert len({behind for _, behind in before[1]}) > 5


def test_the_documented_pattern_names_every_topic_and_table(root: Path) -> None:
    (pattern,) = re.findall(r"--delete --topic '(.*)'", (root / "docs" / "partitions.md").read_text())
    names = [spec.name for spec in (*topics.ALL, *tables.ALL)]
    assert [name for name in names if not re.fullmatch(pattern, name)] == []
    assert not re.fullmatch(pattern, "sales.reports")


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
