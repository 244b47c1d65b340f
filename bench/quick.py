"""`make bench-quick`: the pipeline and counting alone on the embedded log, and the ceiling in memory; no Kafka needed.

usage: python -m bench.quick [--facts N] [--days N]

It takes less than a minute and prints ratios, which survive a slow or busy machine; the numbers beside them do not.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Sequence

import click
from msgspec import json

from agents.worker import declare
from bench.brokers import on_core
from bench.cost import Cost, Watch
from bench.machine import cores, program
from bench.pipeline import Piped
from bench.rounds import measured
from bench.workload import Workload, fill, outgoing
from streams import topics
from streams.json_schemas import CARRIED
from streams.log import Outgoing
from streams.opening import open_log

SHARDS = 1
"""As a new embedded log has."""
DECODING = "decoding alone"
TIMES = 5
"""So often is everything decoded: once takes a fraction of a second."""


@click.command()
@click.option("--facts", default=60_000, show_default=True, type=click.IntRange(100))
@click.option("--days", default=2, show_default=True, type=click.IntRange(1))
def main(facts: int, days: int) -> None:
    """Prints three measurements and the ratios between them."""
    workload = Workload(facts, days)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_filled(f"embedded://{folder}/pipeline.db", workload))
        shutil.copy(f"{folder}/pipeline.db", f"{folder}/counting.db")
        found = _measured(folder, workload)
    click.echo(summary(found))


def summary(found: dict[str, Cost]) -> str:
    """Every measurement on a line, and its ratio to decoding alone."""
    ceiling = found[DECODING].per_cpu_second
    return "\n".join(
        f"{name}: {cost.per_second:,.0f} facts/s, {1e6 / cost.per_cpu_second:.1f} µs of processor a fact, "
        f"{cost.per_cpu_second / ceiling:.1%} of decoding alone"
        for name, cost in found.items()
    )


def _measured(folder: str, workload: Workload) -> dict[str, Cost]:
    core, asked = cores()[1], ["--facts", str(workload.facts), "--json"]
    pipeline = program("bench.pipeline", "--broker", f"embedded://{folder}/pipeline.db", *asked)
    counting = program("bench.counting", "--broker", f"embedded://{folder}/counting.db", "--json")
    with on_core(core):
        decoded = decoding([outgoing(fact, SHARDS) for day in workload.by_day() for fact in day])
    return {
        "whole pipeline": measured(pipeline, Piped, core).cost,
        "counting alone": measured(counting, Cost, core),
        DECODING: decoded,
    }


def decoding(facts: Sequence[Outgoing]) -> Cost:
    """What it costs to decode these facts from memory, several times over."""
    decoders = {topic.name: json.Decoder(CARRIED[topic.name]).decode for topic in topics.SOURCES}
    values = [(decoders[fact.topic], fact.value or b"") for fact in facts]
    watch = Watch()
    for _ in range(TIMES):
        for decode, value in values:
            decode(value)
    return watch.cost(TIMES * len(values))


async def _filled(broker: str, workload: Workload) -> None:
    log = open_log(broker)
    await log.start()
    try:
        await fill(log, await declare(log, SHARDS), workload)
    finally:
        await log.stop()


if __name__ == "__main__":
    main()
