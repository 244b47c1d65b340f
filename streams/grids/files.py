"""CSV and spreadsheet files become grids."""

import csv
import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from streams.documents import suggestion
from streams.grids.grid import Grid, GridError, Value, grid

MAX_BYTES = 32 * 2**20
_TEXTS = {".csv", ".tsv", ".txt"}
_BOOKS = {".xlsx", ".xlsm"}
_DELIMITERS = (";", "\t", ",")
_DAMAGE = (
    *(BadZipFile, ParseError, struct.error, zlib.error),
    *(ArithmeticError, AttributeError, EOFError, LookupError, OSError, RuntimeError, TypeError, ValueError),
)
"""What reading a spreadsheet raises that is damaged somewhere."""
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read(path: Path, sheet: str | None = None) -> Grid:
    """The cells of a file, of the sheet that is named or of the only one that holds something; raises GridError."""
    suffix = path.suffix.lower()
    if suffix not in _TEXTS | _BOOKS:
        raise GridError([f"{path.name} is neither CSV nor a spreadsheet; save it as .csv or .xlsx"])
    if not path.is_file():
        raise GridError([f"{path} is not there; name a file"])
    if path.stat().st_size > MAX_BYTES:
        raise GridError([f"{path.name} has more than {MAX_BYTES} bytes; remove what is not about quotas"])
    if suffix in _BOOKS:
        return _book(path, sheet)
    if sheet is not None:
        raise GridError([f"{path.name} has no sheets; leave out --sheet"])
    return _csv(path)


def _csv(path: Path) -> Grid:
    text = _decoded(path.read_bytes(), path.name)
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=_outside_quotes(first).count)
    try:
        return grid(path.name, csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise GridError([f"{path.name} is not CSV: {error}; save it again as CSV"]) from error


def _outside_quotes(line: str) -> str:
    return "".join(line.split('"')[::2])


def _decoded(raw: bytes, name: str) -> str:
    try:
        return raw.decode("utf-16" if raw.startswith(_UTF_16) else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise GridError([f"{name}, row {line}: a letter that is not UTF-8; save the file as CSV UTF-8"]) from error


def _book(path: Path, sheet: str | None) -> Grid:
    names, found = _sheets(path, sheet)
    if sheet is not None and sheet not in names:
        raise GridError([f"{path.name} has no sheet {sheet!r}; {suggestion(sheet, names)}"])
    filled = [each for each in found if each.rows]
    if len(filled) > 1:
        raise GridError([f"{path.name} has several sheets; say which with --sheet: {', '.join(names)}"])
    if not filled:
        raise GridError([f"{path.name} holds nothing here; write a grid of scopes and periods into it"])
    return filled[0]


def _sheets(path: Path, sheet: str | None) -> tuple[list[str], list[Grid]]:
    """The names of all sheets, and the grids of those that are asked for."""
    # Only this command needs it.
    import openpyxl

    raw = path.read_bytes()
    try:
        with warnings.catch_warnings():
            # What it passes over, such as colours, has nothing to do with the cells.
            warnings.simplefilter("ignore")
            values = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
            formulas = openpyxl.load_workbook(io.BytesIO(raw), read_only=True)
            names = [each.title for each in values.worksheets]
            wanted = [name for name in names if sheet in {None, name}]
            return names, [grid(f"{path.name}, sheet {name}", _rows(values[name], formulas[name])) for name in wanted]
    except _DAMAGE as error:
        raise GridError([f"{path.name} cannot be read: {error}; save it again as .xlsx, without a password"]) from error


def _rows(values: Any, formulas: Any) -> Iterator[list[Value]]:
    """The rows of a sheet; a formula that was never computed stands for itself: it must not pass for nothing."""
    for computed, written in zip(values.iter_rows(values_only=True), formulas.iter_rows(values_only=True), strict=True):
        yield [text if value is None else value for value, text in zip(computed, written, strict=True)]
