"""What goes by from one tick to the next: which standings change with time alone, and when they are said anew."""

from datetime import UTC, datetime

from quota.calendars import WorkCalendar
from quota.periods import Period

DUE_SECONDS = 900
"""Standings of the current periods are said anew whenever time passes a multiple of this."""


def is_due(before: datetime | None, at: datetime) -> bool:
    """Whether time has passed a multiple since the tick before."""
    return before is None or _spell(before) != _spell(at)


def _spell(moment: datetime) -> int:
    return int(moment.timestamp() // DUE_SECONDS)


class Passing:
    """What goes by in a calendar from one moment to the next."""

    def __init__(self, calendar: WorkCalendar, before: datetime | None, at: datetime) -> None:
        """`before` is None for the first moment of all."""
        self._from = None if before is None else calendar.local_day(before)
        self._to = calendar.local_day(at)
        self._worked = before is None or calendar.working_seconds(_last_due(before), at) > 0
        self.days = sorted({day.isoformat() for day in (self._from, self._to) if day is not None})
        self.leaps = self._from is not None and (self._to - self._from).days > 1
        """Whether whole days lie between the two moments."""

    def ages(self, period: Period, *, paced: bool) -> bool:
        """Whether time alone changes a standing: by the pace of its quotas, or because the period begins or is over."""
        if self._from is None or self._to >= period.end or self._from < period.start:
            return True
        return paced and self._worked


def _last_due(before: datetime) -> datetime:
    """A moment not after the last tick that was due: the ticks since then said nothing of time."""
    return datetime.fromtimestamp(_spell(before) * DUE_SECONDS, UTC)
