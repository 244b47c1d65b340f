"""Our own format: one JSON object per line, a fact as its schema says, with its `type`."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from quota.errors import InvalidRecord, shortened
from streams.replay.lines import MAX_LINE, AnyFact, Bad, Fact, Line, Progress, ReplayError, Require, fact
from streams.replay.reading import RawLine, raw_lines

MAX_DEPTH = 32
_SUFFIXES = (".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz")
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_decoder: msgspec.json.Decoder[AnyFact] = msgspec.json.Decoder(AnyFact)
_AT = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<field>.*)`)?", re.DOTALL)
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)


def read(path: Path, *, quiet: bool, progress: Progress) -> Iterator[Line]:
    """The facts of a file, or of every .ndjson and .jsonl file in a folder; blank lines are passed over."""
    for file in sources(path):
        for line in raw_lines(file, progress):
            if line.truncated or line.broken or line.raw.strip():
                yield _read_line(f"{file.name}:{line.number}", line, quiet=quiet)


def sources(path: Path) -> list[Path]:
    """The files that a replay of the path reads; raises ReplayError when there is none."""
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.iterdir() if file.name.endswith(_SUFFIXES) and file.is_file())
    if not found:
        raise ReplayError(f"{path} holds no .ndjson or .jsonl file; name one, or the format of this export")
    return found


def parse(raw: bytes, *, quiet: bool, require: Require | None = None) -> Fact:
    """The fact that a line says; raises InvalidRecord, whose message names the field, as does `require`."""
    require_text(raw)
    require_shallow(raw)
    try:
        said = _decoded(raw)
    except msgspec.DecodeError as error:
        what = reason(error)
        kinds = "; write activity, meeting_changed or deal_changed" if what.startswith("type: ") else ""
        raise InvalidRecord(shortened(what + kinds)) from None
    found = fact(said, quiet=quiet)
    if require is not None:
        require(said)
    return found


def _decoded(raw: bytes) -> AnyFact:
    try:
        return _decoder.decode(raw)
    except msgspec.ValidationError as error:
        if "expected `int`, got `float`" not in str(error).lower():
            raise
    # To JSON Schema 3.0 is an integer, and some writers know no other numbers.
    found: AnyFact = msgspec.convert(_with_integers(msgspec.json.decode(raw)), AnyFact)
    return found


def _with_integers(value: Any) -> Any:
    """The same value, its whole numbers as integers."""
    if isinstance(value, dict):
        return {name: _with_integers(each) for name, each in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _read_line(name: str, line: RawLine, *, quiet: bool) -> Line:
    if line.broken:
        return Bad(name, line.broken, line.raw)
    if line.truncated:
        reason = f"the line has {len(line.raw) + line.truncated} bytes, more than {MAX_LINE}"
        return Bad(name, reason, line.raw, line.truncated)
    try:
        return parse(line.raw, quiet=quiet)
    except InvalidRecord as error:
        return Bad(name, str(error), line.raw)


def require_text(raw: bytes) -> None:
    """Raises InvalidRecord for bytes that are not UTF-8, or that begin with a mark of it."""
    if raw.startswith(b"\xef\xbb\xbf"):
        raise InvalidRecord("it begins with a byte order mark; send UTF-8 without one")
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        raise InvalidRecord(f"byte {raw[error.start]:#04x} at {error.start} is not UTF-8; send UTF-8") from None


def require_shallow(raw: bytes) -> None:
    """Raises InvalidRecord for what is nested too deep.

    The decoder's own bound depends on how deep its caller is nested; this one is always the same.
    """
    if raw.count(b"{") + raw.count(b"[") <= MAX_DEPTH:
        return
    depth = 0
    for byte in _STRINGS.sub(b"", raw).translate(None, _NO_BRACKETS):
        depth += (byte in b"{[") - (byte in b"}]")
        if depth > MAX_DEPTH:
            raise InvalidRecord(f"nested more than {MAX_DEPTH} deep; a fact is a flat object")


def reason(error: msgspec.DecodeError) -> str:
    """The decoder's message with the field first."""
    if not isinstance(error, msgspec.ValidationError):
        return shortened(f"not JSON: {error}")
    match = _AT.fullmatch(str(error))
    assert match
    what = match["what"][0].lower() + match["what"][1:]
    return shortened(f"{match['field']}: {what}" if match["field"] else what)
