"""Entity records as the bytes in which they are stored: what is new stands at their end."""

from msgspec import json

encode = json.Encoder().encode
"""Makes bytes of a record, or of a change with its origin: of an entry."""
_END = -2
"""Where a record's entries end: before `]}`."""
_SAID_AT = b'"occurred_at":'


def may_hold(record: bytes, entry: bytes) -> bool:
    """Whether the record may hold a change of the same source and id; if not, it is certain that it does not."""
    # Id and source begin an entry. Inside of a text their quotes would be escaped, so nothing else looks like them.
    return entry[1 : entry.index(_SAID_AT)] in record


def begun(empty: bytes, entry: bytes) -> bytes:
    """The record of no entries with its first one."""
    return empty[:_END] + entry + empty[_END:]


def grown(record: bytes, entry: bytes) -> bytes:
    """The record with one more entry."""
    return record[:_END] + b"," + entry + record[_END:]
