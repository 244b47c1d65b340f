"""A producer outside that sends a file of facts as far as it is let, is killed, and sends again what it is not sure of.

usage: python -m tests.soak.feeding BROKER FACTS ALLOWED SENT CHUNK

FACTS holds a fact per line. The file ALLOWED says how many may be sent by now; SENT, which this writes, how many were
acknowledged: there the next one goes on. Some are sent twice, and some to a partition where they do not belong.
"""

import asyncio
import json
import os
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from streams.log import Log, Outgoing
from streams.opening import open_log
from streams.partitioner import partition
from tests.e2e.cli import SHARDS

PLACES = {
    "activity": ("sales.activities.v1", "performer"),
    "meeting_changed": ("sales.meetings.v1", "meeting"),
    "deal_changed": ("sales.deals.v1", "deal"),
}
PAUSE = 0.1
"""Seconds between two chunks."""
AGAIN, ASTRAY = 0.02, 0.005
"""The share of facts that are sent twice, and of those sent astray."""


def number(path: Path) -> int:
    """What a file of one number says; 0 where there is none."""
    return int(path.read_text()) if path.exists() else 0


def write(path: Path, value: int) -> None:
    """At once or not at all: whoever reads it, or is killed, finds a whole number."""
    fresh = path.with_suffix(".new")
    fresh.write_text(str(value))
    fresh.replace(path)


def records(lines: Sequence[bytes], chance: random.Random) -> list[Outgoing]:
    """Lines as a careless producer sends them."""
    found = []
    for line in lines:
        fact = json.loads(line)
        topic, field = PLACES[fact["type"]]
        key = fact[field].encode()
        to = chance.randrange(SHARDS) if chance.random() < ASTRAY else partition(key, SHARDS)
        found += [Outgoing(topic, to, key, line)] * (2 if chance.random() < AGAIN else 1)
    return found


async def feed(log: Log, lines: Sequence[bytes], allowed: Path, sent: Path, chunk: int) -> None:
    """Returns once everything is acknowledged; raises LogError."""
    at, chance = number(sent), random.Random(os.getpid())
    while at < len(lines):
        end = min(at + chunk, number(allowed))
        if end > at:
            await log.append(records(lines[at:end], chance))
            write(sent, end)
            at = end
        await asyncio.sleep(PAUSE)


async def main(broker: str, facts: str, allowed: str, sent: str, chunk: str) -> None:
    """Sends the file on the log."""
    lines, log = await asyncio.to_thread(Path(facts).read_bytes), open_log(broker)
    await log.start()
    try:
        await feed(log, lines.splitlines(), Path(allowed), Path(sent), int(chunk))
    finally:
        await log.stop()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
