"""Quarters of an hour, counted from year 1 in Greenwich: every clock differs from Greenwich by whole ones."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo

from quota.calendars import WorkCalendar
from quota.facts import day_name

A_DAY = 96
"""Quarters."""
_MINUTES = 15
_QUARTER = timedelta(minutes=_MINUTES)
_FIRST = datetime(1, 1, 1, tzinfo=UTC)
_REMEMBERED = 50_000


def quarter_of(moment: datetime) -> int:
    """The quarter in which the moment falls, `A_DAY` times the UTC day's ordinal and those of the day before it."""
    # One of the few things that every fact needs.
    east = _EAST.get(moment.tzinfo)
    if east is None:
        return _of_odd_clock(moment)
    return moment.toordinal() * A_DAY + moment.hour * 4 + moment.minute // _MINUTES - east


_EAST: dict[tzinfo | None, int] = {timezone(each * _QUARTER): each for each in range(1 - A_DAY, A_DAY)}
"""How many quarters a clock is ahead of Greenwich, where that never changes."""


def _of_odd_clock(moment: datetime) -> int:
    """Of a clock that changes, or differs by minutes."""
    # Beyond the first and the last year there is no moment in Greenwich; nobody counts those years.
    here = moment.replace(tzinfo=UTC) if moment.year in {1, 9999} else moment.astimezone(UTC)
    return quarter_of(here)


class LocalDays:
    """The names of a calendar's days by quarter."""

    def __init__(self, calendar: WorkCalendar) -> None:
        """None is known yet."""
        self.names: dict[int, str] = {}
        """Of quarters that lie on one local day."""
        self._calendar = calendar

    def name(self, quarter: int, moment: datetime) -> str:
        """The local day of a moment in that quarter, as YYYY-MM-DD."""
        return self.names.get(quarter) or self._found(quarter, moment)

    def _found(self, quarter: int, moment: datetime) -> str:
        local_day = self._calendar.local_day
        day = local_day(moment)
        first = _FIRST + (quarter - A_DAY) * _QUARTER
        if local_day(first) == day == local_day(first + _QUARTER - timedelta(microseconds=1)):
            if len(self.names) >= _REMEMBERED:
                self.names.clear()
            self.names[quarter] = day_name(day)
        return day_name(day)
