"""Entity records as the bytes in which they are stored: a change that is new stands at their end."""

from typing import Any

from msgspec import json

from schemas.fields import Origin

encode = json.Encoder().encode
"""Makes bytes of a record."""
_END = b"]}"
_SAID_AT = b'"occurred_at":'


def entry(change: Any, origin: Origin) -> bytes:
    """A change of a record, encoded."""
    return encode((change, origin))


def may_hold(record: bytes, entry: bytes) -> bool:
    """Whether the record may hold a change of the same source and id; if not, it is certain that it does not."""
    # Id and source begin an entry. Inside of a text their quotes would be escaped, so nothing else looks like them.
    return entry[1 : entry.index(_SAID_AT)] in record


def grown(record: bytes, entry: bytes) -> bytes:
    """The record with one more entry at its end."""
    return b"%b,%b%b" % (record[: -len(_END)], entry, _END)
