"""Working time: local days, working days and working seconds of a calendar, across clock changes."""

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from quota.errors import InvalidRecord
from quota.tilings import tiling_of
from schemas.plan import Calendar

N = TypeVar("N", int, float)
_DAY = timedelta(days=1)
_LONGEST_BREAK = 370
_MINUTES, _SPELLS, _OFFSETS = 15, 50_000, 32
"""Of a spell that mostly lies on one local day, for clocks differ by quarters of an hour; how many spells are
remembered, and of how many offsets."""
_SPELL, _A_DAY, _AN_HOUR = timedelta(minutes=_MINUTES, microseconds=-1), 24 * 60 // _MINUTES, 60 // _MINUTES


@dataclass(frozen=True, slots=True)
class _Year:
    """Running totals at the start of each day of a year, and at its end."""

    seconds: tuple[float, ...]
    days: tuple[int, ...]


class WorkCalendar:
    """A plan's calendar, ready to be asked; lookups are cached, answers depend on the calendar alone.

    Raises InvalidRecord for a zone that does not exist, for hours that do not end after they start, and for a table of
    periods with a gap or an overlap.
    """

    def __init__(self, calendar: Calendar) -> None:
        self.id = calendar.id
        self.zone = _zone(calendar)
        self.tiling = tiling_of(calendar)
        self._starts = time.fromisoformat(calendar.starts)
        self._ends = time.fromisoformat(calendar.ends)
        if self._ends <= self._starts:
            message = f"calendar {calendar.id}: hours end at {calendar.ends}, not after {calendar.starts}"
            raise InvalidRecord(message)
        self._weekdays = frozenset(calendar.working_days)
        self._holidays = frozenset(calendar.holidays)
        self._away: tuple[tuple[date, date], ...] = ()
        self._whole: WorkCalendar | None = None
        self._years: dict[int, _Year] = {}
        self._local_days: dict[tzinfo | None, dict[int, date]] = {}
        opened = timedelta(hours=self._starts.hour, minutes=self._starts.minute)
        closed = timedelta(hours=self._ends.hour, minutes=self._ends.minute)
        self.day_seconds = (closed - opened).total_seconds()
        """The length of a full working day."""

    def without(self, away: Iterable[tuple[date, date]]) -> "WorkCalendar":
        """The calendar of somebody who is away in these spans (from, until before); local days stay what they are."""
        own = copy(self)
        own._away, own._whole, own._years = (*self._away, *away), self, {}  # noqa: SLF001 - it is one of us
        return own

    def local_day(self, moment: datetime) -> date:
        """The calendar day on which the moment falls here."""
        # Written out for facts, which have an offset: to ask for their timestamp takes longer than all of this.
        days = self._local_days.get(moment.tzinfo)
        if days is None:
            if not _is_quarterly(moment.tzinfo):
                return self.local_day(moment.astimezone(UTC))
            if len(self._local_days) >= _OFFSETS:
                self._local_days.clear()
            days = self._local_days[moment.tzinfo] = {}
        spell = moment.toordinal() * _A_DAY + moment.hour * _AN_HOUR + moment.minute // _MINUTES
        return days.get(spell) or self._remembered(days, spell, moment)

    def _remembered(self, days: dict[int, date], spell: int, moment: datetime) -> date:
        """The day, kept for all moments of its spell unless midnight lies inside."""
        day = moment.astimezone(self.zone).date()
        first = moment.replace(minute=moment.minute // _MINUTES * _MINUTES, second=0, microsecond=0)
        if all(edge.astimezone(self.zone).date() == day for edge in (first, first + _SPELL)):
            if len(days) >= _SPELLS:
                days.clear()
            days[spell] = day
        return day

    def is_working(self, day: date) -> bool:
        """Whether people work on that day: a working weekday, no holiday, and nothing that keeps them away."""
        working = day.weekday() in self._weekdays and day.isoformat() not in self._holidays
        return working and not (self._away and any(start <= day < end for start, end in self._away))

    def hours(self, day: date) -> tuple[datetime, datetime] | None:
        """Start and end of the day's working hours; None on a day off."""
        if not self.is_working(day):
            return None
        return (
            datetime.combine(day, self._starts, tzinfo=self.zone),
            datetime.combine(day, self._ends, tzinfo=self.zone),
        )

    def start_of(self, day: date) -> datetime:
        """The moment the day begins here: midnight, or the first moment after it where clocks skip midnight."""
        return datetime.combine(day, time(), tzinfo=self.zone)

    def working_seconds(self, start: datetime, end: datetime) -> float:
        """Working time between two moments, in seconds that really passed; 0 when `end` is not later."""
        if end.timestamp() <= start.timestamp():
            return 0.0
        first, before = self._worked(start)
        last, after = self._worked(end)
        return sum(self._year(year).seconds[-1] for year in range(first, last)) + after - before

    def working_days(self, start: date, end: date) -> int:
        """How many working days lie in `[start, end)`; 0 when `end` is not later."""
        if end <= start:
            return 0
        whole = sum(self._year(year).days[-1] for year in range(start.year, end.year))
        return whole + self._year(end.year).days[_index(end)] - self._year(start.year).days[_index(start)]

    def ended_working_day(self, previous: datetime | None, at: datetime) -> date | None:
        """The latest working day whose hours ended in `(previous, at]`; None if there is none (looks back a year)."""
        now = at.timestamp()
        after = float("-inf") if previous is None else previous.timestamp()
        day = self.local_day(at)
        for _ in range(_LONGEST_BREAK):
            hours = self.hours(day)
            if hours is not None and hours[1].timestamp() <= now:
                return day if hours[1].timestamp() > after else None
            if self.start_of(day).timestamp() <= after:
                return None
            day -= _DAY
        return None

    def _worked(self, moment: datetime) -> tuple[int, float]:
        """The local year, and the working seconds in it before the moment."""
        day = self.local_day(moment)
        seconds = self._year(day.year).seconds[_index(day)]
        hours = self.hours(day)
        if hours is None:
            return day.year, seconds
        # Differences of datetimes that share a zone ignore clock changes; timestamps do not.
        start, end = hours[0].timestamp(), hours[1].timestamp()
        return day.year, seconds + max(0.0, min(moment.timestamp(), end) - start)

    def _year(self, year: int) -> _Year:
        found = self._years.get(year)
        if found is None:
            whole = self._whole
            found = self._years[year] = self._year_of_all(year) if whole is None else self._year_of_one(whole, year)
        return found

    def _year_of_all(self, year: int) -> _Year:
        first = date(year, 1, 1)
        days = [first + timedelta(days=n) for n in range(366 if _leap(year) else 365)]
        return _Year(
            tuple(accumulate((self._seconds(day) for day in days), initial=0.0)),
            tuple(accumulate((int(self.is_working(day)) for day in days), initial=0)),
        )

    def _year_of_one(self, whole: "WorkCalendar", year: int) -> _Year:
        """The year of one who is away at times, from that of everybody: there may be thousands of such calendars."""
        all_of_it, first = whole._year(year), date(year, 1, 1).toordinal()  # noqa: SLF001 - it is one of us
        length = len(all_of_it.days) - 1
        places = [[min(max(day.toordinal() - first, 0), length) for day in span] for span in self._away]
        return _Year(_without(all_of_it.seconds, places), _without(all_of_it.days, places))

    def _seconds(self, day: date) -> float:
        hours = self.hours(day)
        return 0.0 if hours is None else max(0.0, hours[1].timestamp() - hours[0].timestamp())


@lru_cache(maxsize=65536)
def _index(day: date) -> int:
    return day.timetuple().tm_yday - 1


def _without(totals: tuple[N, ...], places: list[list[int]]) -> tuple[N, ...]:
    """Running totals of a year in which nothing is added between these days of it."""
    nothing = totals[0]
    each = [after - before for before, after in pairwise(totals)]
    for start, end in places:
        each[start:end] = [nothing] * (end - start)
    return tuple(accumulate(each, initial=nothing))


def _is_quarterly(zone: tzinfo | None) -> bool:
    """Whether it is always the same whole quarters of an hour from Greenwich: then its quarters are everybody's."""
    return isinstance(zone, timezone) and zone.utcoffset(None) % timedelta(minutes=_MINUTES) == timedelta()


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _zone(calendar: Calendar) -> ZoneInfo:
    try:
        return ZoneInfo(calendar.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
        message = f"calendar {calendar.id}: no time zone {calendar.zone!r}; use an IANA name such as America/Chicago"
        raise InvalidRecord(message) from problem
