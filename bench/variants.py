"""The parts beside the rounds: what changes with workers, reps and shards, and what time and memory do."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench.brokers import Brokers, on_core
from bench.idle import Idle
from bench.latency import Latency
from bench.machine import cores, program
from bench.memory import Bytes
from bench.pipeline import Piped
from bench.recovery import Taken
from bench.rounds import Tell, measured
from bench.workload import Workload
from streams.config import TICK_MS

PACES = ((1000, TICK_MS), (1000, 100), (5000, TICK_MS), (5000, 100), (20_000, TICK_MS))
"""Facts a second, and milliseconds between two ticks."""
MANY_REPS, MANY_SHARDS = 20_000, 48
IDLE_SHARDS = (12, 48)


@dataclass(frozen=True)
class Variant:
    """The pipeline under other circumstances, measured as often as under the usual ones."""

    name: str
    usual: list[Piped]
    other: list[Piped]


@dataclass(frozen=True)
class Setting:
    """Under what the pipeline is measured."""

    workload: Workload
    shards: int
    workers: int = 1


def workers(brokers: Brokers, usual: Setting, times: int, tell: Tell) -> Variant:
    """Two workers against one, both on all cores that the broker leaves, or on all if there is one core for each."""
    return _against("2 workers against 1", brokers, (usual, replace(usual, workers=2)), times, tell)


def reps(brokers: Brokers, usual: Setting, times: int, tell: Tell) -> Variant:
    """Ten times as many reps, and as many facts."""
    many = replace(usual, workload=replace(usual.workload, reps=MANY_REPS))
    return _against(f"{MANY_REPS:,} reps against {usual.workload.reps:,}", brokers, (usual, many), times, tell)


def shards(brokers: Brokers, usual: Setting, times: int, tell: Tell) -> Variant:
    """Many shards, and the same facts."""
    many = replace(usual, shards=MANY_SHARDS)
    return _against(f"{MANY_SHARDS} shards against {usual.shards}", brokers, (usual, many), times, tell)


def _against(name: str, brokers: Brokers, both: tuple[Setting, Setting], times: int, tell: Tell) -> Variant:
    found: tuple[list[Piped], list[Piped]] = [], []
    several = max(setting.workers for setting in both) > 1
    on = () if several else (cores()[1],)
    for number in range(times):
        for setting, measurements in zip(both, found, strict=True):
            work = setting.workload
            # Several workers start when the plan is said, so the single one they are compared with does so too.
            with brokers.filled(work, setting.shards, planned=not several) as (url, _):
                asked = ["--facts", str(work.facts), "--reps", str(work.reps), "--workers", str(setting.workers)]
                command = program("bench.pipeline", "--broker", url, "--json", *asked)
                measurements.append(measured(command, Piped, *on))
            tell(f"round {number + 1}: {work.reps} reps, {setting.shards} shards: {measurements[-1].cost}")
    return Variant(name, *found)


def latency(brokers: Brokers, paces: Sequence[tuple[int, int]], reps: int, tell: Tell) -> list[Latency]:
    """At each pace, on a broker of its own."""
    found = []
    for rate, tick in paces:
        with brokers.empty() as url, on_core(cores()[0]):
            asked = ["--rate", str(rate), "--reps", str(reps), "--tick-ms", str(tick), "--worker-core", str(LAST_CORE)]
            found.append(measured(program("bench.latency", "--broker", url, "--json", *asked), Latency))
        tell(str(found[-1]))
    return found


def idle(brokers: Brokers, tell: Tell) -> list[Idle]:
    """With few shards and with many."""
    found = []
    for count in IDLE_SHARDS:
        with brokers.empty() as url, on_core(cores()[0]):
            asked = ["--shards", str(count), "--worker-core", str(LAST_CORE)]
            found.append(measured(program("bench.idle", "--broker", url, "--json", *asked), Idle))
        tell(str(found[-1]))
    return found


def memory(times: int, tell: Tell) -> list[Bytes]:
    """What entities cost."""
    found = []
    for _ in range(times):
        found.append(measured(program("bench.memory", "--json"), Bytes, cores()[1]))
        tell(str(found[-1]))
    return found


def recovery(brokers: Brokers, records: int, times: int, tell: Tell) -> list[Taken]:
    """Taking over all shards of a log of so many entity records, with nothing kept beside the log."""
    found = []
    with brokers.empty() as url:
        for _ in range(times):
            asked = ["--records", str(records), "--json"]
            found += measured(program("bench.recovery", "--broker", url, *asked), list[Taken], cores()[1])
            tell(str(found[-1]))
    return found


LAST_CORE = cores()[1]
"""Asked for before this process keeps to another."""
