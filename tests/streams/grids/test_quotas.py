"""A grid of scopes by periods becomes targets, or a list of every cell that cannot be used."""

import csv
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quota.plans import PlanIndex
from streams.grids.files import read
from streams.grids.grid import GridError, Value, grid
from streams.grids.names import NoScope, Scopes
from streams.grids.quotas import Reading, targets
from streams.plans import load
from tests.streams.books import write_book

PLAN = """
company: {name: Acme, currency: EUR, periods: [month, quarter, year]}
calendars: [{id: default, zone: UTC}, {id: april, zone: UTC, fiscal_start_month: 4}]
teams: [{id: west, name: West}, {id: anna, name: Team Anna}]
reps:
  - {id: anna, name: Anna Snelling, team: west, external: {crm: [a.snelling, "10912"]}}
  - {id: bo, name: Bo, team: west, calendar: april}
  - {id: cy, name: Team Anna}
  - {id: jose, name: José}
"""
MONTHS = ["2026-01", "Feb 2026", "03/2026", "2026-04"]


def plan(text: str) -> PlanIndex:
    with TemporaryDirectory() as folder:
        Path(folder, "plan.yaml").write_text(text, encoding="utf-8")
        return PlanIndex(load(Path(folder)))


KNOWN = plan(PLAN)


def reading(metric: str = "revenue", **more: object) -> Reading:
    return Reading(KNOWN, KNOWN.metrics[metric], **more)  # type: ignore[arg-type]


def found(rows: list[list[Value]], how: Reading | None = None) -> dict[tuple[str, str], str]:
    return {(each.scope, each.period.id): each.amount for each in targets(grid("g", rows), how or reading())}


def problems(rows: list[list[Value]], how: Reading | None = None) -> list[str]:
    with pytest.raises(GridError) as refused:
        targets(grid("g", rows), how or reading())
    return list(refused.value.problems)


amounts = st.none() | st.integers(0, 10**11).map(lambda cents: Decimal(cents) / 100)
tables = st.lists(st.lists(amounts, min_size=4, max_size=4), min_size=1, max_size=4).filter(
    lambda rows: any(each is not None for row in rows for each in row)
)


@settings(deadline=None)
@given(table=tables, mark=st.sampled_from([".", ","]), delimiter=st.sampled_from([",", ";", "\t"]))
def test_what_is_written_into_a_grid_is_what_is_read(
    table: list[list[Decimal | None]], mark: str, delimiter: str
) -> None:
    scopes = ["anna snelling", "rep:bo", "west", "company"]
    named = list(zip(["rep:anna", "rep:bo", "team:west", "company"], table, strict=False))
    meant = {
        (scope, f"2026-0{month}"): f"{each:.2f}"
        for scope, row in named
        for month, each in enumerate(row, 1)
        if each is not None
    }
    swapped = str.maketrans(",.", ".,") if mark == "," else {}
    typed = [["" if each is None else f"{each:,.2f} €".translate(swapped) for each in row] for row in table]
    floats = [[None if each is None else float(each) for each in row] for row in table]
    heads: list[object] = ["Rep", date(2026, 1, 1), "Feb 2026", "03/2026", "2026-04"]
    with TemporaryDirectory() as folder:
        text, book = Path(folder, "g.csv"), Path(folder, "g.xlsx")
        with text.open("w", newline="", encoding="utf-8-sig") as out:
            rows = [["Rep", *MONTHS], [], *([name, *row] for name, row in zip(scopes, typed, strict=False))]
            csv.writer(out, delimiter=delimiter).writerows(rows)
        write_book(book, Targets=[heads, *([name, *row] for name, row in zip(scopes, floats, strict=False))])
        for path in (text, book):
            said = targets(read(path), reading())
            assert {(each.scope, each.period.id): each.amount for each in said} == meant


def test_titles_above_empty_rows_and_columns_and_what_is_left_out_do_no_harm() -> None:
    rows: list[list[Value]] = [
        [None, "Targets of 2026"],
        [],
        [None, None, "Jan 2026", "Total", "Q1 2026"],
        [None, "Anna Snelling", 1, 9, None],
        [None, "Everybody", 9, 9, 9],
        [None, "West", None, "=SUM", 3.5],
    ]
    how = reading(ignored=frozenset({"total", "everybody"}))
    assert found(rows, how) == {("rep:anna", "2026-01"): "1.00", ("team:west", "2026-Q1"): "3.50"}


def test_a_period_is_the_one_of_the_scopes_own_calendar() -> None:
    rows: list[list[Value]] = [["", "Jan 2026", "FY26 Q4"], ["Bo", 1, 2]]
    assert found(rows) == {("rep:bo", "2026-01"): "1.00", ("rep:bo", "FY2026-Q4"): "2.00"}
    (wrong,) = problems([["", "FY26 Q4"], ["Anna Snelling", 2], ["Bo", 1]])
    assert wrong.startswith("g, row 1, column B: 'FY26 Q4' is not a period of calendar default: write 2026-11-21")


def test_reps_and_teams_are_known_by_everything_they_are_called() -> None:
    scopes = Scopes(KNOWN)
    called = ["rep:anna", "Anna Snelling", "ANNA SNELLING", "anna-snelling", "a.snelling", "10912"]
    assert {scopes.find(name) for name in called} == {"rep:anna"}
    assert {scopes.find(name) for name in ("JOSÉ", "jose")} == {"rep:jose"}
    assert {scopes.find(name) for name in ("Acme", "company")} == {"company"}
    assert scopes.find("west") == "team:west"
    for name in ("anna", "Team Anna", "team anna"):
        with pytest.raises(NoScope, match="write rep:"):
            scopes.find(name)
    with pytest.raises(NoScope, match="did you mean 'West'"):
        scopes.find("Wset")
    assert found([["", "2026"], [10912.0, 5]]) == {("rep:anna", "2026"): "5.00"}


@pytest.mark.parametrize(
    ("value", "metric", "said"),
    [
        ("TBD", "revenue", "'TBD' is not a number"),
        (True, "revenue", "'True' is not a number"),
        (date(2026, 1, 1), "revenue", "'2026-01-01' is not a number; write digits, or leave the cell empty"),
        (time(9), "revenue", "'09:00:00' is not a number"),
        ("#REF!", "revenue", "'#REF!' is not a number"),
        ("=A1/3", "revenue", "the formula '=A1/3' was never computed; open the file where it is computed and save it"),
        (-1, "revenue", "the target -1 is negative"),
        (1 / 3, "revenue", "has more digits than EUR has: at most 2 after the point; round it"),
        (1 / 3, "calls_placed", "has more than six decimals; round it"),
        ("45 %", "revenue", "'45 %' is a percentage, revenue is none"),
        (45, "win_rate", "the target 45 of a ratio is above 1; write 0.45 or 45 % for 45 %"),
        ("5 €", "calls_placed", "is in €, the target is no money"),
        (10**15, "calls_placed", "is too large"),
    ],
)
def test_a_cell_that_cannot_be_used_is_named_with_what_to_do(value: Value, metric: str, said: str) -> None:
    (wrong,) = problems([["", "2026-01", "2026-02"], [], ["Bo", 1, value]], reading(metric))
    assert wrong.startswith("g, row 3, column C: ")
    assert said in wrong


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([["", "Jan 2026"], ["Bob", 1]], ["row 2, column A: 'Bob' is neither a rep nor a team of the plan; did you"]),
        ([["", "2026-01"], ["Bo", 1], [None, 1]], ["row 3, column B: the row names nobody"]),
        ([["", "2026-01"], ["Bo", 1, 2]], ["row 2, column C: the column has no heading"]),
        ([["", "Total"], ["Bo", 1]], ["row 1, column B: 'Total' is not a period", "--ignore 'Total'"]),
        ([["", "2026-01-05"], ["Bo", 1]], ["row 1, column B: the plan keeps no period of kind 'day'"]),
        ([["", "2026-01", "Jan 2026"], ["Bo", 1, 1]], ["row 2, column C: rep:bo has a target for 2026-01 in row 2"]),
        ([["", "2026-01"], ["Bo", 1], ["bo", 1]], ["row 3, column B: rep:bo has a target for 2026-01 in row 2"]),
        ([["", "2026-01", "2026-02"], ["Bo", "1.5", "1,5"]], ["B: '1.5' has a decimal point, but '1,5' in row 2"]),
        ([["", "2026-01"], ["Bo"]], ["g holds no target; write scopes in the first column"]),
        ([], ["g holds no target"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_table_is_said(rows: list[list[Value]], said: list[str]) -> None:
    wrong = problems(rows)
    assert all(any(part in line for line in wrong) for part in said), wrong


def test_every_cell_that_cannot_be_used_is_named_at_once() -> None:
    rows: list[list[Value]] = [["", "2026-01", "Sum"], ["Bo", "x", 1], ["Bob", "y", 1], ["West", 1, "z"]]
    assert [line.split(":")[0] for line in problems(rows)] == [
        "g, row 2, column B",
        "g, row 1, column C",
        "g, row 3, column A",
        "g, row 3, column B",
        "g, row 4, column C",
    ]


def test_three_digits_behind_a_mark_are_thousands_unless_the_file_shows_that_it_begins_decimals() -> None:
    rows: list[list[Value]] = [["", "2026-01", "2026-02"], ["Bo", "12.000", "1,5"], ["West", "7"]]
    assert list(found(rows).values()) == ["12000.00", "1.50", "7.00"]
    (wrong,) = problems([*rows, ["company", "12,000"]])
    assert wrong.startswith("g, row 4, column B: '12,000' may be thousands, or a number with three decimals; write it")
    assert found([*rows, ["company", "12,000"]], reading(mark=","))["company", "2026-01"] == "12.00"
    alone: list[list[Value]] = [["", "2026-01"], ["Bo", "12,000"]]
    assert list(found(alone).values()) == ["12000.00"]
    assert list(found(alone, reading(mark=",")).values()) == ["12.00"]
    assert list(found([["", "2026-01"], ["Bo", "45 %"]], reading("win_rate")).values()) == ["0.45"]


def test_three_decimals_of_a_currency_that_has_them_are_asked_about() -> None:
    dinars = plan(PLAN.replace("EUR", "KWD"))
    how = Reading(dinars, dinars.metrics["revenue"])
    (wrong,) = problems([["", "2026-01"], ["Bo", "12,000"]], how)
    assert "say with --decimal which mark begins the decimals" in wrong
    assert list(found([["", "2026-01"], ["Bo", "12,000"]], Reading(dinars, how.metric, mark=",")).values()) == [
        "12.000"
    ]
