from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota.errors import InvalidRecord
from quota.facts import identity, require_near, require_plausible
from quota.meetings import fold
from schemas.activities import Activity
from schemas.deals import DealChanged
from schemas.fields import Origin
from schemas.meetings import MeetingChanged
from tests.unit.floor import HERE, noon

names = st.text(alphabet="ab|%7C", max_size=4)


@given(first=st.tuples(names, names), second=st.tuples(names, names))
def test_two_facts_have_one_identity_only_if_source_and_id_agree(
    first: tuple[str, str], second: tuple[str, str]
) -> None:
    assert (identity(*first) == identity(*second)) == (first == second)


def test_an_identity_is_the_source_a_bar_and_the_id() -> None:
    assert identity("crm", "4|711") == "crm|4|711"


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1969, 12, 31, 23, 59, tzinfo=UTC),
        datetime(2200, 1, 1, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
        datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-14))),
        datetime(1970, 1, 1, 5, tzinfo=timezone(timedelta(hours=6))),
        datetime(2199, 12, 31, 19, tzinfo=timezone(timedelta(hours=-6))),
    ],
)
def test_moments_that_calendars_cannot_count_are_refused_by_field(moment: datetime) -> None:
    with pytest.raises(InvalidRecord, match="ends_at"):
        require_plausible(moment, "ends_at")


@pytest.mark.parametrize(
    "moment", [None, datetime(1970, 1, 1, tzinfo=UTC), datetime(2199, 12, 31, 23, 59, 59, tzinfo=UTC)]
)
def test_moments_within_bounds_pass(moment: datetime | None) -> None:
    require_plausible(moment, "occurred_at")


anywhen = st.builds(
    lambda seconds, hours: (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).astimezone(
        timezone(timedelta(hours=hours))
    ),
    st.integers(-(10**9), 7 * 10**9),
    st.integers(-14, 14),
)


@given(
    taken=st.integers(1, 5 * 10**12),
    days=st.sampled_from([1, 30, 366, 99_999]),
    at=anywhen | st.integers(-90_000, 90_000),
    created=st.booleans(),
)
def test_a_fact_is_refused_if_and_only_if_it_lies_more_days_than_that_after_it_was_taken(
    taken: int,
    days: int,
    at: datetime | int,
    created: bool,  # noqa: FBT001 - drawn
) -> None:
    latest = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=taken) + timedelta(days=days)
    moment = at if isinstance(at, datetime) else latest + timedelta(seconds=at)
    occurred = datetime(1970, 1, 1, tzinfo=UTC) if created else moment
    fact = DealChanged("1", "crm", occurred, "d", created_at=moment if created else None)
    if moment > latest:
        with pytest.raises(InvalidRecord, match=f"^{'created_at' if created else 'occurred_at'} is .*over {days} days"):
            require_near(fact, taken, days)
    else:
        require_near(fact, taken, days)


@pytest.mark.parametrize("taken", [0, -1])
def test_a_log_that_does_not_say_when_it_took_a_fact_judges_none(taken: int) -> None:
    require_near(Activity("1", "crm", datetime(2199, 1, 1, tzinfo=UTC), "ben", "call_placed"), taken, 1)


def test_a_fact_that_was_sent_quietly_is_the_same_fact() -> None:
    aloud, quietly = (
        MeetingChanged("1", "crm", noon("2026-05-04"), "m", "ben", "booked", quiet=quiet) for quiet in (False, True)
    )
    known = fold(None, [(quietly, HERE)])
    assert known == fold(None, [(aloud, HERE)])
    assert fold(known, [(aloud, Origin("again", 1, 1))]) is None
