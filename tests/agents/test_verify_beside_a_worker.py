"""Looks at a log while facts come in and a live worker works: nothing that is under way is taken for a difference."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from msgspec import json

from agents.worker import Worker
from streams.embedded.log import EmbeddedLog
from streams.log import Outgoing, Record, Spot
from streams.partitioner import partition
from streams.verifying.look import Look
from tests.agents.example import Quotaflow, call, deal, write_plan

SHARDS, LOOKS, OFTEN = 3, 3, 5


def said(number: int) -> list[Outgoing]:
    """A won deal whose amount is corrected again and again, and a call, which may come into a wrong partition."""
    won = {**deal(f"d{number % 7}", "01-20", "won", owner="ann", amount=number + 1), "version": number}
    placed = call(f"c{number}", "01-21", "ann", f"lead{number % 5}")
    key = str(won["deal"]).encode()
    return [
        Outgoing("sales.deals.v1", partition(key, SHARDS), key, json.encode(won)),
        Outgoing("sales.activities.v1", number % SHARDS, b"ann", json.encode(placed)),
    ]


class Busy(EmbeddedLog):
    """A log that goes on while it is read: at every so many reads facts come, and somebody writes after them."""

    reads = rounds = 0

    async def read(self, spot: Spot, start: int = 0, end: int | None = None) -> AsyncIterator[list[Record]]:
        self.reads += 1
        if self.reads % OFTEN == 0:
            await self.append(said(self.rounds))
            self.rounds += 1
            async with asyncio.timeout(60):
                await self.growth(self.state)
        async for chunk in super().read(spot, start, end):
            yield chunk


async def looks(floor: Quotaflow) -> tuple[list[list[str]], int]:
    """The differences of one look after the other, and how often facts came meanwhile."""
    works, busy, found = EmbeddedLog(floor.path), Busy(floor.path), []
    await works.start()
    await busy.start()
    async with Worker(floor.broker, works, live=True, shards=SHARDS):
        for _ in range(LOOKS):
            differences = (await Look(busy, SHARDS, lambda _: None).run()).differences
            found.append([str(each) for each in differences])
    await busy.stop()
    await works.stop()
    return found, busy.rounds


def test_work_under_way_is_no_difference(tmp_path: Path) -> None:
    floor = Quotaflow(tmp_path)
    floor.run("plan", "apply", write_plan(tmp_path / "plan"), "--shards", str(SHARDS))
    found, rounds = asyncio.run(looks(floor))
    assert found == [[]] * LOOKS
    after = floor.json("verify", "--wait")
    assert (after["differences"], after["left_out"]) == ([], 0)
    assert after["facts"] >= 2 * rounds > 2 * LOOKS
