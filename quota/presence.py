"""When a rep is there to be asked for something: employed, and not absent."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from quota.errors import InvalidRecord
from schemas.plan import Rep

Span = tuple[date, date]
"""The days from the first (inclusive) to the second (exclusive)."""


@dataclass(frozen=True, slots=True)
class Presence:
    """The days on which a rep is away, as spans in order that do not touch, and the first day of tenure."""

    away: tuple[Span, ...]
    hired: date | None

    def is_away(self, day: date) -> bool:
        """Whether the rep is not there on the day."""
        return any(start <= day < end for start, end in self.away)

    def is_full(self, start: date, end: date) -> bool:
        """Whether the rep is there on every day of `[start, end)`."""
        return not any(first < end and start < last for first, last in self.away)

    def tenure_begins(self, month: int) -> date | None:
        """The first day of a month of tenure, counted from 0; None without a hire date, or beyond all days.

        It is the hire day's number in every month, or the last day of a month that is shorter.
        """
        if self.hired is None:
            return None
        months = self.hired.year * 12 + self.hired.month - 1 + month
        year, number = divmod(months, 12)
        if year > date.max.year:
            return None
        return date(year, number + 1, min(self.hired.day, monthrange(year, number + 1)[1]))


def presence(rep: Rep) -> Presence | None:
    """When the rep is there; None for one who always is. Raises InvalidRecord for a day that does not exist."""
    hired, left = _day(rep, rep.hired), _day(rep, rep.left)
    spans = [] if hired is None else [(date.min, hired)]
    spans += [] if left is None else [(left, date.max)]
    spans += [(_day(rep, each.start) or date.min, _day(rep, each.end) or date.max) for each in rep.absences]
    return Presence(tuple(_merged(sorted(spans))), hired) if spans else None


def _day(rep: Rep, text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        message = f"rep {rep.id}: {text!r} is not a day of the calendar; write it like 2026-01-31"
        raise InvalidRecord(message) from error


def _merged(spans: list[Span]) -> Iterator[Span]:
    start, end = spans[0]
    for first, last in spans[1:]:
        if first > end:
            yield start, end
            start, end = first, last
        end = max(end, last)
    yield start, end
