"""Quotas come from a grid, as a user imports them."""

from pathlib import Path

import pytest

from streams.plans import load
from tests.agents.example import Quotaflow, write_plan
from tests.streams.books import write_book

GRID = 'Rep,Jan 2026,Feb 2026,Q2 2026\nAnn,12.000,"12.500,50 €",\nBob,7000,,\nWest,,,90.000\n'
QUOTAS = """\
# Quotas on revenue from 'grid.csv'.
quotas:
  - {scope: rep:ann, metric: revenue, period: month, target: 12000.00, from: 2026-01-01, until: 2026-02-01}
  - {scope: rep:ann, metric: revenue, period: month, target: 12500.50, from: 2026-02-01, until: 2026-03-01}
  - {scope: rep:bob, metric: revenue, period: month, target: 7000.00, from: 2026-01-01, until: 2026-02-01}
  - {scope: team:west, metric: revenue, period: quarter, target: 90000.00, from: 2026-04-01, until: 2026-07-01}
"""
TOTALS = """\
4 quotas on revenue for 3 scopes:
  2026-01      reps: 19,000.00 EUR in 2
  2026-02      reps: 12,500.50 EUR in 1
  2026-Q2      teams: 90,000.00 EUR in 1
"""
RULES = "rules:\n  - {id: celebrate, kind: deal_won}\n"


@pytest.fixture
def floor(tmp_path: Path) -> Quotaflow:
    (tmp_path / "grid.csv").write_text(GRID, encoding="utf-8")
    write_plan(tmp_path / "plan", RULES)
    return Quotaflow(tmp_path)


def test_a_grid_is_printed_as_quotas_with_its_totals_beside(floor: Quotaflow) -> None:
    said = floor.run(
        "quota", "import", floor.folder / "grid.csv", "--metric", "revenue", "--plan", floor.folder / "plan"
    )
    assert said.stdout == QUOTAS
    assert said.stderr == TOTALS


def test_the_names_are_those_of_the_plan_in_force_where_no_folder_is_given(floor: Quotaflow) -> None:
    floor.run("plan", "apply", floor.folder / "plan")
    assert floor.run("quota", "import", floor.folder / "grid.csv", "--metric", "revenue").stdout == QUOTAS


def test_what_is_written_into_a_plans_folder_is_part_of_the_plan(floor: Quotaflow) -> None:
    to = floor.folder / "plan" / "quotas-2026.yaml"
    command = ("quota", "import", floor.folder / "grid.csv", "--metric", "revenue", "--to", to)
    said = floor.run(*command, "--set-by", "Zoë", "--reason", 'said: "yes"').stdout
    assert said == TOTALS.replace(" scopes:", f" scopes in {to}:")
    assert "without mistakes" in floor.run("plan", "check", floor.folder / "plan").stdout
    quotas = load(floor.folder / "plan").quotas
    assert [(each.id, each.target) for each in quotas][:2] == [
        ("rep.ann.revenue.month.2026-01-01", "12000.00"),
        ("rep.ann.revenue.month.2026-02-01", "12500.50"),
    ]
    assert {(each.set_by, each.reason) for each in quotas} == {("Zoë", 'said: "yes"')}
    before = to.read_text()
    assert "is there already; name another file, or write over it with --replace" in floor.run(*command, code=1).stderr
    assert to.read_text() == before
    floor.run(*command, "--replace")
    assert to.read_text() == QUOTAS


def test_a_spreadsheet_is_read_by_the_sheet_that_is_named(floor: Quotaflow) -> None:
    rows: list[list[object]] = [["Rep", "2026-01", "Sum"], ["Ann", 1200.5, 1], ["Sum", 9, 9]]
    book = write_book(floor.folder / "grid.xlsx", Notes=[["x"]], Targets=rows)
    command = ("quota", "import", book, "--metric", "calls_placed", "--plan", floor.folder / "plan")
    assert "say which with --sheet: Notes, Targets" in floor.run(*command, code=1).stderr
    said = floor.run(*command, "--sheet", "Targets", "--ignore", "sum").stdout
    assert "# Quotas on calls_placed from 'grid.xlsx, sheet Targets'." in said
    assert "target: 1200.5, from: 2026-01-01, until: 2026-02-01" in said


def test_nothing_is_written_when_anything_is_wrong(floor: Quotaflow) -> None:
    (floor.folder / "grid.csv").write_text("Rep,Jan 2026,Foo\nAnn,x,1\nAnne,1,\n")
    to = floor.folder / "plan" / "quotas-2026.yaml"
    command = ("quota", "import", floor.folder / "grid.csv", "--metric", "revenue", "--to", to)
    said = floor.run(*command, code=1)
    assert [line.split(": ")[0] for line in said.stderr.splitlines()[:-1]] == [
        "grid.csv, row 2, column B",
        "grid.csv, row 1, column C",
        "grid.csv, row 3, column A",
    ]
    assert "3 problems in" in said.stderr
    assert "nothing was written" in said.stderr
    assert not to.exists()


def test_quotas_that_contradict_those_of_the_folder_are_not_written(floor: Quotaflow) -> None:
    quotas = "quotas:\n  - {scope: rep:ann, metric: revenue, period: month, target: 1}\n"
    write_plan(floor.folder / "plan", quotas)
    to = floor.folder / "plan" / "quotas-2026.yaml"
    said = floor.run("quota", "import", floor.folder / "grid.csv", "--metric", "revenue", "--to", to, code=1)
    assert "quotas-2026.yaml:3: a second revenue quota of rep:ann per month beside quotas.yaml:2" in said.stderr
    assert not to.exists()


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--metric", "revenu"), 2, "did you mean 'revenue'?"),
        (("--metric", "revenue", "--to", "x.yml"), 2, "a plan's files end in .yaml"),
        (("--metric", "revenue", "--sheet", "x"), 1, "grid.csv has no sheets"),
        (("--metric", "revenue", "--decimal", "."), 1, "grid.csv, row 2, column C"),
        (("--metric", "win_rate"), 1, "is above 1"),
    ],
)
def test_an_import_that_cannot_be_says_why(floor: Quotaflow, options: tuple[str, ...], code: int, said: str) -> None:
    result = floor.run(
        "quota", "import", floor.folder / "grid.csv", "--plan", floor.folder / "plan", *options, code=code
    )
    assert said in result.stderr
    assert result.stdout == ""


def test_targets_of_what_does_not_add_up_are_counted(floor: Quotaflow) -> None:
    (floor.folder / "grid.csv").write_text("Rep,2026-01\nAnn,45 %\nBob,0.5\n")
    command = ("quota", "import", floor.folder / "grid.csv", "--metric", "win_rate", "--plan", floor.folder / "plan")
    said = floor.run(*command)
    assert "target: 0.45," in said.stdout
    assert said.stderr.endswith("  2026-01      reps: 2\n")
