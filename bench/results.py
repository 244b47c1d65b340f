"""Results as they are kept, and the table that is made of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bench.idle import Idle
from bench.latency import Delays, Latency
from bench.machine import Machine
from bench.memory import Bytes
from bench.recovery import Taken
from bench.rounds import Round, Size
from bench.spread import Spread, spread
from bench.variants import Variant
from bench.workload import Workload


@dataclass
class Results:
    """Everything that was measured, part by part; a part that was not asked for keeps what was measured before.

    `commits` says for each part which commit that was.
    """

    machine: Machine
    commits: dict[str, str] = field(default_factory=dict)
    workload: Workload | None = None
    rounds: list[Round] = field(default_factory=list)
    latency: list[Latency] = field(default_factory=list)
    memory: list[Bytes] = field(default_factory=list)
    variants: list[Variant] = field(default_factory=list)
    idle: list[Idle] = field(default_factory=list)
    recovery: list[Taken] = field(default_factory=list)
    records: int = 0


def table(results: Results) -> str:
    """The results as a page of Markdown."""
    parts = [_head(results)]
    if results.rounds:
        parts += [_throughput(results), _agents(results.rounds), _written(results.rounds)]
    if results.latency:
        parts.append(_latency(results.latency))
    if results.memory:
        parts.append(_memory(results.memory))
    if results.variants:
        parts.append(_variants(results.variants))
    if results.idle:
        parts.append("\n".join(["## Idle", "", *(f"- {idle}" for idle in results.idle), ""]))
    if results.recovery:
        parts.append(_recovery(results.recovery, results.records))
    return "\n".join(parts)


def ratios(rounds: Iterable[Round]) -> dict[str, Spread]:
    """What is compared, as ratios of two measurements of the same round."""
    found: dict[str, list[float]] = {}
    for each in rounds:
        for name, ratio in _of_round(each).items():
            found.setdefault(name, []).append(ratio)
    return {name: spread(values) for name, values in found.items()}


def _of_round(each: Round) -> dict[str, float]:
    found: dict[str, float] = {}
    if each.ceiling and each.pipeline:
        found["pipeline / ceiling, facts per second"] = each.pipeline.cost.per_second / each.ceiling.per_second
        found["pipeline / ceiling"] = each.pipeline.cost.per_cpu_second / each.ceiling.per_cpu_second
    if each.idiomatic and each.pipeline:
        found["pipeline / idiomatic Faust"] = each.pipeline.cost.per_cpu_second / each.idiomatic.per_cpu_second
    if each.counting:
        if each.ceiling:
            found["counting / ceiling"] = each.counting.per_cpu_second / each.ceiling.per_cpu_second
        for guarantee, counted in each.streams.items():
            found[f"counting / Kafka Streams, {guarantee}"] = each.counting.per_cpu_second / counted.per_cpu_second
        if each.idiomatic:
            found["counting / idiomatic Faust"] = each.counting.per_cpu_second / each.idiomatic.per_cpu_second
    return found


def _head(results: Results) -> str:
    on = results.machine
    lines = [
        "# Results",
        "",
        "Made by `make bench`; `results.json` beside it has every measurement, README.md says how to read them.",
        "",
        f"Machine: {on.processor}, {on.cores} cores, {on.memory_gb:g} GB; {on.system}; Python {on.python}; {on.java}.",
        "Commits: " + "; ".join(f"{part} at {commit}" for part, commit in sorted(results.commits.items())) + ".",
    ]
    if results.workload:
        work = results.workload
        lines.append(f"Workload: {work.facts:,} facts of {work.reps:,} reps on {work.days} days, seed {work.seed}.")
    return "\n".join([*lines, ""])


def _throughput(results: Results) -> str:
    rows = [[name, *_costs(found)] for name, found in _measured(results.rounds).items()]
    ratio_rows = [[name, found.said(".3g")] for name, found in ratios(results.rounds).items()]
    head = f"## Throughput, {len(results.rounds)} rounds: median (least to greatest)"
    return "\n".join(
        [
            head,
            "",
            rows_of(["what", "facts/s", "facts per processor second", "µs of processor a fact", "MB at most"], rows),
            rows_of(["ratio, per processor second unless said otherwise", "of the same round"], ratio_rows),
        ]
    )


@dataclass(frozen=True)
class _Run:
    per_second: float
    per_cpu_second: float
    peak_mb: float | None


def _measured(rounds: Iterable[Round]) -> dict[str, list[_Run]]:
    found: dict[str, list[_Run]] = {}
    for each in rounds:
        costs = {
            "whole pipeline": each.pipeline and each.pipeline.cost,
            "ceiling: fetch and decode": each.ceiling,
            "counting alone": each.counting,
            "idiomatic Faust, counting": each.idiomatic,
        }
        for name, cost in costs.items():
            if cost:
                found.setdefault(name, []).append(_Run(cost.per_second, cost.per_cpu_second, cost.peak_mb))
        for guarantee, counted in each.streams.items():
            run = _Run(counted.warm_facts / counted.warm_seconds, counted.per_cpu_second, None)
            found.setdefault(f"Kafka Streams, counting, {guarantee}, second half", []).append(run)
    return found


def _costs(runs: list[_Run]) -> list[str]:
    peaks = [run.peak_mb for run in runs if run.peak_mb is not None]
    return [
        spread(run.per_second for run in runs).said(),
        spread(run.per_cpu_second for run in runs).said(),
        spread(1e6 / run.per_cpu_second for run in runs).said(".3g"),
        spread(peaks).said() if peaks else "",
    ]


def _agents(rounds: Iterable[Round]) -> str:
    shares: dict[str, list[tuple[float, float, float]]] = {}
    for each in rounds:
        for agent, share in (each.pipeline.agents if each.pipeline else {}).items():
            if share.records and each.pipeline:
                part = share.seconds / each.pipeline.cost.seconds * 100
                shares.setdefault(agent, []).append((share.records, share.seconds / share.records * 1e6, part))
    rows = []
    for agent, found in shares.items():
        records, each_took, parts = (spread(column) for column in zip(*found, strict=True))
        rows.append([agent, records.said(), each_took.said(",.1f"), parts.said(".1f")])
    return "\n".join(["## Reading, by agent", "", rows_of(["agent", "records", "µs a record", "% of the time"], rows)])


def _written(rounds: list[Round]) -> str:
    last = rounds[-1]
    facts = _sum(last.facts)
    rows = [
        [
            topic,
            f"{size.records:,}",
            f"{size.bytes / 1e6:,.1f}",
            f"{size.records / facts.records:.3f}",
            f"{size.bytes / facts.bytes:.3f}",
        ]
        for topic, size in [
            *sorted(last.written.items(), key=lambda each: -each[1].bytes),
            ("all of these", _sum(last.written)),
            ("the facts themselves", facts),
        ]
    ]
    head = ["topic", "records", "MB", "records per fact", "bytes per byte of facts"]
    return "\n".join(["## What the pipeline writes, in the last round", "", rows_of(head, rows)])


def _latency(latencies: Iterable[Latency]) -> str:
    rows = [
        [
            f"{each.rate:,}",
            f"{each.tick_ms} ms",
            _delay(each.standing),
            _delay(each.alert),
            f"{each.cores:.0%}",
            f"{each.behind:.1f} s",
        ]
        for each in latencies
    ]
    head = [
        "facts a second",
        "tick",
        "to the standing, p50 / p99 ms",
        "to the alert, p50 / p99 ms",
        "of a core",
        "feeder late",
    ]
    return "\n".join(["## From append to standing and to alert", "", rows_of(head, rows)])


def _delay(delays: Delays) -> str:
    if delays.p50 is None or delays.p99 is None:
        return "nothing was seen"
    return f"{delays.p50:,.0f} / {delays.p99:,.0f} ({delays.seen} seen)"


def _memory(found: Iterable[Bytes]) -> str:
    deals, activities = zip(*((each.per_deal, each.per_activity) for each in found), strict=True)
    rows = [["open deal", spread(deals).said()], ["stored activity", spread(activities).said()]]
    return "\n".join(["## Memory", "", rows_of(["for each", "bytes"], rows)])


def _variants(variants: Iterable[Variant]) -> str:
    rows = []
    for each in variants:
        pairs = list(zip(each.other, each.usual, strict=True))
        speed = spread(other.cost.per_second / usual.cost.per_second for other, usual in pairs)
        cost = spread(usual.cost.per_cpu_second / other.cost.per_cpu_second for other, usual in pairs)
        rows.append([each.name, speed.said(".2f"), cost.said(".2f")])
    head = ["the whole pipeline", "facts per second, as a ratio", "processor seconds a fact, as a ratio"]
    return "\n".join(["## Growth", "", rows_of(head, rows)])


def _recovery(found: Iterable[Taken], records: int) -> str:
    seconds, computed, peaks = zip(*((each.seconds, each.cpu_seconds, each.peak_gb) for each in found), strict=True)
    million = records / 1e6
    rows = [
        ["seconds per million entity records", spread(each / million for each in seconds).said(".1f")],
        ["processor seconds per million", spread(each / million for each in computed).said(".1f")],
        ["GB at most", spread(peaks).said(".1f")],
    ]
    return "\n".join([f"## Taking over all shards, {records:,} entity records", "", rows_of(["what", ""], rows)])


def _sum(sizes: Mapping[str, Size]) -> Size:
    return Size(sum(size.records for size in sizes.values()), sum(size.bytes for size in sizes.values()))


def rows_of(head: list[str], rows: Iterable[list[str]]) -> str:
    """A table of Markdown, and an empty line."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)
