from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from quota.cells import add
from quota.shares import Share, answering, difference, together

START = datetime(2026, 3, 2, tzinfo=UTC)
parts = st.dictionaries(st.sampled_from("abc"), st.sampled_from([-2, 1, 2]), min_size=1)
shares = st.lists(st.tuples(st.sampled_from(["rep:x", "rep:y"]), st.sampled_from(["2026-03-02", "2026-03-03"]), parts))
owners = st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["rep:x", "rep:y", "unassigned"])), max_size=5).map(
    sorted
)


@given(same=shares, before=shares, after=shares)
def test_a_difference_added_to_what_was_makes_what_is(
    same: list[Share], before: list[Share], after: list[Share]
) -> None:
    one, other = (*same, *before), (*same, *after)
    total = together(one)
    found = difference(one, other)
    assert all(number for cell in found.values() for number in cell.values())
    for cell, change in found.items():
        assert change
        add(total.setdefault(cell, {}), change)
    assert {cell: held for cell, held in total.items() if held} == together(other)


@given(given_owners=owners, at=st.integers(-1, 10))
def test_who_answers_is_the_last_who_was_named_by_then_or_else_the_first(
    given_owners: list[tuple[int, str]], at: int
) -> None:
    named = tuple((START + timedelta(days=day), scope) for day, scope in given_owners)
    by_then = [scope for day, scope in given_owners if day <= at]
    expected = (by_then or [scope for _, scope in given_owners[:1]] or [None])[-1 if by_then else 0]
    assert answering(named, START + timedelta(days=at)) == (expected or "unassigned")
