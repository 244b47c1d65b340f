"""Records as the library parses them, in chunks: without an object of eleven fields and three calls for each."""
# ruff: noqa: SLF001 (aiokafka gives no other way)

from collections.abc import Iterator
from typing import Any

from aiokafka.consumer.fetcher import READ_COMMITTED, Fetcher, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException

CHUNK = 2_000
"""Records of a chunk, where there are as many."""


def in_chunks(fetcher: Fetcher) -> None:
    """From here on what was fetched comes out of the fetcher in lists of records, to which `max_records` applies."""
    for result in fetcher._records.values():
        records = result._partition_records if type(result) is FetchResult else None
        if records is not None and records._records_iterator.gi_code is not _chunks.__code__:
            records._records_iterator = _chunks(records)


def _chunks(records: PartitionRecords) -> Iterator[list[Any]]:
    """What the library yields record by record, and its place after each chunk."""
    chunk: list[Any] = []
    while records._records.has_next():
        batch = records._records.next_batch()
        if records._check_crcs and not batch.validate_crc():
            raise CorruptRecordException(f"Invalid CRC - {records._tp}")
        if not _is_hidden(records, batch):
            found = [*batch]
            # A position may lie inside a batch.
            if found and found[0].offset < records.next_fetch_offset:
                found = [record for record in found if record.offset >= records.next_fetch_offset]
            chunk += found
        while len(chunk) >= CHUNK:
            head, chunk = chunk[:CHUNK], chunk[CHUNK:]
            records.next_fetch_offset = chunk[0].offset if chunk else batch.next_offset
            yield head
        records.next_fetch_offset = batch.next_offset
    if chunk:
        yield chunk


def _is_hidden(records: PartitionRecords, batch: Any) -> bool:
    """Whether it is a transaction's marker, or was written by a transaction that was aborted."""
    if records._isolation_level == READ_COMMITTED and batch.producer_id is not None:
        records._consume_aborted_up_to(batch.base_offset)
        if batch.is_control_batch and records._contains_abort_marker(batch):
            records._aborted_producers.discard(batch.producer_id)
        if batch.is_transactional and batch.producer_id in records._aborted_producers:
            return True
    return bool(batch.is_control_batch)
