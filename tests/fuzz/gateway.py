"""The gateway: header lines, a blank line, and a body → facts and refusals, or one problem."""

import json
from pathlib import Path

from streams.gateway.reading import MAX_EVENTS, Refused, Unreadable, read
from tests.fuzz.judging import require_reason, require_usable
from tests.streams.any_facts import GOOD
from tests.streams.gateway.sending import EVENT, Request, as_event, batch, binary, in_base64, lines, plain, structured
from tests.streams.gateway.test_documented import requests

WORDS = (b'"type":', b'"id":', b"ce-id: ", b"application/x-ndjson", b"NaN", b"1e999", b'"data_base64":"', b"\\ud800")


def feed(raw: bytes) -> None:
    """Raises AssertionError for an answer that is none, and whatever is a crash."""
    head, _, body = raw.partition(b"\n\n")
    pairs = [line.decode(errors="surrogateescape").partition(": ") for line in head.split(b"\n")]
    try:
        received = read([(name, value) for name, _, value in pairs], body)
    except Unreadable as problem:
        require_reason(str(problem.status) * (400 <= problem.status < 500))
        require_reason(str(problem))
        require_reason(problem.field or "none")
        return
    assert len(received.facts) <= MAX_EVENTS
    for each in received.facts:
        if isinstance(each, Refused):
            require_reason(each.reason)
        else:
            require_usable(each, quiet=False)


def seeds(root: Path) -> list[bytes]:
    """Requests of the documentation, and a fact in every form."""
    documented = [each for page in ("README.md", "docs/gateway.md") for each in requests((root / page).read_text())]
    event = as_event(GOOD, attributes=True)
    made = [plain(GOOD), plain([GOOD, GOOD]), lines(GOOD, GOOD), batch(event, EVENT), binary(event), in_base64(event)]
    return [written(each) for each in [*documented, *made, structured(EVENT)]]


def written(said: Request) -> bytes:
    """A request as `feed` takes it."""
    return b"\n".join(f"{name}: {value}".encode() for name, value in said[0]) + b"\n\n" + said[1]


def plainly(fact: object) -> bytes:
    """A fact as a request."""
    return written(plain(json.dumps(fact).encode()))
