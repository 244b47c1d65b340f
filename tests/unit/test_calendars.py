from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from quota.calendars import WorkCalendar
from quota.errors import InvalidRecord
from schemas.plan import Calendar

zones = st.sampled_from(
    ["America/Chicago", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Auckland", "UTC"]
)
hours = st.sampled_from([("09:00", "18:00"), ("00:00", "23:59"), ("00:30", "12:00"), ("06:15", "22:45")])
days = st.dates(date(2024, 1, 1), date(2028, 12, 31))
minutes = st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 31)).map(  # noqa: DTZ001 - the zone follows
    lambda moment: moment.replace(second=0, microsecond=0, tzinfo=UTC)
)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    starts, ends = draw(hours)
    return Calendar(
        "any",
        draw(zones),
        working_days=tuple(sorted(draw(st.sets(st.integers(0, 6))))),
        starts=starts,
        ends=ends,
        holidays={day.isoformat(): "off" for day in draw(st.lists(days, max_size=5))},
    )


def counted_minutes(calendar: Calendar, start: datetime, end: datetime) -> int:
    """Working minutes between two moments, one by one."""
    zone = ZoneInfo(calendar.zone)
    opened, closed = time.fromisoformat(calendar.starts), time.fromisoformat(calendar.ends)
    found = 0
    while start < end:
        local = start.astimezone(zone)
        off = local.weekday() not in calendar.working_days or local.date().isoformat() in calendar.holidays
        found += not off and opened <= local.time() < closed
        start += timedelta(minutes=1)
    return found


@settings(max_examples=40)
@given(calendar=calendars(), start=minutes, length=st.integers(0, 4 * 1440))
def test_working_seconds_are_what_counting_minutes_gives(calendar: Calendar, start: datetime, length: int) -> None:
    end = start + timedelta(minutes=length)
    assert WorkCalendar(calendar).working_seconds(start, end) == 60 * counted_minutes(calendar, start, end)


@pytest.mark.parametrize(
    ("zone", "change"),
    [
        ("America/Chicago", "2026-03-08"),
        ("America/Chicago", "2026-11-01"),
        ("Europe/Berlin", "2026-03-29"),
        ("Europe/Berlin", "2026-10-25"),
        ("Australia/Lord_Howe", "2026-04-05"),
    ],
)
@pytest.mark.parametrize("span", [("00:00", "23:59"), ("09:00", "18:00")])
def test_a_day_on_which_clocks_change_has_the_time_that_really_passes(
    zone: str, change: str, span: tuple[str, str]
) -> None:
    calendar = Calendar("any", zone, working_days=tuple(range(7)), starts=span[0], ends=span[1])
    ready = WorkCalendar(calendar)
    start = ready.start_of(date.fromisoformat(change))
    end = ready.start_of(date.fromisoformat(change) + timedelta(days=1))
    passed = ready.working_seconds(start, end)
    assert passed == 60 * counted_minutes(calendar, start.astimezone(UTC), end.astimezone(UTC))
    assert (passed != ready.day_seconds) == (span[0] == "00:00")


def test_hours_that_the_clocks_skip_are_no_working_time() -> None:
    ready = WorkCalendar(
        Calendar("night", "America/Chicago", working_days=tuple(range(7)), starts="02:50", ends="03:10")
    )
    seconds = [
        ready.working_seconds(ready.start_of(date(2026, 3, day)), ready.start_of(date(2026, 3, day + 1)))
        for day in (7, 8, 9)
    ]
    assert seconds == [1200, 0, 1200]


@given(calendar=calendars(), moments=st.tuples(minutes, minutes, minutes))
def test_working_time_adds_up_over_years(calendar: Calendar, moments: tuple[datetime, datetime, datetime]) -> None:
    first, middle, last = sorted(moments)
    ready = WorkCalendar(calendar)
    whole = ready.working_seconds(first, last)
    assert whole == ready.working_seconds(first, middle) + ready.working_seconds(middle, last)
    assert ready.working_seconds(last, first) == 0


@given(calendar=calendars(), start=days, length=st.integers(-5, 800))
def test_working_days_are_what_counting_days_gives(calendar: Calendar, start: date, length: int) -> None:
    end = start + timedelta(days=length)
    one_by_one = [start + timedelta(days=number) for number in range(length)]
    working = [
        day for day in one_by_one if day.weekday() in calendar.working_days and day.isoformat() not in calendar.holidays
    ]
    assert WorkCalendar(calendar).working_days(start, end) == len(working)


@pytest.mark.parametrize(("year", "length"), [(2000, 366), (2023, 365), (2096, 366), (2100, 365), (2104, 366)])
def test_a_year_has_its_days_at_the_turn_of_centuries_too(year: int, length: int) -> None:
    ready = WorkCalendar(Calendar("any", "UTC", working_days=tuple(range(7))))
    first, next_first = date(year, 1, 1), date(year + 1, 1, 1)
    assert ready.working_days(first, next_first) == length
    assert ready.working_seconds(ready.start_of(first), ready.start_of(next_first)) == length * ready.day_seconds


def test_there_are_no_working_days_back_in_time() -> None:
    assert WorkCalendar(Calendar("any", "UTC")).working_days(date(2026, 5, 29), date(2026, 5, 4)) == 0


@given(calendar=calendars(), day=days)
def test_a_day_begins_where_the_local_day_changes(calendar: Calendar, day: date) -> None:
    ready = WorkCalendar(calendar)
    start = ready.start_of(day)
    assert ready.local_day(start) == day
    assert ready.local_day(start.astimezone(UTC) - timedelta(seconds=1)) == day - timedelta(days=1)


offsets = st.builds(
    timezone, st.integers(-1439, 1439).map(lambda minutes: timedelta(minutes=minutes))
) | st.sampled_from(
    [UTC, ZoneInfo("America/St_Johns"), *(timezone(timedelta(minutes=15 * quarters)) for quarters in range(-40, 41))]
)


@pytest.mark.parametrize(
    "zone", ["Africa/Monrovia", "America/St_Johns", "Australia/Lord_Howe", "America/Chicago", "Pacific/Apia"]
)
@given(data=st.data())
def test_local_days_are_the_zones_also_of_moments_close_together(zone: str, data: st.DataObject) -> None:
    ready = WorkCalendar(Calendar("any", zone))  # Monrovia's clocks went by 44 minutes and 30 seconds until 1972
    midnight = ready.start_of(data.draw(st.dates(date(1970, 1, 2), date(2030, 1, 1)))).astimezone(UTC)
    seconds = st.integers(-2000, 2000) | st.sampled_from([-1, 0, 1, 29, 30, 31])
    for offset in data.draw(st.lists(seconds, min_size=2, max_size=12)):
        moment = midnight + timedelta(seconds=offset, microseconds=data.draw(st.sampled_from([0, 999_999])))
        said = moment.astimezone(data.draw(offsets))
        assert ready.local_day(said) == moment.astimezone(ZoneInfo(zone)).date()


def test_a_day_begins_later_where_clocks_skip_midnight() -> None:
    ready = WorkCalendar(Calendar("sp", "America/Sao_Paulo"))
    assert ready.start_of(date(2018, 11, 4)).timestamp() == datetime(2018, 11, 4, 3, tzinfo=UTC).timestamp()
    assert ready.start_of(date(2018, 11, 5)).timestamp() == datetime(2018, 11, 5, 2, tzinfo=UTC).timestamp()


@given(calendar=calendars(), at=minutes, back=st.none() | st.integers(0, 20 * 1440))
def test_the_ended_working_day_is_the_last_whose_hours_ended_in_between(
    calendar: Calendar, at: datetime, back: int | None
) -> None:
    ready = WorkCalendar(calendar)
    previous = None if back is None else at - timedelta(minutes=back)
    ended = []
    for number in range(-1, 60):
        day = at.date() + timedelta(days=1 - number)
        if day.weekday() in calendar.working_days and day.isoformat() not in calendar.holidays:
            end = datetime.combine(day, time.fromisoformat(calendar.ends), tzinfo=ZoneInfo(calendar.zone))
            if end.astimezone(UTC) <= at and (previous is None or end.astimezone(UTC) > previous):
                ended.append(day)
    assert ready.ended_working_day(previous, at) == (max(ended) if ended else None)


def test_a_working_day_ends_on_the_minute_and_once() -> None:
    ready = WorkCalendar(Calendar("chi", "America/Chicago"))
    end = datetime(2026, 11, 20, 18, tzinfo=ZoneInfo("America/Chicago"))
    second = timedelta(seconds=1)
    assert ready.ended_working_day(end - second, end) == date(2026, 11, 20)
    assert ready.ended_working_day(end, end + second) is None
    assert ready.ended_working_day(end - second - second, end - second) is None
    assert ready.ended_working_day(None, end - second) == date(2026, 11, 19)
    assert ready.ended_working_day(end - timedelta(days=5), end + timedelta(days=1)) == date(2026, 11, 20)


def test_hours_are_those_of_the_zone_and_none_on_a_day_off() -> None:
    ready = WorkCalendar(Calendar("b", "Europe/Berlin", starts="08:00", ends="16:30", holidays={"2026-05-01": "May"}))
    hours = ready.hours(date(2026, 5, 4))
    assert hours is not None
    assert [moment.isoformat() for moment in hours] == ["2026-05-04T08:00:00+02:00", "2026-05-04T16:30:00+02:00"]
    assert ready.hours(date(2026, 5, 1)) is None
    assert ready.hours(date(2026, 5, 2)) is None
    assert ready.day_seconds == 8.5 * 3600


@pytest.mark.parametrize("zone", ["Mars/Base", "../etc/passwd", "", "America"])
def test_a_zone_that_does_not_exist_is_refused_by_name(zone: str) -> None:
    with pytest.raises(InvalidRecord, match="calendar any"):
        WorkCalendar(Calendar("any", zone))


@pytest.mark.parametrize("ends", ["06:00", "22:00"])
def test_hours_that_do_not_end_after_they_start_are_refused(ends: str) -> None:
    with pytest.raises(InvalidRecord, match=ends):
        WorkCalendar(Calendar("night", "UTC", starts="22:00", ends=ends))


def test_the_last_working_day_is_looked_for_during_a_year_and_a_little() -> None:
    worked = date(2026, 1, 5)
    off = {(worked + timedelta(days=number)).isoformat(): "closed" for number in range(1, 400)}
    ready = WorkCalendar(Calendar("long", "UTC", working_days=tuple(range(7)), holidays=off))
    evening = datetime(2026, 1, 5, 22, tzinfo=UTC)
    assert ready.ended_working_day(None, evening + timedelta(days=369)) == worked
    assert ready.ended_working_day(None, evening + timedelta(days=370)) is None


def test_a_calendar_that_never_works_has_no_working_time() -> None:
    ready = WorkCalendar(Calendar("closed", "UTC", working_days=()))
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    assert ready.working_seconds(start, end) == 0
    assert ready.ended_working_day(None, end) is None


@given(
    calendar=calendars(), away=st.lists(st.tuples(days, st.integers(-3, 400)), max_size=3), start=minutes,
    length=st.integers(0, 900 * 1440),
)  # fmt: skip
def test_one_who_is_away_has_these_days_off_as_if_they_were_holidays(
    calendar: Calendar, away: list[tuple[date, int]], start: datetime, length: int
) -> None:
    spans = [(first, first + timedelta(days=count)) for first, count in away]
    off = {(first + timedelta(days=n)).isoformat(): "away" for first, count in away for n in range(count)}
    whole, end = WorkCalendar(calendar), start + timedelta(minutes=length)
    own, same = whole.without(spans), WorkCalendar(replace(calendar, holidays=calendar.holidays | off))
    assert own.working_seconds(start, end) == same.working_seconds(start, end)
    assert own.working_days(start.date(), end.date()) == same.working_days(start.date(), end.date())
    assert own.hours(start.date()) == same.hours(start.date())
    assert own.local_day(start) == whole.local_day(start)
    assert whole.working_days(start.date(), end.date()) >= own.working_days(start.date(), end.date())
