"""Records in chunks are what the library gives one by one, from the same bytes."""

import struct
from collections import OrderedDict
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, Fetcher, FetchResult, PartitionRecords
from aiokafka.consumer.subscription_state import Assignment
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from hypothesis import given
from hypothesis import strategies as st

from streams.kafka.chunks import CHUNK, in_chunks

TP = TopicPartition("facts", 0)
ATTRIBUTES, CONTROL = 21, 0x20
ABORT, COMMIT = struct.pack(">hh", 0, 0), struct.pack(">hh", 0, 1)


class Written(NamedTuple):
    """A batch of so many records, or a transaction's marker; `gap` is what compaction left out before it."""

    records: int
    producer: int
    transactional: bool
    marker: bytes | None
    gap: int


batches = st.lists(
    st.builds(
        Written,
        st.sampled_from([1, 2, 7, CHUNK - 1, CHUNK, 2 * CHUNK + 3]),
        st.integers(1, 2),
        st.booleans(),
        st.sampled_from([None, None, None, ABORT, COMMIT]),
        st.integers(0, 2),
    ),
    max_size=6,
)


def encoded(written: Written, base: int) -> bytes:
    builder = DefaultRecordBatchBuilder(
        2, 0, int(written.transactional or written.marker is not None), written.producer, 0, 0, 10**9
    )
    for n in range(1 if written.marker else written.records):
        key = written.marker or b"k%d" % (base + n)
        builder.append(n, timestamp=1_000 + n, key=key, value=b"v%d" % (base + n), headers=[])
    found = bytearray(builder.build())
    struct.pack_into(">q", found, 0, base)
    if written.marker:
        found[ATTRIBUTES + 1] |= CONTROL
    return bytes(found)


def log(written: list[Written]) -> tuple[bytes, int]:
    """The bytes of a partition, and where it ends."""
    found, base = b"", 0
    for batch in written:
        base += batch.gap
        found += encoded(batch, base)
        base += 1 if batch.marker else batch.records
    return found, base


def fetched(raw: bytes, aborted: list[tuple[int, int]], start: int) -> PartitionRecords:
    return PartitionRecords(TP, MemoryRecords(raw), [*aborted], start, None, None, False, READ_COMMITTED)


def fetcher(records: PartitionRecords, start: int) -> tuple[Any, Any]:
    """What `in_chunks` sees of a fetcher that holds these, and the partition's state."""
    state = SimpleNamespace(paused=False, position=start)
    state.consumed_to = lambda position: setattr(state, "position", position)
    assignment = cast(Assignment, SimpleNamespace(active=True, state_value=lambda _: state))
    result = FetchResult(TP, assignment=assignment, partition_records=records, backoff=0)
    return SimpleNamespace(_records=OrderedDict({TP: result})), state


@given(
    written=batches,
    aborted=st.lists(st.tuples(st.integers(1, 2), st.integers(0, 3 * CHUNK)), max_size=2),
    start=st.integers(0, 40),
    most=st.sampled_from([1, 2, None]),
)
def test_chunks_hold_what_the_library_yields_in_order_and_leave_its_position(
    written: list[Written], aborted: list[tuple[int, int]], start: int, most: int | None
) -> None:
    raw, _ = log(written)
    alone = fetched(raw, aborted, start)
    expected = [(each.offset, each.timestamp, each.key, each.value) for each in alone]
    held, state = fetcher(fetched(raw, aborted, start), start)
    result = held._records[TP]
    chunks: list[list[Any]] = []
    while result.has_more():
        in_chunks(cast(Fetcher, held))
        taken = result.getall(most)
        assert most is None or len(taken) <= most
        chunks += taken
        read = [record.offset for chunk in chunks for record in chunk]
        assert result.has_more() or state.position == alone.next_fetch_offset
        assert not read or read[-1] < state.position <= next((o for o, *_ in expected if o > read[-1]), state.position)
    found = [(each.offset, each.timestamp, each.key, each.value) for chunk in chunks for each in chunk]
    assert found == expected
    assert all(0 < len(chunk) <= CHUNK for chunk in chunks)
