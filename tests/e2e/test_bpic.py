"""A bank's work items end to end: calls and applications per employee and day, equal to a direct count."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.e2e.cli import Json, Quotaflow
from tests.oracle import bpic

BPIC = "bpic2012-work-items"
METRICS = {*bpic.METRICS.values()}


@pytest.fixture(scope="module")
def reported(root: Path, shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Json]:
    """Every standing of the log, replayed with its example plan."""
    flow = Quotaflow.embedded(tmp_path_factory.mktemp("bpic"))
    flow.run("plan", "apply", root / "deploy" / "examples" / BPIC)
    flow.run("replay", shared_data / BPIC, "--format", BPIC, "--wait")
    return flow.standings()


@pytest.fixture(scope="module")
def expected(shared_data: Path) -> Counter[tuple[str, str, str]]:
    return bpic.counts(shared_data / BPIC / "work_items.csv.gz")


def counted(standings: Iterable[Json], length: int) -> Counter[tuple[str, str, str]]:
    """What is not zero per (metric, scope, period), of periods whose ids are so long: 10 for days, 7 for months."""
    return Counter(
        {
            (metric, standing["scope"], standing["period"]): standing["metrics"][metric]["value"]
            for standing in standings
            for metric in METRICS
            if len(standing["period"]) == length and "W" not in standing["period"]
            if standing["metrics"][metric]["value"]
        }
    )


def test_every_employee_and_day_is_counted_as_in_the_file(
    reported: list[Json], expected: Counter[tuple[str, str, str]]
) -> None:
    found = counted((each for each in reported if each["scope"].startswith(("rep:", "unassigned"))), 10)
    assert found == expected
    assert found.total() == 27_908


def test_the_desk_and_the_company_are_the_sum_of_their_employees(
    reported: list[Json], expected: Counter[tuple[str, str, str]]
) -> None:
    for length in (10, 7):
        sums: Counter[tuple[str, str]] = Counter()
        for (metric, scope, day), count in expected.items():
            if scope != bpic.UNASSIGNED:
                sums[metric, day[:length]] += count
        for scope in ("team:loan-desk", "company"):
            found = counted((each for each in reported if each["scope"] == scope), length)
            assert {(metric, period): count for (metric, _, period), count in found.items()} == sums


def test_work_that_nobody_is_named_for_is_shown_as_unassigned(
    reported: list[Json], expected: Counter[tuple[str, str, str]]
) -> None:
    nobodys = sum(count for (_, scope, _), count in expected.items() if scope == bpic.UNASSIGNED)
    found = counted((each for each in reported if each["scope"] == bpic.UNASSIGNED), 10)
    assert found.total() == nobodys > 0
