"""The table of standings in terminals of any width."""

from io import StringIO

import pytest
from rich.console import Console

from quota.periods import period_of
from quota.standings import standing
from schemas.standings import Standing
from streams.commands.standings_table import COLUMNS, EXPENDABLE, standings_table
from tests.unit.floor import PLAN, noon

AT = noon("2026-03-18")
PARTS = {"deals_won": 3, "revenue": 1_234_567_00, "won_age|20": 3, "deals_lost": 2}


def some() -> list[Standing]:
    """Standings of a quarter, of all scopes that have quotas."""
    quarter = period_of("quarter", AT.date(), PLAN.calendar("company"))
    return [standing(scope, quarter, PARTS, {}, PLAN, AT) for scope in PLAN.scopes if PLAN.quotas(scope, quarter)]


def printed(width: int) -> list[str]:
    console = Console(file=StringIO(), width=width, highlight=False)
    console.print(standings_table(some(), PLAN, width))
    file = console.file
    assert isinstance(file, StringIO)
    return file.getvalue().splitlines()


@pytest.mark.parametrize("width", [70, 80, 100, 120, 160, 300])
def test_what_is_shown_is_shown_in_full(width: int) -> None:
    lines = printed(width)
    assert all(len(line) <= width for line in lines)
    assert not any("…" in line for line in lines)
    header = lines[0].split("  ")
    assert {"scope", "period", "quota", "attainment", "status"} <= {name.strip() for name in header}


def test_a_wide_terminal_has_every_column_and_a_narrow_one_says_how_many_are_missing() -> None:
    assert [name for name in COLUMNS if name in printed(300)[0]] == [*COLUMNS]
    narrow = printed(70)
    missing = [name for name in COLUMNS if name not in narrow[0]]
    assert missing
    assert set(missing) <= set(EXPENDABLE)
    assert narrow[-1].startswith(f"{len(missing)} more columns in a wider terminal")
