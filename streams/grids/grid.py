"""The cells of a table in a file, and how a cell is called when something is wrong with it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

Value = str | float | bool | date | datetime | time | timedelta | None
"""What a cell holds; a text that is empty, or blank, is nothing."""


@dataclass(frozen=True)
class Cell:
    """A value and its place: the row from 1, the column from 0."""

    row: int
    column: int
    value: Value

    @property
    def text(self) -> str:
        """The value as one would type it: a whole number without a point."""
        if isinstance(self.value, float) and self.value.is_integer():
            return str(int(self.value))
        return "" if self.value is None else " ".join(str(self.value).split())


@dataclass(frozen=True)
class Grid:
    """The cells of a sheet that hold something, by rows."""

    name: str
    rows: tuple[tuple[Cell, ...], ...]

    def wrong(self, cell: Cell, what: str, fix: str) -> str:
        """A problem in a cell, with its place."""
        return f"{self.name}, row {cell.row}, column {letters(cell.column)}: {what}; {fix}"


class GridError(Exception):
    """A file that cannot be used: every problem in it, a sentence each."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(self.problems))


def grid(name: str, rows: Iterable[Iterable[Value]]) -> Grid:
    """A grid of all rows of a sheet from the first on; those that hold nothing are left out."""
    found = (
        tuple(cell for column, value in enumerate(row) if (cell := Cell(number, column, value)).text)
        for number, row in enumerate(rows, 1)
    )
    return Grid(name, tuple(row for row in found if row))


def letters(column: int) -> str:
    """What spreadsheets call a column: A, B, …, Z, AA."""
    more, last = divmod(column, 26)
    return (letters(more - 1) if more else "") + chr(ord("A") + last)
