"""Measures how long a fact takes from being appended to the standing, and to the alert, at a steady pace.

usage: python -m bench.latency --broker URL [--rate N] [--seconds N] [--reps N] [--tick-ms N] [--json]

The log must be new. A live worker is started beside and fed at the pace that is asked for.
Some of the facts are probes: each is a deal that is won by a rep of whom nothing else is heard, so that the first
standing with a deal won, and the first alert that says so, are those that include it. This process feeds and follows;
it should not share its core with the worker.
"""

import asyncio
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

import click
from msgspec import json
from msgspec.structs import replace

from agents.worker import SHARDS, declare
from bench.cost import processor_seconds
from bench.floor import OPEN, WON
from bench.machine import pinned
from bench.spread import percentile
from bench.worker import beside, taken
from bench.workload import Workload, outgoing, say_plan
from schemas.control import PlanMarker
from schemas.deals import DealChanged
from schemas.fields import Money
from streams import topics
from streams.config import LEAST_TICK_MS, MOST_TICK_MS, TICK_MS
from streams.log import Log, Outgoing, Record, Spot
from streams.opening import open_log
from streams.wall_clock import now

WARM_SECONDS, GRACE_SECONDS = 10.0, 20.0
"""Fed before the first probe; waited for the last one."""
STEP = 0.02
"""Seconds between two appends."""
PROBES = 20
"""A second."""
_REP = re.compile(rb"rep:rep-(\d+)")


@dataclass(frozen=True)
class Delays:
    """Milliseconds from before the append to when a reader had it; `seen` of the probes that were sent."""

    seen: int
    p50: float | None
    p99: float | None

    def __str__(self) -> str:
        """For people."""
        if self.p50 is None or self.p99 is None:
            return "nothing was seen"
        return f"p50 {self.p50:,.0f} ms, p99 {self.p99:,.0f} ms ({self.seen} seen)"


@dataclass(frozen=True)
class Latency:
    """What was seen at a pace of so many facts a second, with so many milliseconds between two ticks.

    `behind` is how many seconds the feeder was late at most; `cores` is how much of a core the worker used.
    """

    rate: int
    probes: int
    standing: Delays
    alert: Delays
    behind: float
    cores: float
    tick_ms: int = TICK_MS

    def __str__(self) -> str:
        """One line for people."""
        return (
            f"{self.rate:,} facts/s, a tick every {self.tick_ms} ms: to the standing {self.standing}, "
            f"to the alert {self.alert}; {self.probes} probes, "
            f"the feeder {self.behind:.1f} s late at most, the worker on {self.cores:.0%} of a core"
        )


@click.command()
@click.option("--broker", required=True)
@click.option("--rate", default=5000, show_default=True, type=click.IntRange(100))
@click.option("--seconds", default=20, show_default=True, type=click.IntRange(1))
@click.option("--reps", default=Workload.reps, show_default=True, type=click.IntRange(1))
@click.option("--tick-ms", default=TICK_MS, show_default=True, type=click.IntRange(LEAST_TICK_MS, MOST_TICK_MS))
@click.option("--worker-core", type=int, help="The core that the worker is kept to.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
def main(
    broker: str, rate: int, seconds: int, reps: int, tick_ms: int, worker_core: int | None, *, as_json: bool
) -> None:
    """Prints the median and the 99th percentile, to the standing and to the alert."""
    on = () if worker_core is None else (worker_core,)
    found = asyncio.run(measure(broker, rate, seconds, reps, tick_ms, on))
    click.echo(json.encode(found) if as_json else str(found))


async def measure(broker: str, rate: int, seconds: int, reps: int, tick_ms: int, on: tuple[int, ...] = ()) -> Latency:
    """One measurement, with the worker on these cores."""
    log = open_log(broker)
    await log.start()
    try:
        shards = await declare(log, SHARDS)
        await say_plan(log, reps + seconds * PROBES)
        await log.append([Outgoing(topics.CONTROL.name, 0, b"benchmark", json.encode(PlanMarker(1)))])
        async with beside(broker, "--live", "--tick-ms", str(tick_ms), before=pinned([], *on)) as worker:
            await taken(worker, shards)
            feed = Feed(log, shards, rate, seconds, reps)
            watched = asyncio.ensure_future(feed.watch())
            spent = await feed.run(worker.pid)
            await asyncio.wait({watched}, timeout=GRACE_SECONDS)
            watched.cancel()
            return Latency(
                rate,
                len(feed.sent),
                feed.delays(topics.STANDINGS.name),
                feed.delays(topics.ALERTS.name),
                feed.behind,
                spent,
                tick_ms,
            )
    finally:
        await log.stop()


class Feed:
    """Facts at a steady pace with probes among them, and when each probe was sent and seen."""

    def __init__(self, log: Log, shards: int, rate: int, seconds: int, reps: int) -> None:
        """Makes all facts before the first is sent: they occur at the moment at which they are due."""
        self._log, self._shards, self._rate, self._seconds, self._reps = log, shards, rate, seconds, reps
        self.sent: dict[int, float] = {}
        self.behind = 0.0
        self._seen: dict[str, dict[int, float]] = {topics.STANDINGS.name: {}, topics.ALERTS.name: {}}
        total = int(rate * (WARM_SECONDS + seconds))
        facts = (fact for day in Workload(total, 1, reps).by_day() for fact in day)
        begins = now() + timedelta(seconds=total / 50_000)  # by then they are made
        self._facts = [
            outgoing(replace(fact, occurred_at=begins + timedelta(seconds=number / rate)), shards)
            for number, fact in enumerate(facts)
        ]

    async def run(self, worker: int) -> float:
        """Feeds; gives how much of a core the worker used while there were probes."""
        waiting, worked, began = iter(self._facts), 0.0, time.monotonic()
        due, number = 0, 0
        while due < len(self._facts):
            elapsed = time.monotonic() - began
            ready = min(len(self._facts), int(elapsed * self._rate))
            probes = int((elapsed - WARM_SECONDS) * PROBES)
            out = [*islice(waiting, ready - due), *self._probes(number, probes)]
            if probes > 0 and not number:
                worked = processor_seconds(worker)
            due, number = ready, max(number, probes)
            if out:
                await self._log.append(out, lasting=False)
            late = time.monotonic() - began - elapsed - STEP
            self.behind = max(self.behind, late)
            await asyncio.sleep(max(0.0, -late))
        return (processor_seconds(worker) - worked) / self._seconds

    def _probes(self, first: int, end: int) -> Iterator[Outgoing]:
        """Deals won by reps of whom nothing else is heard."""
        for number in range(first, end):
            rep, moment = self._reps + number, now()
            deal = f"probe-{number}"
            price = Money(500_000, "USD")
            begun = DealChanged(f"{deal}-1", "crm", moment, deal, owner=f"rep-{rep:05d}", stage=OPEN[0], amount=price)
            won = DealChanged(f"{deal}-2", "crm", moment + timedelta(microseconds=1), deal, stage=WON)
            self.sent[rep] = time.monotonic()
            yield outgoing(begun, self._shards)
            yield outgoing(won, self._shards)

    async def watch(self) -> None:
        """Notes when standings and alerts of probes come; returns when all have, once the feed has ended."""
        spots = [Spot(topic, shard) for topic in self._seen for shard in range(self._shards)]
        wanted = self._seconds * PROBES
        async for chunk in self._log.tail(await self._log.ends(spots)):
            moment = time.monotonic()
            for record in chunk:
                self._note(record, moment)
            if all(len(seen) >= wanted for seen in self._seen.values()):
                return

    def _note(self, record: Record, moment: float) -> None:
        found = _REP.search(record.key or b"")
        if found is None or (rep := int(found[1])) < self._reps:
            return
        told = b'"deals_won":{"value":1' if record.topic == topics.STANDINGS.name else b'"kind":"deal_won"'
        if told in (record.value or b""):
            self._seen[record.topic].setdefault(rep, moment)

    def delays(self, topic: str) -> Delays:
        """From sending to seeing, on this topic."""
        found = self._seen[topic]
        took = [(found[rep] - sent) * 1000 for rep, sent in self.sent.items() if rep in found]
        if not took:
            return Delays(0, None, None)
        return Delays(len(took), percentile(took, 0.5), percentile(took, 0.99))


if __name__ == "__main__":
    main()
