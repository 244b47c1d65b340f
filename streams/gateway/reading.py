"""What a request to the gateway says: facts, and what of it is refused, by its Content-Type alone."""

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

import msgspec

from quota.errors import InvalidRecord
from schemas.fields import Name
from streams.gateway import cloudevents
from streams.gateway.cloudevents import BadHeader
from streams.replay.lines import MAX_LINE, Fact, Require
from streams.replay.ndjson import parse, reason, require_shallow, require_text

MAX_BODY = 1024 * 1024
"""Bytes of a request."""
MAX_EVENTS = 1000
"""Facts of a request."""
PLAIN, LINES = "application/json", "application/x-ndjson"
EVENT, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
FORMS = (BATCH, EVENT, PLAIN, LINES)

Headers = Sequence[tuple[str, str]]
_BLANK = b" \t\r\n"
_CHARSET = re.compile(r';\s*charset=(?!(?:utf-8|"utf-8")\s*(?:;|$))', re.IGNORECASE)
_FIELD = re.compile(r"([A-Za-z_][\w.\[\]-]*)(?:: | is )")
_MISSING = re.compile(r"missing required field `(\w+)`")
_VALUE = re.compile(r"invalid value '.*'", re.DOTALL)


class Refused(NamedTuple):
    """One of a request's facts that cannot be used; `field` is what to look at, `id` is its own where it has one."""

    id: str | None
    reason: str
    field: str | None


class Received(NamedTuple):
    """A request's facts in its order; `many` when it is of a form that may hold several."""

    facts: list[Fact | Refused]
    many: bool


class Unreadable(Exception):
    """A request none of which can be used: the HTTP status to answer it with, the reason and the field."""

    def __init__(self, status: int, detail: str, field: str | None = None) -> None:
        """The reason never holds what the client sent."""
        super().__init__(detail)
        self.status, self.field = status, field


class _Named(msgspec.Struct):
    id: Name


_named = msgspec.json.Decoder(_Named)
_whole = msgspec.json.Decoder(msgspec.Raw)
_lists = msgspec.json.Decoder(list[msgspec.Raw])


def read(headers: Headers, body: bytes, require: Require | None = None) -> Received:
    """What the request says; raises Unreadable. Facts that do not meet what is required are refused."""
    media = _media(headers)
    plain, event = partial(_plain, require), partial(_event, require)
    if media == LINES:
        return _many([line for line in body.split(b"\n") if line.strip()], plain)
    if media == PLAIN and any(name.lower().startswith("ce-") for name, _ in headers):
        if body.strip(_BLANK):
            _require_json(body)
        return _single(body, lambda raw: plain(cloudevents.binary(headers, raw)))
    _require_json(body)
    if media == BATCH or (media == PLAIN and body.lstrip(_BLANK).startswith(b"[")):
        return _many(_listed(body), plain if media == PLAIN else event)
    return _single(body, plain if media == PLAIN else event)


def _media(headers: Headers) -> str:
    said = next((value for name, value in headers if name.lower() == "content-type"), "")
    media = said.partition(";")[0].strip().lower()
    if media not in FORMS:
        taken = f"send -H 'Content-Type: {PLAIN}', or {', '.join(form for form in FORMS if form != PLAIN)}"
        raise Unreadable(415, f"Content-Type: none of those taken here; {taken}", "Content-Type")
    if _CHARSET.search(said):
        raise Unreadable(415, "Content-Type: another charset than utf-8; send UTF-8", "Content-Type")
    return media


def _plain(require: Require | None, raw: bytes) -> Fact:
    return parse(raw, quiet=False, require=require)


def _event(require: Require | None, raw: bytes) -> Fact:
    return parse(cloudevents.structured(raw), quiet=False, require=require)


def _require_json(body: bytes) -> None:
    try:
        require_text(body)
        require_shallow(body)
        _whole.decode(body)
    except InvalidRecord as error:
        raise Unreadable(400, str(error)) from None
    except msgspec.DecodeError as error:
        raise Unreadable(400, reason(error)) from None


def _listed(body: bytes) -> list[bytes]:
    try:
        return [bytes(raw) for raw in _lists.decode(body)]
    except msgspec.DecodeError:
        raise Unreadable(400, "the body of a batch is a JSON list of events; send a list") from None


def _single(raw: bytes, understand: Callable[[bytes], Fact]) -> Received:
    found = _understood(raw, understand)
    if isinstance(found, Refused):
        raise Unreadable(422, found.reason, found.field)
    return Received([found], many=False)


def _many(items: Sequence[bytes], understand: Callable[[bytes], Fact]) -> Received:
    if len(items) > MAX_EVENTS:
        raise Unreadable(413, f"{len(items)} facts are more than {MAX_EVENTS}; send them in several requests")
    return Received(list(_each(items, understand)), many=True)


def _each(items: Iterable[bytes], understand: Callable[[bytes], Fact]) -> Iterable[Fact | Refused]:
    for raw in items:
        yield _understood(raw, understand)


def _understood(raw: bytes, understand: Callable[[bytes], Fact]) -> Fact | Refused:
    if len(raw) > MAX_LINE:
        return Refused(None, f"the fact has {len(raw)} bytes, more than {MAX_LINE}", None)
    try:
        return understand(raw)
    except BadHeader as error:
        raise Unreadable(400, str(error), _field(str(error))) from None
    except InvalidRecord as error:
        # The decoder repeats a value that is none of those it expects, however long that is.
        said = _VALUE.sub("none of the values that it may have", str(error))
        return Refused(_id(raw), said, _field(said))


def _field(said: str) -> str | None:
    """The field that a reason names first, down to the one that is missing."""
    at, missing = _FIELD.match(said), _MISSING.search(said)
    names = [found[1] for found in (at, missing) if found]
    return ".".join(names) or None


def _id(raw: bytes) -> str | None:
    with suppress(InvalidRecord, msgspec.DecodeError):
        require_text(raw)
        require_shallow(raw)
        return _named.decode(raw).id
    return None
