"""Spreadsheets for tests."""

from collections.abc import Sequence
from pathlib import Path

from openpyxl import Workbook


def write_book(path: Path, **sheets: Sequence[Sequence[object]]) -> Path:
    """Sheets of rows of cells; a text like `#REF!` is the error, one that begins with `=` a formula never computed."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path
