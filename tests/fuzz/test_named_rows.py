"""Rows of an export that are known to be bad, by name: told with file and line, and no row beside them is harmed."""

from pathlib import Path

import pytest

from streams.replay import MAX_LINE, Bad, Fact, Line, ReplayError, facts
from tests.fuzz.mappings import SMALL

HEADER = b"id,day,product\n"
GOOD = b"d9,2026-01-05,B\n"
ROWS: dict[str, tuple[bytes, str]] = {
    "a line of ten megabytes": (
        b"x" * 10_000_000 + b",2026-01-05,A",
        f"the line has 10000013 bytes, more than {MAX_LINE}",
    ),
    "a quote before ten megabytes": (b'"' + b"x" * 10_000_000, f"the line has 10000001 bytes, more than {MAX_LINE}"),
    "a cell that is too long": (b"x" * 201 + b",2026-01-05,A", "Expected `str` of length <= 200 - at `id`"),
    "60,000 cells": (b"," * 60_000, "60001 cells where the first line has 3"),
    "a quote that never ends": (b'"d1,2026-01-05,A', "the quotes do not match"),
    "Latin-1": (b"M\xfcller,2026-01-05,A", "byte 0xfc at 1 is not utf-8"),
    "a day that no calendar has": (b"d1,2026-02-30,A", "occurred_at: '2026-02-30' is not a time"),
    "a day of 60,000 digits": (b"d1," + b"9" * 60_000 + b",A", "occurred_at: '999"),
    "the end of all years": (b"d1,9999-12-31,A", "occurred_at is 9999-12-31"),
    "a product that nobody knows": (b"d1,2026-01-05,Z", "amount: lookup price has nothing for 'Z'"),
}
PRICES: dict[str, tuple[bytes, str]] = {
    "NaN": (b"NaN", "amount: 'NaN' is not an amount"),
    "infinity": (b"-inf", "amount: '-inf' is not an amount"),
    "a number beyond all": (b"1e999", "amount: '1e999' is not an amount"),
    "a number of 400 digits": (b"9" * 400, "amount: '999"),
}


def replayed(folder: Path, **files: bytes) -> list[Line]:
    for name, content in (SMALL | files).items():
        (folder / name).write_bytes(content)
    return [*facts(folder, str(folder / "m.yaml"))]


@pytest.mark.parametrize(("row", "reason"), ROWS.values(), ids=ROWS.keys())
def test_a_row_that_cannot_be_used_is_told_and_the_rows_beside_it_count(
    row: bytes, reason: str, tmp_path: Path
) -> None:
    alone = replayed(tmp_path, **{"deals.csv": HEADER + GOOD + GOOD})
    before, bad, after = replayed(tmp_path, **{"deals.csv": HEADER + GOOD + row + b"\n" + GOOD})
    assert [before, after] == alone
    assert isinstance(before, Fact)
    assert isinstance(bad, Bad)
    assert bad.id == "deals.csv:3"
    assert reason in bad.reason
    assert len(bad.reason) <= 1000
    assert len(bad.raw) + bad.truncated == len(row)


@pytest.mark.parametrize(("price", "reason"), PRICES.values(), ids=PRICES.keys())
def test_an_amount_that_is_none_is_told_and_is_never_zero(price: bytes, reason: str, tmp_path: Path) -> None:
    rows = {"prices.csv": b"product,price\nA," + price + b"\nB,10\n", "deals.csv": HEADER + b"d1,2026-01-05,A\n" + GOOD}
    bad, good = replayed(tmp_path, **rows)
    assert isinstance(bad, Bad)
    assert reason in bad.reason
    assert isinstance(good, Fact)


def test_a_row_is_not_put_together_around_what_was_cut_off(tmp_path: Path) -> None:
    torn = b'"d1\n' + b"x" * 10_000_000 + b'\n",2026-01-05,A\n'
    found = replayed(tmp_path, **{"deals.csv": HEADER + GOOD + torn + GOOD})
    reasons = [line.reason[:30] for line in found if isinstance(line, Bad)]
    assert reasons == [
        "the quotes do not match: unexp",
        "the line has 10000000 bytes, m",
        "the quotes do not match: unexp",
    ]
    assert [isinstance(line, Fact) for line in found] == [True, False, False, False, True]


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"id,day,day,product\n", "has two columns 'day'; rename one of them"),
        (HEADER.decode().encode("utf-16"), "must name the columns, but byte 0xff at 0 is not utf-8"),
        (b"x" * 10_000_000, "must name the columns, but the line has 10000000 bytes"),
        (b"", "must name the columns, but it is empty"),
    ],
    ids=["twice", "UTF-16", "ten megabytes", "empty"],
)
def test_a_table_whose_first_line_is_none_is_told(header: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(ReplayError) as caught:
        replayed(tmp_path, **{"deals.csv": header})
    assert reason in str(caught.value)
    assert len(str(caught.value)) < 1000
