"""Setting unusable records aside: bounded bytes, where they came from, and what is wrong."""

import traceback
from collections.abc import Sequence

from msgspec import DecodeError, ValidationError, json

from quota.errors import InvalidRecord, QuotaError, shortened
from schemas.dead_letters import DeadLetter
from streams import topics
from streams.batches import Fetched
from streams.log import Outgoing, Spot

LARGEST_FACT = 64 * 1024
"""Bytes of the largest fact that is read."""
LARGEST_ENTITY = 768 * 1024
"""Bytes of the largest entity record; brokers take 1 MiB."""
KEPT = 16 * 1024
"""Bytes of an unusable record that are kept."""


MOST_BUGS = 20
"""So many bugs in a row stop the worker."""


class TooManyBugs(QuotaError):
    """Records fail one after the other through no fault of theirs; the worker stops."""


class Bugs:
    """Counts failures that are nobody's input: a worker that meets one after the other must not go on."""

    def __init__(self) -> None:
        """None so far."""
        self.in_a_row = 0

    def passed(self) -> None:
        """Something worked."""
        self.in_a_row = 0

    def met(self, error: Exception) -> None:
        """Raises TooManyBugs, from the last of too many bugs in a row; unusable input is none."""
        if isinstance(error, InvalidRecord):
            return
        self.in_a_row += 1
        if self.in_a_row >= MOST_BUGS:
            message = (
                f"{self.in_a_row} records in a row failed with a bug, the last with {type(error).__name__}: {error}. "
                "The worker stops before it sets a whole topic aside; install a version that mends this"
            )
            raise TooManyBugs(message) from error


def misuse(value: bytes | None, *, outside: bool) -> None:
    """Raises ValidationError for a record that is not worth decoding: no value, or too large for a fact."""
    if not value:
        message = "the record has no value: a fact is a JSON object; a deal is deleted by one with deleted: true"
        raise ValidationError(message)
    if outside:
        message = f"the record has {len(value)} bytes, more than {LARGEST_FACT}: send facts, not documents"
        raise ValidationError(message)


def why(value: bytes, error: Exception) -> str:
    """The reason for which a fact could not be decoded, in the words of the gateway and of replays."""
    from streams.replay.ndjson import reason, require_shallow, require_text

    try:
        if len(value) <= LARGEST_FACT:
            require_text(value)
            require_shallow(value)
    except InvalidRecord as wrong:
        return str(wrong)
    return reason(error) if isinstance(error, DecodeError) else str(error)


def dead_letter(where: Spot, record: Fetched, reason: str, error: BaseException | None = None) -> Outgoing:
    """The dead letter of a record, in the same shard; its id and key are the record's origin."""
    raw = record.value or b""
    letter = DeadLetter(
        id=f"{where.topic}/{where.partition}/{record.offset}",
        topic=where.topic,
        reason=shortened(reason),
        raw=raw[:KEPT],
        key=record.key[:1024] if record.key else None,
        partition=where.partition,
        offset=record.offset,
        truncated=max(0, len(raw) - KEPT),
        traceback="".join(traceback.format_exception(error))[-KEPT:] if error else None,
    )
    return Outgoing(topics.DEAD_LETTERS.name, where.partition, letter.id.encode(), json.encode(letter))


def dead_letters(where: Spot, records: Sequence[Fetched], error: Exception) -> list[Outgoing]:
    """The dead letters of records that failed together; a bug keeps its traceback."""
    reason = f"{type(error).__name__}: {error}"
    bug = None if isinstance(error, InvalidRecord) else error
    return [dead_letter(where, record, reason, bug) for record in records]


def overgrown(key: str, encoded: bytes) -> None:
    """Raises InvalidRecord when an entity record is too large for one log record."""
    if len(encoded) > LARGEST_ENTITY:
        message = (
            f"{key} would have {len(encoded)} bytes, over {LARGEST_ENTITY}: its source repeats events under new ids"
        )
        raise InvalidRecord(message)
