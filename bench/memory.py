"""Measures what an entity costs in memory: an open deal with three changes, and an activity of a performer's day.

usage: python -m bench.memory [--deals N] [--activities N] [--json]

One shard's reader of the topic is fed with facts and flushed as in a worker. By how much the process grows with the
second half of them is divided by the entities of that half: records, what they add up to, and what is remembered to
find repeats.
"""

import gc
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import click
from msgspec import json

from agents.activities import ARROW as ACTIVITIES
from agents.deals import ARROW as DEALS
from agents.worker import ARROWS, COLLECT_AFTER
from bench.floor import OPEN, name, opening, plan
from bench.selling import WORKDAY
from bench.workload import Workload, outgoing
from quota.plans import PlanIndex
from schemas.activities import Activity
from schemas.control import PlanMarker
from schemas.deals import DealChanged
from schemas.fields import Money
from schemas.marks import Mark
from streams.hop import Hop
from streams.stages.stage import Large
from streams.stores.packed import MemoryShelves
from streams.topology import CLOCK, Arrow, flow, place

BATCH = 5_000
A_DAY = 15
"""Activities of a performer's day."""


class Received(NamedTuple):
    """A record as a reader gets it."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


@dataclass(frozen=True)
class Bytes:
    """Of memory, for each; `deals` and `activities` is how many there were."""

    per_deal: float
    per_activity: float
    deals: int
    activities: int

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.per_deal:,.0f} bytes an open deal, {self.per_activity:,.0f} bytes a stored activity"


@click.command()
@click.option("--deals", default=50_000, show_default=True, type=click.IntRange(1000))
@click.option("--activities", default=500_000, show_default=True, type=click.IntRange(1000))
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
def main(deals: int, activities: int, *, as_json: bool) -> None:
    """Prints bytes for each."""
    gc.set_threshold(*COLLECT_AFTER)
    found = Bytes(grown(DEALS, _deals(deals), 3) * 3, grown(ACTIVITIES, _activities(activities), 1), deals, activities)
    click.echo(json.encode(found) if as_json else str(found))


def grown(arrow: Arrow, facts: Iterator[tuple[int, bytes, bytes]], together: int) -> float:
    """Bytes for each fact of the second half; so many of them come `together` and belong to one entity."""
    index = PlanIndex(plan(Workload.reps))
    at = place(arrow, 0, 1)
    stage = arrow.stage(at)
    if isinstance(stage, Large):
        stage.lodge(MemoryShelves())
    hop = Hop(at, flow(arrow, ARROWS, at), stage, Mark(arrow.reads.name), lambda _: index)
    hop.read([Received(0, 0, b"", json.encode(PlanMarker(1, 0, CLOCK)))])
    total, offset, sizes = 0, 1, []
    while batch := list(islice(facts, BATCH * together)):
        total = batch[0][0]
        hop.read([Received(offset + n, 0, key, value) for n, (_, key, value) in enumerate(batch)])
        offset += len(batch)
        hop.flush()
        batch.clear()
        sizes.append((offset, _resident()))
    half = next(size for size in sizes if 2 * size[0] >= total)
    return (sizes[-1][1] - half[1]) / (sizes[-1][0] - half[0])


def _resident() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _deals(count: int) -> Iterator[tuple[int, bytes, bytes]]:
    """How many facts there will be, and the key and value of each."""
    for number in range(count):
        rep, day = number % Workload.reps, number * 60 // count
        at, deal = opening(day, rep), f"0065g{number:013x}"
        price = Money(1_000_000 + number, "USD")
        for change in (
            DealChanged(f"{number:032x}", "crm", at, deal, owner=f"rep-{rep:05d}", stage=OPEN[0], amount=price),
            DealChanged(f"{number:031x}a", "crm", at + timedelta(hours=2), deal, stage=OPEN[1]),
            DealChanged(f"{number:031x}b", "crm", at + timedelta(hours=4), deal, expected_close="2026-12-01"),
        ):
            yield 3 * count, *_sent(change)


def _activities(count: int) -> Iterator[tuple[int, bytes, bytes]]:
    """The same of activities, one day of all reps after the other."""
    for number in range(count):
        rep, of_day, day = number // A_DAY % Workload.reps, number % A_DAY, number // (A_DAY * Workload.reps)
        at = opening(day, rep) + timedelta(seconds=of_day * WORKDAY / A_DAY)
        lead = f"{rep:08x}-5e11-4ead-8000-{number % 120:012x}"
        kind = ("call_placed", "call_placed", "call_connected")[number % 3]
        bits = f"{number * 0x9E3779B97F4A7C15 % (1 << 128):032x}"
        name_of_it = f"dialer:{bits[:8]}-{bits[8:12]}-{bits[12:16]}-{bits[16:20]}-{bits[20:]}"
        yield count, *_sent(Activity(name_of_it, "dialer", at, name(rep), kind, lead=lead))


def _sent(fact: Activity | DealChanged) -> tuple[bytes, bytes]:
    sent = outgoing(fact, 1)
    return sent.key or b"", sent.value or b""


if __name__ == "__main__":
    main()
