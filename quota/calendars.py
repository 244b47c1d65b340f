"""Working time: local days, working days and working seconds of a calendar, across clock changes."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from quota.errors import InvalidRecord
from schemas.plan import Calendar

_DAY = timedelta(days=1)
_LONGEST_BREAK = 370
_SPELL, _SPELLS = 900, 50_000
"""Seconds that mostly lie on one local day, for clocks differ by quarters of an hour; and how many are remembered."""


@dataclass(frozen=True, slots=True)
class _Year:
    """Running totals at the start of each day of a year, and at its end."""

    seconds: tuple[float, ...]
    days: tuple[int, ...]


class WorkCalendar:
    """A plan's calendar, ready to be asked; lookups are cached, answers depend on the calendar alone.

    Raises InvalidRecord for a zone that does not exist and for hours that do not end after they start.
    """

    def __init__(self, calendar: Calendar) -> None:
        self.id = calendar.id
        self.zone = _zone(calendar)
        self.first_weekday = calendar.first_weekday
        self.fiscal_start_month = calendar.fiscal_start_month
        self._starts = time.fromisoformat(calendar.starts)
        self._ends = time.fromisoformat(calendar.ends)
        if self._ends <= self._starts:
            message = f"calendar {calendar.id}: hours end at {calendar.ends}, not after {calendar.starts}"
            raise InvalidRecord(message)
        self._weekdays = frozenset(calendar.working_days)
        self._holidays = frozenset(calendar.holidays)
        self._years: dict[int, _Year] = {}
        self._local_days: dict[int, date] = {}
        opened = timedelta(hours=self._starts.hour, minutes=self._starts.minute)
        closed = timedelta(hours=self._ends.hour, minutes=self._ends.minute)
        self.day_seconds = (closed - opened).total_seconds()
        """The length of a full working day."""

    def local_day(self, moment: datetime) -> date:
        """The calendar day on which the moment falls here."""
        spell = int(moment.timestamp() // _SPELL)
        day = self._local_days.get(spell)
        if day is not None:
            return day
        return self._remembered(spell, moment.astimezone(self.zone).date())

    def _remembered(self, spell: int, day: date) -> date:
        """The day, kept for all moments of its spell unless midnight lies inside."""
        edges = (datetime.fromtimestamp(spell * _SPELL + second, UTC) for second in (0, _SPELL - 1))
        if all(edge.astimezone(self.zone).date() == day for edge in edges):
            if len(self._local_days) >= _SPELLS:
                self._local_days.clear()
            self._local_days[spell] = day
        return day

    def is_working(self, day: date) -> bool:
        """Whether people work on that day: a working weekday and no holiday."""
        return day.weekday() in self._weekdays and day.isoformat() not in self._holidays

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
            first = date(year, 1, 1)
            days = [first + timedelta(days=n) for n in range(366 if _leap(year) else 365)]
            found = self._years[year] = _Year(
                tuple(accumulate((self._seconds(day) for day in days), initial=0.0)),
                tuple(accumulate((int(self.is_working(day)) for day in days), initial=0)),
            )
        return found

    def _seconds(self, day: date) -> float:
        hours = self.hours(day)
        return 0.0 if hours is None else max(0.0, hours[1].timestamp() - hours[0].timestamp())


@lru_cache(maxsize=65536)
def _index(day: date) -> int:
    return day.timetuple().tm_yday - 1


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _zone(calendar: Calendar) -> ZoneInfo:
    try:
        return ZoneInfo(calendar.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
        message = f"calendar {calendar.id}: no time zone {calendar.zone!r}; use an IANA name such as America/Chicago"
        raise InvalidRecord(message) from problem
