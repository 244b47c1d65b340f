"""Delimited text files: lines cut into cells, each line by itself so that one broken quote spoils one line."""

import codecs
import csv
import io
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from quota.errors import InvalidRecord
from streams.documents import Node, Wrong, suggestion
from streams.documents.values import text
from streams.replay.lines import MAX_LINE, Progress, ReplayError
from streams.replay.mapping.spec import TableSpec
from streams.replay.reading import RawLine, raw_lines

MAX_LINES = 50
"""Lines that a row with line breaks in quotes may take."""


class Row(NamedTuple):
    """A row of a table: its cells, or why it has none."""

    number: int
    raw: bytes
    cells: list[str]
    reason: str = ""
    truncated: int = 0


def single(node: Node) -> str:
    """One character; `tab` for a tabulator."""
    value = text(node) if not getattr(node, "text", "").isspace() else getattr(node, "text", "")
    value = {"tab": "\t", "\\t": "\t"}.get(value, value)
    if len(value) != 1 or value in "\r\n":
        raise Wrong.at(node.place, f"{value!r} is not one character", "write one, or `tab`")
    return value


def encoding(node: Node) -> str:
    """A character encoding in which a line ends with the byte that ends lines."""
    name = text(node)
    try:
        codecs.lookup(name)
        usable = "\n".encode(name) == b"\n"
    except (LookupError, ValueError, TypeError, AttributeError):
        usable = False
    if not usable:
        raise Wrong.at(node.place, f"{name!r} is not an encoding of text files", "write utf-8, latin-1 or cp1252")
    return name


def find(spec: TableSpec, folder: Path) -> Path:
    """The table's file in a folder, compressed or not; raises ReplayError."""
    for name in (spec.file, f"{spec.file}.gz", spec.file.removesuffix(".gz")):
        if (folder / name).is_file():
            return folder / name
    there = [path.name for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
    raise ReplayError(
        f"{folder / spec.file} is not there, which {spec.place.file}:{spec.place.line} names; "
        f"{suggestion(spec.file, there)}"
    )


def open_table(spec: TableSpec, path: Path, progress: Progress) -> tuple[list[str], Iterator[Row]]:
    """The names of the columns, and the rows below them; raises ReplayError where the first line is not a header."""
    rows = (row for row in _rows(spec, path, progress) if row.cells or row.reason)
    if spec.columns:
        return list(spec.columns), _of_width(rows, len(spec.columns))
    header = next(rows, None)
    if header is None or header.reason:
        why = header.reason if header else "it is empty"
        raise ReplayError(f"{path}:1 must name the columns, but {why}; mend it or list `columns` in {spec.place.file}")
    return [cell.strip() for cell in header.cells], _of_width(rows, len(header.cells))


def position(column: str, columns: list[str], where: str, path: Path) -> int:
    """The column's number; raises ReplayError that says where it is named."""
    if columns.count(column) > 1:
        raise ReplayError(f"{path} has two columns {column!r}; rename one of them in the first line")
    if column not in columns:
        raise ReplayError(f"{path} has no column {column!r}, which {where} names; {suggestion(column, columns)}")
    return columns.index(column)


def _of_width(rows: Iterator[Row], width: int) -> Iterator[Row]:
    for row in rows:
        if row.reason or len(row.cells) == width:
            yield row
        else:
            yield row._replace(cells=[], reason=f"{len(row.cells)} cells where the first line has {width}")


def _rows(spec: TableSpec, path: Path, progress: Progress) -> Iterator[Row]:
    lines = _Lines(raw_lines(path, progress))
    for line in iter(lines.take, None):
        row = _row(spec, line)
        goes_on = row.reason and spec.multiline and spec.quote and _is_whole(line)
        yield _longer(spec, line, lines) if goes_on else row


class _Lines:
    """Lines of which some can be given back."""

    def __init__(self, lines: Iterator[RawLine]) -> None:
        self._lines = lines
        self._returned: deque[RawLine] = deque()

    def take(self) -> RawLine | None:
        return self._returned.popleft() if self._returned else next(self._lines, None)

    def give_back(self, lines: list[RawLine]) -> None:
        self._returned.extendleft(reversed(lines))


def _longer(spec: TableSpec, first: RawLine, lines: _Lines) -> Row:
    """A row that goes on over the next lines; where it never ends, the first line alone is broken."""
    taken: list[RawLine] = []
    raw = first.raw
    while len(taken) < MAX_LINES and len(raw) <= MAX_LINE and (line := lines.take()) is not None:
        taken.append(line)
        if not _is_whole(line):
            break
        raw += b"\n" + line.raw
        row = _row(spec, RawLine(first.number, raw))
        if not row.reason:
            return row
    lines.give_back(taken)
    return _row(spec, first)


def _is_whole(line: RawLine) -> bool:
    """Whether all of the line's bytes are there: a row is not put together around what was cut off."""
    return not (line.truncated or line.broken)


def _row(spec: TableSpec, line: RawLine) -> Row:
    try:
        return Row(line.number, line.raw, _cells(spec, line))
    except InvalidRecord as error:
        return Row(line.number, line.raw, [], str(error), line.truncated)


def _cells(spec: TableSpec, line: RawLine) -> list[str]:
    if line.broken:
        raise InvalidRecord(line.broken)
    if line.truncated or len(line.raw) > MAX_LINE:
        raise InvalidRecord(f"the line has {len(line.raw) + line.truncated} bytes, more than {MAX_LINE}")
    if not line.raw.strip():
        return []
    try:
        decoded = line.raw.decode(spec.encoding)
    except UnicodeDecodeError as error:
        raise InvalidRecord(f"byte {line.raw[error.start]:#04x} at {error.start} is not {spec.encoding}") from None
    if not spec.quote or spec.quote not in decoded:
        return decoded.split(spec.delimiter)
    return _quoted(spec, decoded)


def _quoted(spec: TableSpec, line: str) -> list[str]:
    lines = io.StringIO(line, newline="\n")
    reader = csv.reader(lines, delimiter=spec.delimiter, quotechar=spec.quote, strict=True)
    try:
        rows = list(reader)
    except csv.Error as error:
        hint = "" if spec.multiline else "; if cells hold line breaks, set `multiline: true`"
        raise InvalidRecord(f"the quotes do not match: {error}{hint}") from None
    if len(rows) != 1:
        raise InvalidRecord("a quoted cell ends in the middle of a line")
    return rows[0]
