from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota.calendars import WorkCalendar
from quota.quarters import A_DAY, LocalDays, quarter_of
from schemas.plan import Calendar

OFFSETS = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
ZONES = st.sampled_from(["America/Chicago", "Asia/Kathmandu", "Africa/Monrovia", "Pacific/Apia", "Australia/Lord_Howe"])
SECONDS = st.integers(86_400, 229 * 365 * 86_400)
moments = st.builds(datetime.fromtimestamp, SECONDS, OFFSETS | ZONES.map(ZoneInfo))


@given(moment=moments)
def test_a_quarter_is_one_of_greenwich(moment: datetime) -> None:
    there = moment.astimezone(UTC)
    assert quarter_of(moment) == (there - datetime(1, 1, 1, tzinfo=UTC)) // timedelta(minutes=15) + A_DAY
    assert quarter_of(moment) // A_DAY == there.toordinal()


@given(among=st.lists(moments, min_size=1, max_size=20), zone=ZONES)
def test_a_local_day_is_what_the_calendar_says(among: list[datetime], zone: str) -> None:
    calendar = WorkCalendar(Calendar(id="here", zone=zone))
    days = LocalDays(calendar)
    for moment in [*among, *among]:
        for near in (moment, moment + timedelta(minutes=14), moment - timedelta(minutes=14)):
            assert days.name(quarter_of(near), near) == near.astimezone(ZoneInfo(zone)).date().isoformat()


@pytest.mark.parametrize(
    "zone", [timezone(timedelta(minutes=7)), timezone(-timedelta(minutes=7)), ZoneInfo("Asia/Tokyo")]
)
@pytest.mark.parametrize("year", [1, 9999])
def test_moments_without_an_equal_in_greenwich_are_no_failure(year: int, zone: timezone) -> None:
    for moment in (datetime(year, 1, 1, tzinfo=zone), datetime(year, 12, 31, 23, 59, tzinfo=zone)):
        assert abs(quarter_of(moment) // A_DAY - moment.toordinal()) <= 1
