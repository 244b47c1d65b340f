"""The rounds: everything that is compared, one after the other on the same topics, several times over."""

import struct
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from msgspec import json

from bench import streams as kafka_streams
from bench.brokers import Brokers
from bench.cost import Cost
from bench.machine import ROOT, cores, pinned, program
from bench.pipeline import Piped
from bench.workload import Workload
from streams import topics
from tests.kafka.jars import NoKafka

T = TypeVar("T")
SLICE = 20_000
"""So many facts the agent of Faust's documentation counts."""
LONGEST = 3600
"""Seconds after which a measurement is given up."""
_HEAD = struct.Struct(">qiibIhiqqqhii")
"""Kafka's record batch: base offset, length after this field, epoch, magic, checksum, attributes, and so on, count."""
_CONTROL = 0x20
"""The attribute of a batch that ends a transaction."""
Tell = Callable[[str], None]


class Failed(Exception):
    """A measurement did not come to its end; the text has the last it said."""


@dataclass(frozen=True)
class Size:
    """What was appended to a topic: records without the markers of transactions, and bytes on the broker's disk."""

    records: int = 0
    bytes: int = 0


@dataclass
class Round:
    """What was measured on one copy of a filled broker; `facts` is what it held, `written` what the pipeline wrote."""

    pipeline: Piped | None = None
    facts: dict[str, Size] = field(default_factory=dict)
    written: dict[str, Size] = field(default_factory=dict)
    ceiling: Cost | None = None
    counting: Cost | None = None
    streams: dict[str, kafka_streams.Counted] = field(default_factory=dict)
    idiomatic: Cost | None = None


def rounds(brokers: Brokers, workload: Workload, shards: int, times: int, tell: Tell) -> list[Round]:
    """Measures so many rounds, without Kafka Streams where that cannot be built."""
    found, guarantees = [], kafka_streams.GUARANTEES
    try:
        kafka_streams.program()
    except NoKafka as error:
        tell(f"Kafka Streams is left out: {error}")
        guarantees = ()
    for number in range(times):
        with brokers.filled(workload, shards) as (url, data):
            found.append(_round(url, data, workload, guarantees, partial(_tell, tell, number + 1)))
    return found


def _tell(tell: Tell, number: int, what: str) -> None:
    tell(f"round {number}: {what}")


def _round(url: str, data: Path, workload: Workload, guarantees: Sequence[str], tell: Tell) -> Round:
    found, core = Round(), cores()[1]
    before = sizes(data)
    # First, for the others leave topics behind, and it is asked what this one wrote.
    asked = program("bench.pipeline", "--broker", url, "--facts", str(workload.facts), "--json")
    found.pipeline = measured(asked, Piped, core)
    tell(f"pipeline: {found.pipeline.cost}")
    found.facts = {topic.name: before[topic.name] for topic in topics.SOURCES}
    found.written = _more(before, sizes(data))
    found.ceiling = measured(program("bench.ceiling", "--broker", url, "--json"), Cost, core)
    tell(f"ceiling: {found.ceiling}")
    found.counting = measured(program("bench.counting", "--broker", url, "--json"), Cost, core)
    tell(f"counting: {found.counting}")
    for guarantee in guarantees:
        asked = program("bench.streams", "--broker", url, "--guarantee", guarantee, "--json")
        counted = found.streams[guarantee] = measured(asked, kafka_streams.Counted, core)
        if counted.total != counted.facts:
            raise Failed(f"Kafka Streams counted {counted.total} of {counted.facts} facts")
        tell(f"Kafka Streams, {guarantee}: {counted}")
    asked = program("bench.idiomatic", "--broker", url, "--facts", str(SLICE), "--json")
    found.idiomatic = measured(asked, Cost, core)
    tell(f"idiomatic Faust: {found.idiomatic}")
    return found


def measured(command: Sequence[str], kind: type[T], *on: int) -> T:
    """What a program of the benchmark prints in the end as JSON, run on these cores; raises Failed."""
    try:
        done = subprocess.run(
            pinned(command, *on), cwd=ROOT, capture_output=True, text=True, timeout=LONGEST, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise Failed(f"{' '.join(command)} took more than {LONGEST} s") from error
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)} ended with code {done.returncode}:\n{(done.stdout + done.stderr)[-3000:]}")
    return json.decode(done.stdout.strip().rpartition("\n")[2], type=kind)


def sizes(data: Path) -> dict[str, Size]:
    """What was appended to each topic, from the files of a broker that has compacted nothing yet."""
    found: dict[str, Size] = {}
    for segment in data.glob("*-[0-9]*/*.log"):
        topic = segment.parent.name.rpartition("-")[0]
        if not topic.startswith("__"):
            before = found.get(topic, Size())
            found[topic] = Size(before.records + _records(segment), before.bytes + segment.stat().st_size)
    return found


def _records(segment: Path) -> int:
    """How many records a segment holds: each of its batches begins with its length, and says how many it has."""
    count = at = 0
    with segment.open("rb") as file:
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            _, length, _, _, _, attributes, _, _, _, _, _, _, records = _HEAD.unpack(head)
            if not length:
                break
            count += 0 if attributes & _CONTROL else records
            at += 12 + length
            file.seek(at)
    return count


def _more(before: dict[str, Size], after: dict[str, Size]) -> dict[str, Size]:
    """What came to each topic in the meantime."""
    found = {}
    for topic, size in after.items():
        first = before.get(topic, Size())
        if size.records > first.records:
            found[topic] = Size(size.records - first.records, size.bytes - first.bytes)
    return found
