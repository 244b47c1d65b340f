"""Any fact of our own schemas, for properties."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
from hypothesis import strategies as st

from schemas.activities import Activity
from schemas.deals import DealChanged
from schemas.fields import Money
from schemas.meetings import MeetingChanged
from streams.replay import AnyFact

GOOD: dict[str, Any] = {
    "type": "activity",
    "id": "e-1",
    "source": "phone",
    "occurred_at": "2017-03-01T12:00:00+01:00",
    "performer": "anna",
    "activity": "call_placed",
}
"""One of them, as JSON."""
names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
moments = st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.astimezone(timezone(timedelta(minutes=moment.minute * 15 - 450)))
)
money = st.builds(Money, st.integers(-(10**15), 10**15), st.from_regex(r"[A-Z]{3}", fullmatch=True))
versions = st.integers(0, 10**9)


def absent_null_or(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.just(msgspec.UNSET) | st.none() | values


talks: dict[str, st.SearchStrategy[Any]] = {
    "contact": st.none() | names,
    "seniority": st.none() | names,
    "role": st.none() | names,
    "seconds": st.none() | st.integers(0, 10**6),
    "two_way": st.none() | st.booleans(),
    "meaningful": st.none() | st.booleans(),
}
activities = st.builds(
    Activity,
    names,
    names,
    moments,
    names,
    names,
    lead=st.none() | names,
    version=versions,
    quiet=st.booleans(),
    **talks,
)
deals = st.builds(
    DealChanged,
    id=names,
    source=names,
    occurred_at=moments,
    deal=names,
    owner=absent_null_or(names),
    stage=absent_null_or(names),
    amount=absent_null_or(money),
    cost=absent_null_or(money),
    created_at=absent_null_or(moments),
    expected_close=absent_null_or(st.dates().map(lambda day: day.isoformat())),
    lead=absent_null_or(names),
    account=absent_null_or(names),
    deleted=st.just(msgspec.UNSET) | st.booleans(),
    version=versions,
)
meetings = st.builds(
    MeetingChanged,
    id=names,
    source=names,
    occurred_at=moments,
    meeting=names,
    organizer=st.none() | names,
    state=st.sampled_from([None, "booked", "held", "no_show", "cancelled"]),
    starts_at=st.none() | moments,
    ends_at=st.none() | moments,
    **talks,
)
any_fact: st.SearchStrategy[AnyFact] = activities | deals | meetings
