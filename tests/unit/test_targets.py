"""Effective targets, against a slow sum over days."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota.calendars import WorkCalendar
from quota.catalogue import BUILT_IN
from quota.money import decimal
from quota.periods import Period, period_of
from quota.presence import presence
from quota.targets import Effective, Given, effective
from schemas.plan import Absence, Calendar, Quota, Relief, Rep

YEAR = period_of("year", date(2026, 1, 1), WorkCalendar(Calendar("any", "UTC")))
WEEKDAYS = Calendar("weekdays", "UTC")


def asked(
    target: str, period: Period, rep: Rep | None = None, calendar: Calendar = WEEKDAYS, **said: object
) -> Effective:
    """What a revenue quota in euros, unless something else is said, asks for."""
    metric = str(said.pop("metric", "revenue"))
    quota = Quota("q", "rep:ann", metric, "year", target, "EUR", **said)  # type: ignore[arg-type] # any of its fields
    there = None if rep is None else presence(rep)
    return effective(quota, period, Given(BUILT_IN[metric], "EUR", WorkCalendar(calendar), there))


def ann(hired: str | None = None, left: str | None = None, *absences: tuple[str, str]) -> Rep:
    return Rep("ann", "Ann", hired=hired, left=left, absences=tuple(Absence(*absence) for absence in absences))


def a(kind: str, day: str, calendar: Calendar = WEEKDAYS) -> Period:
    return period_of(kind, date.fromisoformat(day), WorkCalendar(calendar))


def shares(found: Effective) -> list[tuple[str, str, int]]:
    return [(piece.start.isoformat(), piece.end.isoformat(), piece.amount) for piece in found.pieces]


def test_one_who_comes_after_ten_of_31_days_is_asked_for_15_of_23_working_days() -> None:
    found = asked("23000", a("month", "2026-12-01"), ann("2026-12-11"))
    assert shares(found) == [("2026-12-01", "2026-12-11", 0), ("2026-12-11", "2027-01-01", 15_000_00)]
    assert [(piece.working_days, piece.present_days) for piece in found.pieces] == [(8, 0), (15, 15)]
    assert (found.amount, found.base, round(8 / 23, 3), round(10 / 31, 3)) == (15_000_00, 23_000_00, 0.348, 0.323)


def test_one_who_leaves_is_asked_until_the_day_before_and_an_absence_is_left_out() -> None:
    december = a("month", "2026-12-01")
    assert asked("23000", december, ann(None, "2026-12-11")).amount == 8_000_00
    assert asked("23000", december, ann(None, None, ("2026-12-07", "2026-12-12"))).amount == 18_000_00
    assert asked("23000", december, ann(None, "2026-12-01")).amount == 0
    assert asked("23000", december, ann("2027-01-01")).amount == 0


def test_absences_that_overlap_count_once_and_days_off_count_for_nothing() -> None:
    twice = ann(None, None, ("2026-12-07", "2026-12-10"), ("2026-12-09", "2026-12-12"), ("2026-12-05", "2026-12-07"))
    assert asked("23000", a("month", "2026-12-01"), twice).amount == 18_000_00
    holidays = Calendar("h", "UTC", holidays={"2026-12-24": "", "2026-12-25": "", "2026-12-31": ""})
    assert asked("20000", a("month", "2026-12-01"), ann("2026-12-24"), holidays).amount == 3_000_00


def test_a_season_spreads_the_target_and_a_joiner_gets_what_is_left_of_it() -> None:
    season = ("40", "30", "20", "10")
    found = asked("1000", YEAR, season=season)
    assert [amount for _, _, amount in shares(found)] == [400_00, 300_00, 200_00, 100_00]
    assert asked("1000", YEAR, ann("2026-07-01"), season=season).amount == 300_00
    thirds = asked("100", a("quarter", "2026-07-01"), season=("33.333333", "33.333333", "33.333334"))
    assert [amount for _, _, amount in shares(thirds)] == [33_33, 33_34, 33_33]
    assert thirds.amount == 100_00


def test_a_ramp_asks_for_its_percents_in_the_first_months_of_tenure_and_then_for_everything() -> None:
    everyday = Calendar("everyday", "UTC", working_days=tuple(range(7)))
    found = asked("36500", YEAR, ann("2026-03-31"), everyday, ramp=("25", "50", "75"))
    assert [(str(piece.start), piece.present_days, piece.ramp) for piece in found.pieces[1:]] == [
        ("2026-03-31", 30, Fraction(1, 4)),
        ("2026-04-30", 31, Fraction(1, 2)),
        ("2026-05-31", 30, Fraction(3, 4)),
        ("2026-06-30", 185, Fraction(1)),
    ]
    assert found.amount == 100_00 * Fraction(30 + 2 * 31 + 3 * 30 + 4 * 185, 4)
    assert asked("100", a("month", "2026-09-01"), ann("2026-03-31"), ramp=("25", "50", "75")).amount == 100_00


@pytest.mark.parametrize(
    ("hired", "begins"),
    [
        ("2027-12-31", ["2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"]),
        ("2026-12-30", ["2027-01-30", "2027-02-28", "2027-03-30", "2027-04-30"]),
        ("2028-02-29", ["2028-03-29", "2028-04-29", "2028-05-29", "2028-06-29"]),
    ],
)
def test_months_of_tenure_begin_on_the_hire_days_number_or_a_shorter_months_last_day(
    hired: str, begins: list[str]
) -> None:
    there = presence(ann(hired))
    assert there is not None
    assert [str(there.tenure_begins(month)) for month in range(1, 5)] == begins
    assert (str(there.tenure_begins(0)), there.tenure_begins(12 * 8000)) == (hired, None)


def test_relief_is_added_to_its_own_period_only() -> None:
    relief = (Relief("2026", "-100.50", "storm", "Cara"), Relief("2027", "7", "more to sell", "Cara"))
    assert asked("1000", YEAR, relief=relief).amount == 899_50
    assert asked("1000", a("year", "2028-01-01"), relief=relief).amount == 1000_00
    assert asked("1000", YEAR, ann("2026-07-01"), season=("40", "30", "20", "10"), relief=relief).amount == 199_50


def test_a_stretch_target_is_scaled_as_the_target_is_and_relieved_by_the_same_amount() -> None:
    relief = (Relief("2026", "-10", "storm", "Cara"),)
    found = asked("1000", YEAR, ann("2026-07-01"), season=("40", "30", "20", "10"), relief=relief, stretch="1200")
    assert (found.amount, found.stretch) == (290_00, 350_00)
    assert asked("1000", YEAR).stretch is None


def test_what_holds_in_full_is_neither_prorated_nor_ramped() -> None:
    late = ann("2026-07-01")
    relief = (Relief("2026", "-0.05", "storm", "Cara"),)
    assert asked("0.4", YEAR, late, metric="win_rate", ramp=("25",), relief=relief).amount == 350_000
    assert asked("12", YEAR, late, metric="pipeline_count", season=("40", "30", "20", "10")).amount == 12_000_000
    assert asked("12", YEAR, late, metric="no_shows", direction="lower").amount == 12_000_000


def test_a_part_that_never_works_leaves_its_share_to_the_others_in_proportion() -> None:
    summer = {(date(2026, 7, 1) + timedelta(days=n)).isoformat(): "closed" for n in range(92)}
    closed = Calendar("closed", "UTC", holidays=summer)
    found = asked("900", YEAR, None, closed, season=("40", "20", "10", "30"))
    assert [amount for _, _, amount in shares(found)] == [400_00, 200_00, 0, 300_00]
    even = asked("900", YEAR, None, closed, season=("0", "0", "100", "0"))
    assert shares(even) == [("2026-01-01", "2027-01-01", 900_00)]


def test_weights_for_parts_that_a_period_does_not_have_change_nothing() -> None:
    assert shares(asked("900", YEAR, season=("50", "30", "20"))) == [("2026-01-01", "2027-01-01", 900_00)]
    assert shares(asked("900", a("month", "2026-12-01"), season=("50", "30", "20")))[0][2] == 900_00


def test_a_period_that_never_works_keeps_its_target_for_those_who_are_there() -> None:
    sunday = a("day", "2026-12-06")
    assert asked("5", sunday, ann("2026-01-05"), metric="calls_placed").amount == 5_000_000
    assert asked("5", sunday, ann("2026-12-07"), metric="calls_placed").amount == 0


days = st.dates(date(2025, 11, 1), date(2028, 4, 1))
calendars = st.builds(
    Calendar,
    id=st.just("any"),
    zone=st.sampled_from(["UTC", "America/Chicago", "Pacific/Apia"]),
    working_days=st.sets(st.integers(0, 6), min_size=1).map(lambda found: tuple(sorted(found))),
    holidays=st.dictionaries(days.map(date.isoformat), st.just(""), max_size=40),
    first_weekday=st.integers(0, 6),
    fiscal_start_month=st.sampled_from([1, 4, 10]),
)
absences = st.tuples(days, st.integers(1, 120)).map(
    lambda found: Absence(found[0].isoformat(), (found[0] + timedelta(days=found[1])).isoformat())
)
maybe_days = st.none() | days.map(date.isoformat)
reps = st.builds(
    Rep, st.just("ann"), st.just("Ann"), hired=maybe_days, left=maybe_days, absences=st.lists(absences, max_size=3)
)
kinds = st.sampled_from(["day", "week", "month", "quarter", "year", "year"])
targets = st.integers(0, 10**9).map(lambda cents: f"{cents // 100}.{cents % 100:02d}")


def weights(count: int) -> st.SearchStrategy[tuple[str, ...]]:
    """Percents that total 100, of which some may be 0."""
    cuts = st.lists(st.integers(0, 100_000), min_size=count - 1, max_size=count - 1).map(sorted)
    return cuts.map(lambda at: tuple(f"{(b - a) / 1000:.3f}" for a, b in pairwise([0, *at, 100_000])))


@st.composite
def quotas(draw: st.DrawFn, kind: str) -> Quota:
    """A revenue quota per period of that kind, with anything that may change its target."""
    counts = {"year": [12, 4], "quarter": [3]}.get(kind, [])
    season = draw(st.just(()) | st.one_of([weights(count) for count in counts])) if counts else ()
    ramp = tuple(draw(st.lists(st.sampled_from(["0", "25", "33.3", "50", "100"]), max_size=14)))
    return Quota("q", "rep:ann", "revenue", kind, draw(targets), "EUR", season=season, ramp=ramp)  # type: ignore[arg-type]


def slowly(quota: Quota, period: Period, calendar: WorkCalendar, rep: Rep) -> Fraction:
    """The share of the target that is asked for, a day at a time."""
    every = [period.start + timedelta(days=n) for n in range((period.end - period.start).days)]
    working = [day for day in every if calendar.is_working(day)] or every
    part = dict[date, int]()
    if quota.season and any(calendar.is_working(day) for day in every):
        months = 12 // len(quota.season) if period.kind == "year" else 1
        for day in every:
            part[day] = ((day.year - period.start.year) * 12 + day.month - period.start.month) // months
    sizes = {place: sum(part.get(day, 0) == place for day in working) for place in {*part.values()} or {0}}
    weighed = {place: Fraction(quota.season[place]) if part else Fraction(1) for place in sizes if sizes[place]}
    total = sum(weighed.values())
    if not total:
        part, sizes, weighed, total = {}, {0: len(working)}, {0: Fraction(1)}, Fraction(1)
    return sum(
        (weighed[part.get(day, 0)] / total / sizes[part.get(day, 0)] * _ramp_on(day, quota, rep)
         for day in working if _there(day, rep)),
        Fraction(),
    )  # fmt: skip


def _there(day: date, rep: Rep) -> bool:
    text = day.isoformat()
    gone = any(absence.start <= text < absence.end for absence in rep.absences)
    return not gone and (rep.hired is None or rep.hired <= text) and (rep.left is None or text < rep.left)


def _ramp_on(day: date, quota: Quota, rep: Rep) -> Fraction:
    if rep.hired is None:
        return Fraction(1)
    hired = date.fromisoformat(rep.hired)
    months = (day.year - hired.year) * 12 + day.month - hired.month
    months -= day.day < min(hired.day, monthrange(day.year, day.month)[1])
    return Fraction(quota.ramp[months]) / 100 if months < len(quota.ramp) else Fraction(1)


@given(data=st.data(), kind=kinds, calendar=calendars, rep=reps, day=days)
def test_the_target_is_what_a_slow_sum_over_days_comes_to(
    data: st.DataObject, kind: str, calendar: Calendar, rep: Rep, day: date
) -> None:
    quota, ready = data.draw(quotas(kind)), WorkCalendar(calendar)
    period = period_of(kind, day, ready)
    found = effective(quota, period, Given(BUILT_IN["revenue"], "EUR", ready, presence(rep)))
    assert found.amount == round(slowly(quota, period, ready, rep) * found.base)


@given(data=st.data(), kind=kinds, calendar=calendars, rep=reps, day=days, cents=st.integers(-(10**6), 10**6))
def test_pieces_tile_the_period_and_add_up_to_the_target_without_relief(
    data: st.DataObject, kind: str, calendar: Calendar, rep: Rep, day: date, cents: int
) -> None:
    quota, ready = data.draw(quotas(kind)), WorkCalendar(calendar)
    period = period_of(kind, day, ready)
    granted = Relief(period.id, decimal(cents, "EUR"), "", "")
    found = effective(quota, period, Given(BUILT_IN["revenue"], "EUR", ready, presence(rep)))
    edges = [period.start, *(piece.end for piece in found.pieces)]
    assert [(piece.start, piece.end) for piece in found.pieces] == [*pairwise(edges)]
    assert edges[-1] == period.end
    assert sum(piece.working_days for piece in found.pieces) == ready.working_days(period.start, period.end)
    assert sum(piece.amount for piece in found.pieces) == found.amount
    assert all(abs(piece.amount - piece.factor * found.base) <= 1 for piece in found.pieces)
    relieved = Quota("q", "rep:ann", "revenue", quota.period, quota.target, "EUR", relief=(granted,))
    alone = effective(relieved, period, Given(BUILT_IN["revenue"], "EUR", ready))
    assert (alone.amount - alone.relief, alone.relief) == (alone.base, round(Fraction(granted.amount) * 100))


@given(data=st.data(), kind=kinds, calendar=calendars, day=days, hired=st.dates(date(2015, 1, 1), date(2024, 1, 1)))
def test_a_full_period_is_asked_for_exactly(
    data: st.DataObject, kind: str, calendar: Calendar, day: date, hired: date
) -> None:
    quota, ready = data.draw(quotas(kind)), WorkCalendar(calendar)
    period, long_here = period_of(kind, day, ready), presence(ann(hired.isoformat()))
    for there in (None, long_here):
        found = effective(quota, period, Given(BUILT_IN["revenue"], "EUR", ready, there))
        assert found.amount == found.base == round(Fraction(quota.target) * 100)


@given(data=st.data(), kind=kinds, calendar=calendars, rep=reps, day=days, ahead=st.tuples(*[st.integers(0, 370)] * 2))
def test_what_is_due_never_falls_and_is_what_a_slow_sum_up_to_a_midnight_comes_to(
    data: st.DataObject, kind: str, calendar: Calendar, rep: Rep, day: date, ahead: tuple[int, int]
) -> None:
    quota, ready = data.draw(quotas(kind)), WorkCalendar(calendar)
    period = period_of(kind, day, ready)
    found = effective(quota, period, Given(BUILT_IN["revenue"], "EUR", ready, presence(rep)))
    some, more = (min(period.start + timedelta(days=n), period.end) for n in sorted(ahead))
    early, late, end = (found.due(ready, ready.start_of(at).astimezone(UTC)) for at in (some, more, period.end))
    if early is None or late is None:
        assert early is late is end is None
        return
    assert 0 <= early <= late <= 1 == end
    until = Rep("ann", "Ann", hired=rep.hired, left=min(rep.left or "9999", some.isoformat()), absences=rep.absences)
    whole = slowly(quota, period, ready, rep)
    assert early == pytest.approx(float(slowly(quota, period, ready, until) / whole), abs=1e-9)


def test_expected_to_date_follows_the_season_within_working_hours() -> None:
    found = asked("1000", YEAR, season=("40", "30", "20", "10"))
    calendar = WorkCalendar(WEEKDAYS)
    noon = datetime(2026, 4, 1, 13, 30, tzinfo=UTC)
    assert found.due(calendar, datetime(2026, 4, 1, tzinfo=UTC)) == pytest.approx(0.4)
    second = next(piece for piece in found.pieces if piece.start == date(2026, 4, 1))
    assert second.working_days == 65
    assert found.due(calendar, noon) == pytest.approx(0.4 + 0.3 * 0.5 / second.working_days)
    assert asked("1000", YEAR).due(calendar, noon) is None
    assert asked("1000", YEAR, ann("2026-05-01")).due(calendar, noon) is None
    assert asked("1000", YEAR, ann("2026-02-01", None, ("2026-05-01", "2026-05-09"))).due(calendar, noon) is None
    assert asked("1000", YEAR, ann("2026-02-01"), ramp=("50",)).due(calendar, noon) is not None
