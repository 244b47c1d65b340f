"""What time alone changes is said at every tick that is due, and only then."""

from datetime import UTC, date, datetime, timedelta
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from quota.calendars import WorkCalendar
from quota.periods import Period, period_of
from schemas.plan import Calendar
from streams.stages.passing import Passing, is_due

FRIDAY = datetime(2026, 3, 27, 16, tzinfo=UTC)
steps = st.lists(st.integers(1, 40) | st.sampled_from([600, 3000]), min_size=1, max_size=30)


def calendar(ends: str) -> WorkCalendar:
    return WorkCalendar(Calendar(id="office", zone="Europe/Amsterdam", ends=ends))


@given(steps, st.sampled_from(["17:00", "17:10", "18:07"]))
def test_after_a_tick_that_is_due_no_working_time_is_unsaid(minutes: list[int], ends: str) -> None:
    office, said = calendar(ends), FRIDAY
    before: datetime | None = None
    for passed in accumulate(minutes, initial=0):
        at = FRIDAY + timedelta(minutes=passed)
        if is_due(before, at):
            quarter = period_of("quarter", at.date(), office)
            said = at if Passing(office, before, at).ages(quarter, paced=True) else said
            assert office.working_seconds(said, at) == 0
        before = at


def test_time_without_work_changes_no_pace_but_begins_and_ends_periods() -> None:
    office = calendar("17:00")
    weekend = Passing(office, FRIDAY + timedelta(hours=3), FRIDAY + timedelta(hours=20))
    saturday = period_of("day", date(2026, 3, 28), office)
    quarter = period_of("quarter", date(2026, 3, 28), office)
    friday = Period("day", "2026-03-27", date(2026, 3, 27), date(2026, 3, 28))
    assert weekend.days == ["2026-03-27", "2026-03-28"]
    assert [weekend.ages(period, paced=True) for period in (friday, saturday, quarter)] == [True, True, False]
    assert not Passing(office, FRIDAY, FRIDAY + timedelta(minutes=20)).ages(quarter, paced=False)
