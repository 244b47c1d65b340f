"""What days add up to by period is what the days of each period add up to."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from quota.calendars import WorkCalendar
from quota.cells import add
from quota.periods import period_of
from quota.sums import by_period, day_of, split
from schemas.credits import Parts
from tests.unit.any_calendars import KINDS, calendars

PARTS = ("calls_placed", "revenue", "won_age|3", "lead|l1", "lead|l2")

days = st.dictionaries(
    st.dates(date(2024, 12, 1), date(2026, 2, 10)).map(date.isoformat),
    st.dictionaries(st.sampled_from(PARTS), st.integers(-2, 2).filter(bool), min_size=1),
    max_size=40,
)
kinds = st.lists(st.sampled_from(KINDS), unique=True)


@given(days=days, kinds=kinds, calendar=calendars())
def test_every_period_adds_up_its_own_days(days: dict[str, Parts], kinds: list[str], calendar: WorkCalendar) -> None:
    direct: dict[tuple[str, str], Parts] = {}
    for day, parts in days.items():
        for kind in kinds:
            add(direct.setdefault((kind, period_of(kind, day_of(day), calendar).id), {}), parts)
    found = by_period(days, kinds, calendar)
    assert {(period.kind, period.id): parts for period, parts in found} == direct
    assert len(found) == len(direct)
    assert all(period == period_of(period.kind, period.start, calendar) for period, _ in found)


def test_a_change_is_split_by_where_it_counts() -> None:
    change = {
        "open|lead": 1,
        "open_amount|lead": 5,
        "won_deal|d1": 7,
        "lead|l1": 2,
        "won_age|3": 1,
        "deals_won": 1,
        "calls_placed": 4,
    }
    opened, rest, closed, won = split(change)
    assert opened == {"open|lead": 1, "open_amount|lead": 5}
    assert rest == {"lead|l1": 2, "won_age|3": 1, "deals_won": 1, "calls_placed": 4}
    assert closed == {"won_age|3": 1, "deals_won": 1}
    assert won
