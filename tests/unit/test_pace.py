from datetime import UTC, date, datetime, timedelta
from math import exp, factorial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota.calendars import WorkCalendar
from quota.pace import Goal, Progress, assess, progress, unlikely
from quota.periods import period_of
from schemas.plan import Calendar
from tests.unit.floor import CHICAGO

WEEKDAYS = WorkCalendar(Calendar("chicago", "America/Chicago"))
HOLIDAYS = WorkCalendar(
    Calendar("chicago", "America/Chicago", holidays={"2026-12-24": "", "2026-12-25": "", "2026-12-31": ""})
)


def at(day: str, hour: int = 12) -> datetime:
    return datetime.fromisoformat(f"{day}T{hour:02d}:00:00").replace(tzinfo=CHICAGO)


def month(day: str, hour: int = 12, calendar: WorkCalendar = WEEKDAYS) -> Progress:
    return progress(calendar, period_of("month", date.fromisoformat(day), calendar), at(day, hour))


def elapsed(share: float, days_left: float = 10.0) -> Progress:
    return Progress(at("2026-12-01"), closed=False, elapsed=share, days_left=days_left, working=True)


COUNT = Goal(20, discrete=True)
MONEY = Goal(90_000_00)


def test_eight_of_23_working_days_are_34_8_percent_where_ten_of_31_days_are_32_3() -> None:
    evening = month("2026-12-10", 18)
    assert round(evening.elapsed, 3) == 0.348
    assert evening.elapsed == 8 / 23
    assert evening.days_left == 15


def test_todays_fraction_of_working_hours_counts() -> None:
    assert month("2026-12-01", 9).elapsed == 0
    assert month("2026-12-01", 12).elapsed == pytest.approx(3 / 9 / 23)
    assert month("2026-12-01", 12).days_left == 22.6667
    assert month("2026-12-01", 22) == Progress(
        at("2026-12-01", 22), closed=False, elapsed=1 / 23, days_left=22, working=True
    )


def test_holidays_are_out() -> None:
    assert month("2026-12-10", 18, HOLIDAYS).elapsed == 8 / 20
    assert month("2026-12-30", 18, HOLIDAYS).days_left == 0


def test_a_period_is_closed_at_its_end_in_the_calendars_zone() -> None:
    december = period_of("month", date(2026, 12, 5), WEEKDAYS)
    end = datetime(2027, 1, 1, tzinfo=CHICAGO)
    last = progress(WEEKDAYS, december, end.astimezone(UTC) - timedelta(seconds=1))
    assert (last.closed, last.elapsed, last.days_left) == (False, 1.0, 0.0)
    for moment in (end, end + timedelta(days=90)):
        closed = progress(WEEKDAYS, december, moment.astimezone(UTC))
        assert closed == Progress(end, closed=True, elapsed=1.0, days_left=0.0, working=True)
        assert closed.as_of.isoformat() == "2027-01-01T00:00:00-06:00"


def test_a_running_period_is_as_of_the_moment_in_the_calendars_zone() -> None:
    noon = datetime(2026, 12, 1, 18, tzinfo=UTC)
    found = progress(WEEKDAYS, period_of("month", date(2026, 12, 1), WEEKDAYS), noon)
    assert found.as_of.isoformat() == "2026-12-01T12:00:00-06:00"


def test_before_a_period_begins_nothing_of_it_has_elapsed() -> None:
    december = period_of("month", date(2026, 12, 5), WEEKDAYS)
    early = progress(WEEKDAYS, december, at("2026-10-01"))
    assert (early.closed, early.elapsed, early.days_left) == (False, 0.0, 23.0)


def test_a_day_off_has_no_working_time() -> None:
    sunday = period_of("day", date(2026, 12, 6), WEEKDAYS)
    found = progress(WEEKDAYS, sunday, at("2026-12-06"))
    assert (found.working, found.elapsed, found.days_left) == (False, 0.0, 0.0)
    over = progress(WEEKDAYS, sunday, at("2026-12-07"))
    assert (over.working, over.closed) == (False, True)


zones = st.sampled_from(["America/Chicago", "Europe/Berlin", "Australia/Lord_Howe"])


@given(
    zone=zones,
    kind=st.sampled_from(["day", "week", "month", "quarter", "year"]),
    weekdays=st.sets(st.integers(0, 6)),
    moments=st.tuples(st.integers(-86400, 500 * 86400), st.integers(0, 90 * 86400)),
)
def test_the_elapsed_share_never_falls_and_stays_between_0_and_1(
    zone: str, kind: str, weekdays: set[int], moments: tuple[int, int]
) -> None:
    calendar = WorkCalendar(Calendar("any", zone, working_days=tuple(weekdays), starts="01:30", ends="23:00"))
    period = period_of(kind, date(2026, 3, 8), calendar)
    start = calendar.start_of(period.start).astimezone(UTC)
    first, second = start + timedelta(seconds=moments[0]), start + timedelta(seconds=sum(moments))
    earlier, later = progress(calendar, period, first), progress(calendar, period, second)
    assert 0 <= earlier.elapsed <= later.elapsed <= 1
    assert earlier.days_left >= later.days_left >= 0
    assert later.closed == (calendar.local_day(second) >= period.end)


def poisson(at_most: int, mean: float) -> float:
    return sum(exp(-mean) * mean**number / factorial(number) for number in range(at_most + 1))


@pytest.mark.parametrize(
    ("attained", "expected", "probability", "status"),
    [(3, 10, 0.010, "behind"), (5, 10, 0.067, "at_risk"), (2, 4, 0.24, "at_risk")],
)
def test_a_low_count_is_behind_only_with_evidence(
    attained: int, expected: float, probability: float, status: str
) -> None:
    assert poisson(attained, expected) == pytest.approx(probability, rel=0.05)
    assert assess(Goal(expected * 2, discrete=True), attained, elapsed(0.5)).status == status


@given(attained=st.integers(0, 60), expected=st.floats(0.5, 90))
def test_evidence_is_a_poisson_probability_below_one_in_twenty(attained: int, expected: float) -> None:
    probability = poisson(attained, expected)
    if abs(probability - 0.05) > 1e-9:
        assert unlikely(attained, expected) == (probability < 0.05)


def test_evidence_begins_below_one_in_twenty() -> None:
    assert poisson(0, 2.9) == pytest.approx(0.055, abs=1e-3)
    assert not unlikely(0, 2.9)
    assert unlikely(0, 3.0)
    assert not unlikely(0, 0.0)


def test_what_is_not_counted_one_by_one_needs_no_evidence() -> None:
    assert assess(Goal(4), 1, elapsed(0.5)).status == "behind"
    assert assess(Goal(4, discrete=True), 1, elapsed(0.5)).status == "at_risk"


def test_a_large_count_needs_no_more_evidence_than_its_pace() -> None:
    assert unlikely(79, 100)
    assert assess(Goal(2000, discrete=True), 799, elapsed(0.5)).status == "behind"
    assert assess(Goal(200, discrete=True), 79, elapsed(0.5)).status == "behind"


@pytest.mark.parametrize(
    ("attained", "share", "days_left", "status"),
    [
        (90_000_00, 0.5, 10, "met"),
        (90_000_00, 0.05, 10, "met"),
        (90_000_00, 1.0, 0, "met"),
        (89_999_99, 1.0, 0, "missed"),
        (0, 0.0999, 10, "too_early"),
        (0, 0.1, 10, "behind"),
        (42_750_00, 0.5, 10, "on_track"),
        (42_749_99, 0.5, 10, "at_risk"),
        (36_000_00, 0.5, 10, "at_risk"),
        (35_999_99, 0.5, 10, "behind"),
        (35_999_99, 0.5, 0.5, "behind"),
        (-5_00, 0.5, 10, "behind"),
        (None, 0.5, 10, "no_data"),
    ],
)
def test_status_by_attained_money_and_elapsed_time(
    attained: int | None, share: float, days_left: float, status: str
) -> None:
    assert assess(MONEY, attained, elapsed(share, days_left)).status == status


def test_numbers_of_a_quota_half_way() -> None:
    found = assess(MONEY, 30_000_00, elapsed(0.5, 12.5))
    assert found.attainment == pytest.approx(1 / 3)
    assert (found.expected, found.gap, found.per_day) == (45_000_00, 60_000_00, 4_800_00)
    assert found.pace == pytest.approx(2 / 3)
    assert found.reasons == {}


def test_less_than_a_day_left_asks_for_more_than_the_gap_a_day() -> None:
    assert assess(COUNT, 15, elapsed(0.9, 0.5)).per_day == 10


def test_attainment_is_never_capped_and_nothing_more_is_required_once_met() -> None:
    found = assess(MONEY, 180_000_00, elapsed(0.5))
    assert (found.attainment, found.gap, found.per_day, found.pace) == (2.0, -90_000_00, 0.0, 4.0)


def test_where_nothing_has_elapsed_there_is_no_pace_and_where_nothing_is_left_no_requirement() -> None:
    begun = assess(MONEY, 5, elapsed(0.0))
    assert (begun.pace, begun.expected, begun.status, begun.reasons) == (
        None,
        0,
        "too_early",
        {"pace": "nothing_elapsed"},
    )
    over = assess(MONEY, 5, elapsed(1.0, 0.0))
    assert (over.per_day, over.reasons) == (None, {"required_per_day": "no_working_time_left"})


def test_without_a_target_there_is_a_gap_but_no_attainment() -> None:
    found = assess(Goal(0), 7, elapsed(0.5))
    assert (found.status, found.attainment, found.pace, found.expected, found.per_day) == ("no_target", *[None] * 4)
    assert (found.gap, found.reasons["attainment"], "gap" in found.reasons) == (-7, "no_target", False)


def test_a_quota_for_a_day_off_is_no_target() -> None:
    day_off = Progress(at("2026-12-06"), closed=False, elapsed=0.0, days_left=0.0, working=False)
    found = assess(COUNT, 0, day_off)
    assert (found.status, found.reasons["attainment"], found.gap) == ("no_target", "no_working_time", 20)


def test_without_data_every_number_says_so() -> None:
    found = assess(MONEY, None, elapsed(0.5))
    assert set(found.reasons) == {"attainment", "expected", "pace", "gap", "required_per_day"}
    assert set(found.reasons.values()) == {"no_data"}


@pytest.mark.parametrize(
    ("attained", "share", "days_left", "status"),
    [
        (0.30, 0.05, 10, "met"),
        (0.29, 0.05, 10, "too_early"),
        (0.29, 0.5, 10, "on_track"),
        (0.28, 0.5, 10, "at_risk"),
        (0.23, 0.5, 10, "behind"),
        (0.29, 1.0, 0, "missed"),
    ],
)
def test_a_ratio_is_held_against_its_whole_target(attained: float, share: float, days_left: float, status: str) -> None:
    found = assess(Goal(0.30, prorated=False), attained, elapsed(share, days_left))
    assert found.status == status
    assert found.pace == found.attainment == attained / 0.30
    assert (found.expected, found.per_day, found.reasons) == (0.30, None, {"required_per_day": "not_prorated"})


@pytest.mark.parametrize(
    ("attained", "days_left", "attainment", "status"),
    [
        (40, 10, 1.25, "met"),
        (50, 10, 1.0, "met"),
        (52, 10, 50 / 52, "on_track"),
        (60, 10, 50 / 60, "at_risk"),
        (62.5, 10, 0.8, "at_risk"),
        (80, 10, 50 / 80, "behind"),
        (60, 0, 50 / 60, "missed"),
    ],
)
def test_where_lower_is_better_attainment_is_target_over_attained(
    attained: float, days_left: float, attainment: float, status: str
) -> None:
    found = assess(Goal(50, lower_is_better=True), attained, elapsed(0.5, days_left))
    assert (found.attainment, found.gap, found.status) == (attainment, attained - 50, status)
    assert (found.expected, found.pace) == (50, attainment)


def test_where_lower_is_better_zero_is_met_without_an_attainment() -> None:
    found = assess(Goal(5, lower_is_better=True, discrete=True), 0, elapsed(0.5))
    assert (found.status, found.attainment, found.pace, found.gap) == ("met", None, None, -5)
    assert (found.reasons["attainment"], found.reasons["pace"]) == ("met_at_zero", "met_at_zero")
    assert assess(Goal(5, lower_is_better=True, discrete=True), 1, elapsed(0.5)).attainment == 5


@given(attained=st.integers(0, 10**6), more=st.integers(1, 10**6), share=st.floats(0, 1), target=st.integers(1, 10**6))
def test_more_is_never_worse(attained: int, more: int, share: float, target: int) -> None:
    order = ["missed", "too_early", "behind", "at_risk", "on_track", "met"]
    for goal in (Goal(target), Goal(target, discrete=True), Goal(target, prorated=False)):
        less, better = (assess(goal, value, elapsed(share)) for value in (attained, attained + more))
        assert order.index(less.status) <= order.index(better.status)
        assert (less.attainment or 0) < (better.attainment or 0)
