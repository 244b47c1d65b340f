"""Facts in the order in which they occurred, however many there are."""

import heapq
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain
from tempfile import TemporaryFile
from typing import BinaryIO

import msgspec

from streams.replay.lines import Fact, Line

CHUNK = 100_000
"""Facts that are sorted in memory, about 50 MB; of more than these the rest waits in a temporary file."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[datetime, str, bytes, bytes])


def in_time_order(lines: Iterable[Line], chunk: int = CHUNK) -> Iterator[Line]:
    """First what is not a fact, as it comes; then every fact, sorted, so that the order read leaves no trace."""
    with TemporaryFile(prefix="quotaflow-") as file:
        runs: list[Iterator[Fact]] = []
        facts: list[Fact] = []
        for line in lines:
            if not isinstance(line, Fact):
                yield line
                continue
            facts.append(line)
            if len(facts) == chunk:
                runs.append(_spilled(sorted(facts), file))
                facts.clear()
        yield from heapq.merge(*runs, sorted(facts))


def _spilled(facts: list[Fact], file: BinaryIO) -> Iterator[Fact]:
    """Writes a run behind the others and gives a reader of it."""
    start = file.seek(0, 2)
    for fact in facts:
        record = _encoder.encode(tuple(fact))
        file.write(len(record).to_bytes(4, "big") + record)
    return chain.from_iterable(_blocks(file, start, file.tell()))


def _blocks(file: BinaryIO, start: int, end: int, size: int = 1 << 18) -> Iterator[list[Fact]]:
    rest = b""
    while start < end:
        file.seek(start)
        data = file.read(min(size, end - start))
        start += len(data)
        facts, rest = _decoded(rest + data)
        yield facts


def _decoded(data: bytes) -> tuple[list[Fact], bytes]:
    facts: list[Fact] = []
    at = 0
    while len(data) - at >= 4:
        stop = at + 4 + int.from_bytes(data[at : at + 4], "big")
        if stop > len(data):
            break
        moment, topic, key, value = _decoder.decode(data[at + 4 : stop])
        facts.append(Fact(moment.astimezone(UTC), topic, key, value))
        at = stop
    return facts, data[at:]
