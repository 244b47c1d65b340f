"""NDJSON: a file's bytes → for every line that is not blank a fact, or a bad line."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from streams.replay import MAX_LINE, Bad, Fact, facts
from tests.fuzz.judging import require_reason, require_usable
from tests.runtime.history import MONDAY
from tests.streams.any_facts import GOOD

WORDS = (
    b'"type":"activity"',
    b'"version":',
    b"1e999",
    b"NaN",
    b"\\ud800",
    b"\xef\xbb\xbf",
    b"\x1f\x8b\x08",
    b"[[[[[[[[",
)


def feed(raw: bytes) -> None:
    """Raises AssertionError for an answer that is none, and whatever is a crash."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "fuzzed.ndjson"
        path.write_bytes(raw)
        found = [*facts(path, "ndjson", quiet=True)]
    packed = raw.startswith(b"\x1f\x8b")
    lines = [line for line in raw.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line.strip()]
    assert packed or len(found) == len(lines), "a line was dropped"
    for number, line in enumerate(found):
        if isinstance(line, Bad):
            require_reason(line.reason)
            assert len(line.raw) <= MAX_LINE
            assert packed or len(line.raw) + line.truncated >= len(lines[number].removesuffix(b"\r"))
        else:
            assert isinstance(line, Fact)
            require_usable(line, quiet=True)


def seeds(root: Path) -> list[bytes]:
    """Facts of every kind."""
    base = {"id": "f1", "source": "crm", "occurred_at": MONDAY.isoformat(), "version": 3}
    money = {"minor_units": 90_000.0, "currency": "EUR"}
    deal = base | {"type": "deal_changed", "deal": "d1", "owner": None, "amount": money, "expected_close": "2026-04-01"}
    meeting = base | {"type": "meeting_changed", "meeting": "m1", "state": "held", "starts_at": MONDAY.isoformat()}
    said = [json.dumps(fact).encode() for fact in (GOOD, deal, meeting)]
    return [b"\n".join(said), b"\xef\xbb\xbf" + b"\r\n\r\n".join(said), *said]
