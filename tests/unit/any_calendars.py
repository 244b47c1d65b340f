"""Calendars of every kind: years that begin with a month, years of whole weeks, tables of periods."""

from datetime import date, timedelta

from hypothesis import strategies as st

from quota.calendars import WorkCalendar
from schemas.plan import Calendar, FiscalWeeks, TablePeriod

KINDS = ("day", "week", "month", "quarter", "year")

zones = st.sampled_from(["America/Chicago", "Europe/Berlin", "Australia/Lord_Howe", "UTC"])
fiscal_weeks = st.builds(
    FiscalWeeks,
    pattern=st.sampled_from(["4-4-5", "4-5-4", "5-4-4"]),
    weekday=st.integers(0, 6),
    month=st.integers(1, 12),
    ends=st.sampled_from(["last", "nearest"]),
    named_for=st.sampled_from(["end", "start"]),
    week_53=st.integers(1, 12),
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[TablePeriod, ...]:
    """For some kinds periods of any length that follow one another, around the years of the tests."""
    rows = []
    for kind in ("month", "quarter", "year"):
        lengths = draw(st.lists(st.integers(1, 500), max_size=5))
        start = draw(st.dates(date(2024, 6, 1), date(2026, 6, 1)))
        for number, length in enumerate(lengths):
            end = start + timedelta(days=length)
            rows.append(TablePeriod(f"{kind}.{number}", kind, start.isoformat(), end.isoformat()))
            start = end
    return tuple(draw(st.permutations(rows)))


@st.composite
def calendars(draw: st.DrawFn) -> WorkCalendar:
    weeks = draw(st.none() | fiscal_weeks)
    return WorkCalendar(
        Calendar(
            "any",
            draw(zones),
            first_weekday=draw(st.integers(0, 6)),
            fiscal_start_month=1 if weeks else draw(st.integers(1, 12)),
            fiscal=weeks,
            period_table=draw(st.just(()) | tables()),
        )
    )
