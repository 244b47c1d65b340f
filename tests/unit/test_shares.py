from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from quota.shares import answering

START = datetime(2026, 3, 2, tzinfo=UTC)
owners = st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["rep:x", "rep:y", "unassigned"])), max_size=5).map(
    sorted
)


@given(given_owners=owners, at=st.integers(-1, 10))
def test_who_answers_is_the_last_who_was_named_by_then_or_else_the_first(
    given_owners: list[tuple[int, str]], at: int
) -> None:
    named = tuple((START + timedelta(days=day), scope) for day, scope in given_owners)
    by_then = [scope for day, scope in given_owners if day <= at]
    first = given_owners[0][1] if given_owners else "unassigned"
    assert answering(named, START + timedelta(days=at)) == (by_then[-1] if by_then else first)
