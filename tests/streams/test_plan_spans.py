"""Spans of days in a plan: which overlap, and between which there is a hole, each told with both places."""

from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.plans import PlanError, load
from streams.plans.holes import holes

HEAD = "company: {name: A, currency: EUR}\ncalendars: [{id: default, zone: UTC}]\nteams: [{id: x}, {id: y}]\n"
days = st.integers(1, 9).map(lambda day: f"2026-01-0{day}")
spans = st.tuples(st.none() | days, st.none() | days).filter(lambda span: None in span or str(span[0]) < str(span[1]))
Span = tuple[str | None, str | None]


def written(span: Span) -> str:
    return "".join(f", {key}: {day}" for key, day in zip(("from", "until"), span, strict=True) if day)


def quotas(given: list[Span]) -> str:
    lines = [
        f"  - {{id: q{n}, scope: company, metric: revenue, period: day, target: {n}{written(span)}}}"
        for n, span in enumerate(given)
    ]
    return HEAD + "quotas:\n" + "\n".join(lines) + "\n"


def reps(given: list[Span]) -> str:
    lines = [f"      - {{team: {'xy'[n % 2]}{written(span)}}}" for n, span in enumerate(given)]
    return HEAD + "reps:\n  - id: ann\n    teams:\n" + "\n".join(lines) + "\n"


def told(text: str) -> tuple[list[str], list[str]]:
    """The mistakes and the holes of a plan."""
    with TemporaryDirectory() as folder:
        Path(folder, "plan.yaml").write_text(text)
        try:
            load(Path(folder))
        except PlanError as error:
            return [str(problem) for problem in error.problems], []
        return [], [str(hole) for hole in holes(Path(folder))]


def lasting(span: Span) -> set[int]:
    """The days of a span; those before and after all others are 0 and 10."""
    first, last = (0 if span[0] is None else int(span[0][-1])), (11 if span[1] is None else int(span[1][-1]))
    return set(range(first, last))


@settings(deadline=None)
@given(given=st.lists(spans, min_size=1, max_size=5))
def test_every_quota_that_overlaps_with_an_earlier_one_is_told_and_so_is_every_hole(given: list[Span]) -> None:
    mistakes, found = told(quotas(given))
    overlapping = {b for a, b in combinations(sorted(range(len(given)), key=lambda n: given[n][0] or ""), 2)
                   if lasting(given[a]) & lasting(given[b])}  # fmt: skip
    assert {line.split(": ")[0] for line in mistakes} == {f"plan.yaml:{5 + n}" for n in overlapping}
    assert all(" beside plan.yaml:" in line for line in mistakes)
    if not mistakes:
        covered = set[int]().union(*map(lasting, given))
        inside = {day for day in range(min(covered), max(covered)) if day not in covered}
        edges = sum(day - 1 in covered for day in inside)
        assert len(found) == edges


@settings(deadline=None)
@given(given=st.lists(spans, min_size=1, max_size=4))
def test_a_rep_is_in_one_team_a_day_and_days_between_two_teams_are_pointed_at(given: list[Span]) -> None:
    mistakes, found = told(reps(given))
    pairs = [pair for pair in combinations(given, 2) if lasting(pair[0]) & lasting(pair[1])]
    assert bool(mistakes) == bool(pairs)
    assert all("on the same days (see plan.yaml:" in line for line in mistakes)
    if not mistakes:
        covered = set[int]().union(*map(lasting, given))
        inside = {day for day in range(min(covered), max(covered)) if day not in covered}
        assert len(found) == sum(day - 1 in covered for day in inside)


def test_a_hole_is_told_with_both_places_and_its_days() -> None:
    _, (hole,) = told(quotas([("2026-01-05", None), (None, "2026-01-02")]))
    assert hole == (
        "plan.yaml:5: company has no revenue quota per day from 2026-01-02 until 2026-01-05, after plan.yaml:6; "
        "this may be meant; else let one span end where the next starts"
    )
    _, (hole,) = told(reps([(None, "2026-01-02"), ("2026-01-05", None)]))
    assert hole.startswith(
        "plan.yaml:8: rep 'ann' belongs to no team from 2026-01-02 until 2026-01-05, after plan.yaml:7;"
    )
