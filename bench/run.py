"""`make bench`: measures what is asked for on this machine, and writes bench/results.json and bench/RESULTS.md.

usage: python -m bench.run [--part NAME]... [--rounds N] [--facts N] [--days N] [--reps N] [--shards N]

The broker has one core, what is measured the other. A part that is left out keeps its former results. Every part says
how far it is; all of them together take about an hour.
"""

import logging
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click
from msgspec import json

from agents.worker import SHARDS
from bench import variants
from bench.brokers import Brokers
from bench.machine import ROOT, commit, machine
from bench.results import Results, table
from bench.rounds import Failed, Tell, rounds
from bench.workload import Workload
from streams.log import LogError
from tests.kafka.broker import BrokerFailed
from tests.kafka.jars import NoKafka

JSON, TABLE = ROOT / "bench" / "results.json", ROOT / "bench" / "RESULTS.md"


@click.command()
@click.option("--part", "wanted", multiple=True, help="Only this part; may be repeated.")
@click.option("--rounds", "times", default=3, show_default=True, type=click.IntRange(1))
@click.option("--facts", default=Workload.facts, show_default=True, type=click.IntRange(1))
@click.option("--days", default=Workload.days, show_default=True, type=click.IntRange(1))
@click.option("--reps", default=Workload.reps, show_default=True, type=click.IntRange(1))
@click.option("--shards", default=SHARDS, show_default=True, type=click.IntRange(1))
@click.option("--to", default=JSON, show_default=False, type=click.Path(path_type=Path), help="Where results go.")
def main(wanted: tuple[str, ...], times: int, to: Path, *, facts: int, days: int, reps: int, shards: int) -> None:
    """Measures all parts, or those that are named."""
    # That a topic made a moment ago has no leader yet is no news.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    unknown = set(wanted) - PARTS.keys()
    if unknown:
        raise click.UsageError(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    results = Results(machine()) if not to.exists() else json.decode(to.read_bytes(), type=Results)
    asked = Asked(Workload(facts, days, reps), shards, times)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        brokers = Brokers(Path(folder))
        failed = [part for part in wanted or PARTS if not _measured(part, brokers, asked, results, to)]
    click.echo(to.with_name(TABLE.name).read_text() if to.exists() else "nothing was measured")
    if failed:
        raise click.ClickException(f"not measured: {', '.join(failed)}; --part measures again what is named")


def _measured(part: str, brokers: Brokers, asked: "Asked", results: Results, to: Path) -> bool:
    """Measures a part and writes all results; a part that fails says why, and the next one has its turn."""
    tell(f"{part} ...")
    try:
        PARTS[part](brokers, asked, results)
    except (Failed, NoKafka, BrokerFailed, LogError) as error:
        tell(f"{part} failed: {error}")
        return False
    finally:
        brokers.forget()
    results.machine, results.commits[part] = machine(), commit()
    to.write_bytes(json.format(json.encode(results), indent=2) + b"\n")
    to.with_name(TABLE.name).write_text(table(results))
    return True


class Asked:
    """What the command line asks for."""

    def __init__(self, workload: Workload, shards: int, times: int) -> None:
        """`times` is how often everything is measured."""
        self.workload, self.shards, self.times = workload, shards, times


def tell(what: str) -> None:
    """Says how far it is."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {what}\n")


def _throughput(brokers: Brokers, asked: Asked, results: Results) -> None:
    found = rounds(brokers, asked.workload, asked.shards, asked.times, tell)
    results.workload, results.rounds = asked.workload, found


def _variant(
    measure: Callable[[Brokers, variants.Setting, int, Tell], variants.Variant],
) -> Callable[[Brokers, Asked, Results], None]:
    def part(brokers: Brokers, asked: Asked, results: Results) -> None:
        found = measure(brokers, variants.Setting(asked.workload, asked.shards), asked.times, tell)
        results.variants = [each for each in results.variants if each.name != found.name] + [found]

    return part


def _latency(brokers: Brokers, asked: Asked, results: Results) -> None:
    results.latency = variants.latency(brokers, variants.PACES, asked.workload.reps, tell)


def _memory(brokers: Brokers, asked: Asked, results: Results) -> None:
    results.memory = variants.memory(asked.times, tell)


def _idle(brokers: Brokers, asked: Asked, results: Results) -> None:
    results.idle = variants.idle(brokers, tell)


def _recovery(brokers: Brokers, asked: Asked, results: Results) -> None:
    results.records = asked.workload.facts
    results.recovery = variants.recovery(brokers, results.records, asked.times, tell)


PARTS: dict[str, Callable[[Brokers, Asked, Results], None]] = {
    "throughput": _throughput,
    "latency": _latency,
    "memory": _memory,
    "workers": _variant(variants.workers),
    "reps": _variant(variants.reps),
    "shards": _variant(variants.shards),
    "idle": _idle,
    "recovery": _recovery,
}
"""Every part by its name, in the order in which they are measured."""

if __name__ == "__main__":
    main()
