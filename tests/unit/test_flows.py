from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota.flows import Change, Flow, Pipeline, flow
from quota.journeys import journey
from quota.periods import parse_period
from schemas.deals import DealChanged
from tests.unit.floor import PLAN, moments, noon, usd
from tests.unit.test_deals import change, record, some_changes

JUNE = parse_period("2026-06", PLAN.calendar("company"))
START, END = (PLAN.calendar("company").start_of(day) for day in (JUNE.start, JUNE.end))
histories = st.lists(some_changes, min_size=1, max_size=4)


def flowed(*facts: DealChanged, scope: str = "rep:ben", closing: bool = False) -> dict[str, tuple[int, int]]:
    """What is not nothing of June's flow."""
    found = flow([journey(record(*facts), PLAN)], Pipeline(scope, PLAN, JUNE if closing else None), START, END)
    said = {"start": found.start, **found.changes, "end": found.end}
    assert balanced(found)
    return {name: (each.count, each.amount) for name, each in said.items() if each != Change()}


def balanced(found: Flow) -> bool:
    count = found.start.count + sum(each.count for each in found.changes.values())
    amount = found.start.amount + sum(each.amount for each in found.changes.values())
    return (count, amount) == (found.end.count, found.end.amount)


@given(histories, st.sampled_from([*PLAN.scopes]), st.booleans(), moments, moments)
def test_the_start_and_all_changes_are_the_end(
    told: list[list[DealChanged]],
    scope: str,
    closing: bool,  # noqa: FBT001
    one: datetime,
    other: datetime,
) -> None:
    journeys = [journey(record(*facts), PLAN) for facts in told]
    pipeline = Pipeline(scope, PLAN, JUNE if closing else None)
    assert balanced(flow(journeys, pipeline, min(one, other), max(one, other)))


@given(histories, st.sampled_from([*PLAN.scopes]), moments, moments, moments)
def test_two_spells_add_up_to_the_one_that_both_make(
    told: list[list[DealChanged]], scope: str, one: datetime, two: datetime, three: datetime
) -> None:
    start, middle, end = sorted((one, two, three))
    journeys, pipeline = [journey(record(*facts), PLAN) for facts in told], Pipeline(scope, PLAN)
    first, second, both = (flow(journeys, pipeline, *ends) for ends in ((start, middle), (middle, end), (start, end)))
    assert first.end == second.start
    for reason, change_ in both.changes.items():
        parts = first.changes[reason], second.changes[reason]
        assert (change_.count, change_.amount) == (sum(p.count for p in parts), sum(p.amount for p in parts))


@given(histories)
def test_at_the_end_of_time_what_is_open_is_what_deals_say(told: list[list[DealChanged]]) -> None:
    journeys = [journey(record(*facts), PLAN) for facts in told]
    after = datetime(2030, 1, 1, tzinfo=UTC)
    found = flow(journeys, Pipeline("company", PLAN), after, after)
    states = [each.states[-1] for each in journeys]
    assert found.start.count == sum(state.open and state.owner != "unassigned" for state in states)
    assert found.start == found.end


BEN = {"owner": "ben", "amount": usd(100)}
APRIL = change("2026-04-01", "engaging", **BEN)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ((change("2026-06-02", "engaging", **BEN),), {"new": (1, 100_00), "end": (1, 100_00)}),
        ((APRIL, change("2026-06-02", "won")), {"start": (1, 100_00), "won": (-1, -100_00)}),
        ((APRIL, change("2026-06-02", "lost", amount=usd(0))), {"start": (1, 100_00), "lost": (-1, -100_00)}),
        (
            (APRIL, change("2026-05-02", "lost"), change("2026-06-02", "proposal")),
            {"reopened": (1, 100_00), "end": (1, 100_00)},
        ),
        (
            (APRIL, change("2026-06-02", amount=usd(130)), change("2026-06-03", amount=usd(110))),
            {"start": (1, 100_00), "increased": (0, 30_00), "decreased": (0, -20_00), "end": (1, 110_00)},
        ),
        ((APRIL, change("2026-06-02", owner="cara")), {"start": (1, 100_00), "transferred_out": (-1, -100_00)}),
        (
            (change("2026-04-01", "engaging", "cara", amount=usd(5)), change("2026-06-02", owner="ben")),
            {"transferred_in": (1, 5_00), "end": (1, 5_00)},
        ),
        ((APRIL, change("2026-06-02", deleted=True)), {"start": (1, 100_00), "deleted": (-1, -100_00)}),
        ((APRIL, change("2026-06-02", "odd")), {"start": (1, 100_00), "unstaged": (-1, -100_00)}),
        ((APRIL, change("2026-07-01", "won")), {"start": (1, 100_00), "end": (1, 100_00)}),
        ((change("2026-06-02", "won", **BEN),), {}),
    ],
)
def test_each_change_has_its_reason(facts: tuple[DealChanged, ...], expected: dict[str, tuple[int, int]]) -> None:
    assert flowed(*facts) == expected


def test_a_deal_within_one_team_is_transferred_between_its_reps_and_not_for_the_team() -> None:
    facts = (APRIL, change("2026-06-02", owner="anna-snelling"))
    assert flowed(*facts, scope="team:dustin") == {"start": (1, 100_00), "end": (1, 100_00)}
    assert flowed(*facts, scope="rep:anna-snelling") == {"transferred_in": (1, 100_00), "end": (1, 100_00)}


def test_a_close_date_that_moves_pulls_in_and_pushes_out() -> None:
    def due(day: str, close: Any) -> DealChanged:
        return change(day, expected_close=close, id=f"{day}-{close}")

    began = change("2026-04-01", "engaging", expected_close="2026-07-20", **BEN)
    assert flowed(began, due("2026-06-02", "2026-06-20"), closing=True) == {
        "pulled_in": (1, 100_00),
        "end": (1, 100_00),
    }
    assert flowed(began, due("2026-05-02", "2026-06-20"), due("2026-06-19", "2026-07-03"), closing=True) == {
        "start": (1, 100_00),
        "pushed_out": (-1, -100_00),
    }
    assert flowed(began, closing=True) == {}


def test_what_a_deal_was_is_told_as_of_right_before_a_moment() -> None:
    found = journey(record(APRIL, change("2026-06-02", "won")), PLAN)
    assert found.at(noon("2026-04-01")) is None
    before = found.at(noon("2026-06-02"))
    assert before is not None
    assert (before.open, before.owner, before.amount, before.expected_close) == (True, "rep:ben", 100_00, None)
    dated = journey(record(change("2026-04-01", "engaging", expected_close="2026-06-20")), PLAN)
    assert dated.states[0].expected_close == date(2026, 6, 20)
