"""CloudEvents 1.0: an event's attributes and data, whichever way it came, as the JSON of one of our facts."""

import re
from base64 import b64decode
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

import msgspec

from quota.errors import InvalidRecord
from quota.facts import require_plausible
from schemas.fields import Moment, Name
from streams.replay.ndjson import reason, require_shallow, require_text

REQUIRED = ("ce-specversion", "ce-type", "ce-source", "ce-id")
"""The headers without which a request is no event in binary mode."""
_TYPE = re.compile(r"(?:com\.quotaflow|.+\.sales)\.(activity|meeting|deal)\.v1", re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_JSON = re.compile(r"application/(?:[\w.-]+\+)?json|text/json", re.ASCII)


class BadHeader(InvalidRecord):
    """A header that cannot be read; the message begins with its name."""


class Kind(NamedTuple):
    """A fact's `type` in our schemas, and the field that an event's subject stands for."""

    type: str
    subject: str


KINDS = {
    "activity": Kind("activity", "performer"),
    "meeting": Kind("meeting_changed", "meeting"),
    "deal": Kind("deal_changed", "deal"),
}
"""By the word of it in an event's type."""


class Event(msgspec.Struct, frozen=True):
    """An event's attributes and data; null and absent say the same, and extensions say nothing to us."""

    specversion: str | None = None
    id: Name | None = None
    source: Name | None = None
    type: str | None = None
    subject: Name | None = None
    time: Moment | None = None
    datacontenttype: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"null")
    data_base64: str | None = None


_events = msgspec.json.Decoder(Event)
_objects = msgspec.json.Decoder(dict[str, msgspec.Raw])


def structured(raw: bytes) -> bytes:
    """The fact that an event in the JSON format says, as JSON; raises InvalidRecord, whose message names the field."""
    require_text(raw)
    require_shallow(raw)
    try:
        return _fact(_events.decode(raw))
    except msgspec.DecodeError as error:
        raise InvalidRecord(reason(error)) from None


def binary(headers: Iterable[tuple[str, str]], body: bytes) -> bytes:
    """The fact that an event in `ce-` headers says, its data being the body; raises InvalidRecord or BadHeader."""
    said: dict[str, str] = {}
    for header, value in headers:
        name = header.lower()
        if not name.startswith("ce-"):
            continue
        if name in said:
            raise BadHeader(f"{name}: the header is there twice; send it once")
        said[name] = _unescaped(name, value)
    lacking = [name for name in REQUIRED if name not in said]
    if lacking:
        raise BadHeader(f"{lacking[0]}: the header is missing; an event in headers has {', '.join(REQUIRED)}")
    attributes = {name: said.get(f"ce-{name}") for name in ("specversion", "id", "source", "type", "subject", "time")}
    try:
        event = msgspec.convert(attributes, Event)
    except msgspec.ValidationError as error:
        raise InvalidRecord(reason(error)) from None
    return _fact(msgspec.structs.replace(event, data=msgspec.Raw(body or b"null")))


def _unescaped(name: str, value: str) -> str:
    """A header's value, unquoted and percent-decoded once (HTTP binding, 3.1.3.2)."""
    quoted = _QUOTED.fullmatch(value)
    plain = _ESCAPED.sub(r"\1", quoted[1]) if quoted else value
    try:
        # Bytes of a header that are no UTF-8 come as lone surrogates.
        return unquote_to_bytes(plain.encode(errors="surrogateescape")).decode()
    except UnicodeError:
        raise BadHeader(f"{name}: the value is not UTF-8 once percent-decoded; encode it as UTF-8") from None


def _fact(event: Event) -> bytes:
    if event.specversion != "1.0":
        raise InvalidRecord("specversion: missing, or none that is known here; send CloudEvents 1.0")
    kind, said = _kind(event), _data(event)
    for name in ("id", "source"):
        if getattr(event, name) is None:
            raise InvalidRecord(f"{name}: missing; an event is told apart by its source and id")
    require_plausible(event.time, "time")
    stand_ins = {"occurred_at": event.time, kind.subject: event.subject}
    given = {name: value for name, value in stand_ins.items() if value is not None}
    return msgspec.json.encode(given | said | {"type": kind.type, "id": event.id, "source": event.source})


def _kind(event: Event) -> Kind:
    known = _TYPE.fullmatch(event.type or "")
    if not known:
        raise InvalidRecord(
            "type: missing, or none that is known here; send com.quotaflow.activity.v1, com.quotaflow.meeting.v1, "
            "com.quotaflow.deal.v1 or a type that ends in .sales.activity.v1, .sales.meeting.v1 or .sales.deal.v1"
        )
    return KINDS[known[1]]


def _data(event: Event) -> dict[str, msgspec.Raw]:
    """The data's own fields, each as it was written."""
    if event.datacontenttype and not _JSON.fullmatch(event.datacontenttype.partition(";")[0].strip().lower()):
        raise InvalidRecord("datacontenttype: not JSON; send the data as application/json")
    raw = bytes(event.data).strip()
    if event.data_base64 is not None:
        if raw != b"null":
            raise InvalidRecord("data_base64: there is data as well; send one of the two")
        raw = _from_base64(event.data_base64)
    if raw == b"null":
        return {}
    try:
        return _objects.decode(raw)
    except msgspec.DecodeError as error:
        raise InvalidRecord(f"data: {reason(error)}") from None


def _from_base64(text: str) -> bytes:
    try:
        raw = b64decode(text, validate=True).strip()
    except ValueError:
        raise InvalidRecord("data_base64: not base64; encode the JSON of the data") from None
    try:
        require_text(raw)
        require_shallow(raw)
    except InvalidRecord as error:
        raise InvalidRecord(f"data_base64: {error}") from None
    return raw
