"""CSV and spreadsheet files become grids, or say why not."""

from datetime import date
from pathlib import Path
from zipfile import ZipFile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.grids.files import MAX_BYTES, read
from streams.grids.grid import Grid, GridError
from tests.streams.books import write_book


def values(path: Path, sheet: str | None = None) -> list[list[object]]:
    return [[cell.value for cell in row] for row in read(path, sheet).rows]


def refusal(path: Path, sheet: str | None = None) -> str:
    with pytest.raises(GridError) as refused:
        read(path, sheet)
    (problem,) = refused.value.problems
    return problem


def written(path: Path, raw: bytes) -> Path:
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize(
    "raw",
    [
        b'Rep,Jan 2026\nAnn,"12,000"\n',
        b'\xef\xbb\xbf"Rep";Jan 2026\r\n\r\nAnn;12,000\r\n',
        "Rep\tJan 2026\nAnn\t12,000\n".encode("utf-16"),
        b'\n\nRep,Jan 2026\n\nAnn,"12,000"\n,\n',
    ],
)
def test_csv_is_read_whatever_is_between_its_columns(tmp_path: Path, raw: bytes) -> None:
    assert values(written(tmp_path / "g.csv", raw)) == [["Rep", "Jan 2026"], ["Ann", "12,000"]]


def test_cells_keep_the_places_that_a_spreadsheet_shows(tmp_path: Path) -> None:
    book = write_book(tmp_path / "g.xlsx", Plan=[[], [None, "Rep", 5], [], ["x", None, "#REF!", "=B2"]])
    found = read(book)
    assert found.name == "g.xlsx, sheet Plan"
    assert [(cell.row, cell.column, cell.value) for row in found.rows for cell in row] == [
        (2, 1, "Rep"), (2, 2, 5), (4, 0, "x"), (4, 2, "#REF!"), (4, 3, "=B2"),
    ]  # fmt: skip


def test_the_only_sheet_that_holds_something_is_the_one(tmp_path: Path) -> None:
    assert values(write_book(tmp_path / "a.xlsx", Notes=[], Targets=[["x"]])) == [["x"]]
    book = write_book(tmp_path / "b.xlsx", Notes=[["n"]], Targets=[["x"]])
    assert values(book, "Targets") == [["x"]]
    assert refusal(book) == "b.xlsx has several sheets; say which with --sheet: Notes, Targets"
    assert refusal(book, "Target") == "b.xlsx has no sheet 'Target'; did you mean 'Targets'?"
    assert "holds nothing here" in refusal(write_book(tmp_path / "c.xlsx", Notes=[], More=[]))


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    assert "g.csv has no sheets; leave out --sheet" in refusal(written(tmp_path / "g.csv", b"a,b"), "x")
    assert "row 2: a letter that is not UTF-8" in refusal(written(tmp_path / "g.csv", b"a,b\n\xe9,1"))
    assert "g.csv is not CSV" in refusal(written(tmp_path / "g.csv", b'a,b\n"x'))
    assert "is neither CSV nor a spreadsheet" in refusal(written(tmp_path / "g.pdf", b""))
    assert "is not there" in refusal(tmp_path / "none.csv")
    assert "more than" in refusal(written(tmp_path / "g.csv", b"," * (MAX_BYTES + 1)))


@pytest.mark.parametrize("cut", [0, 10, 200, 1000])
def test_a_damaged_spreadsheet_is_refused(tmp_path: Path, cut: int) -> None:
    book = write_book(tmp_path / "g.xlsx", Plan=[["Rep", "2026-01"], ["Ann", 5]])
    assert "g.xlsx cannot be read" in refusal(written(book, book.read_bytes()[:cut]))


def damaged(book: Path, number: int, at: float, length: int, instead: bytes) -> None:
    """Some bytes of one of its parts are others."""
    with ZipFile(book) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    name = sorted(parts)[number % len(parts)]
    place = int(at * len(parts[name]))
    parts[name] = parts[name][:place] + instead + parts[name][place + length :]
    with ZipFile(book, "w") as whole:
        for each, raw in parts.items():
            whole.writestr(each, raw)


def outcome(book: Path) -> Grid | GridError:
    try:
        return read(book)
    except GridError as refused:
        return refused


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(number=st.integers(0, 20), at=st.floats(0, 1), length=st.integers(0, 40), instead=st.binary(max_size=8))
def test_whatever_is_damaged_in_a_spreadsheet_it_is_read_or_refused(
    tmp_path: Path, number: int, at: float, length: int, instead: bytes
) -> None:
    book = write_book(tmp_path / "g.xlsx", Plan=[["Rep", "2026-01"], ["Ann", 5, True, date(2026, 1, 1)]])
    damaged(book, number, at, length, instead)
    found = outcome(book)
    assert all(found.rows) if isinstance(found, Grid) else "g.xlsx" in found.problems[0]
