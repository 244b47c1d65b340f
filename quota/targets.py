"""What a quota asks for in a period: its target by season, ramp and presence, and the relief that was granted.

Amounts are whole numbers of the smallest unit: minor units of money, millionths of anything else. Nothing is rounded
but the sum, a tie to the even unit; the amounts of the pieces are what the sum grows by from one piece to the next.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from quota.calendars import WorkCalendar
from quota.catalogue import Declaration
from quota.money import exponent, minor_units
from quota.periods import Period, period_of
from quota.presence import Presence
from schemas.plan import Quota

MILLION = 10**6
SEASONS = {("year", 12): "month", ("year", 4): "quarter", ("quarter", 3): "month"}
"""What a season's weights stand for, by the kind of period and how many there are."""
_ALL = Fraction(1)


class Given(NamedTuple):
    """What a target depends on beside its quota: metric, its currency, the scope's calendar, when its rep is there."""

    metric: Declaration
    currency: str
    calendar: WorkCalendar
    presence: Presence | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """The days `[start, end)`, in which season, month of tenure and presence stay the same.

    `season` is the share of the period's target that falls on them, `ramp` the share of that which is asked of the rep.
    """

    start: date
    end: date
    working_days: int
    present: bool
    season: Fraction
    ramp: Fraction
    amount: int = 0

    @property
    def present_days(self) -> int:
        """The working days on which the rep is there; of teams and the company all of them."""
        return self.working_days if self.present else 0

    @property
    def factor(self) -> Fraction:
        """The share of the target that is asked for in these days."""
        return self.season * self.ramp if self.present else Fraction(0)


@dataclass(frozen=True, slots=True)
class Effective:
    """A quota's target in a period and what it is made of; `scale` smallest units are one.

    The pieces tile the period; their amounts and the relief add up to `amount`; `base` was set. Where working time
    alone decides what is due when, the pieces are `even`.
    """

    base: int
    amount: int
    pieces: tuple[Piece, ...]
    relief: int
    stretch: int | None
    scale: int
    even: bool

    def due(self, calendar: WorkCalendar, at: datetime) -> float | None:
        """The share of the target that should be there at the moment; None where it is that of the working time."""
        if self.even:
            return None
        total = passed = 0.0
        today = calendar.local_day(at)
        for piece in self.pieces:
            weight = float(piece.factor)
            total += weight
            if piece.end <= today:
                passed += weight
            elif weight and piece.start <= today:
                passed += weight * _passed(piece, calendar, at)
        return passed / total if total else None


def effective(quota: Quota, period: Period, given: Given) -> Effective:
    """The target of a quota in a period; raises InvalidRecord for an amount with more digits than its currency has."""
    base = smallest(quota.target, given)
    relief = sum(smallest(each.amount, given) for each in quota.relief if each.period == period.id)
    pieces = tuple(_pieces(base, [*_cut(quota, period, given)]))
    stretch = None if quota.stretch is None else smallest(quota.stretch, given)
    if stretch is not None:
        stretch = round(stretch * sum(piece.factor for piece in pieces)) + relief
    even = len({piece.ramp * piece.season / piece.working_days for piece in pieces if piece.present_days}) <= 1
    amount = sum(piece.amount for piece in pieces) + relief
    return Effective(base, amount, pieces, relief, stretch, scale(given), even)


def in_force(quotas: Iterable[Quota], period: Period) -> tuple[Quota, ...]:
    """Those of a scope's quotas that hold for a period, in their order; of several on one metric, the last."""
    start = period.start.isoformat()
    latest: dict[str, Quota] = {}
    for quota in quotas:
        begun = quota.start is None or quota.start <= start
        if quota.period == period.kind and begun and (quota.end is None or start < quota.end):
            latest[quota.metric] = quota
    return tuple(latest.values())


def scale(given: Given) -> int:
    """How many smallest units are one."""
    return int(10 ** exponent(given.currency)) if given.metric.kind == "money" else MILLION


def smallest(text: str, given: Given) -> int:
    """A decimal in smallest units; InvalidRecord for money with more digits than its currency has."""
    return minor_units(text, given.currency) if given.metric.kind == "money" else int(Fraction(text) * MILLION)


def is_prorated(quota: Quota, metric: Declaration) -> bool:
    """Whether the target is due bit by bit; ratios, stocks and what must not be exceeded hold in full at any time."""
    return metric.prorated and quota.direction == "higher"


def _pieces(base: int, cut: list[Piece]) -> Iterator[Piece]:
    exact, said = Fraction(0), 0
    for piece in cut:
        exact += base * piece.factor
        amount = round(exact) - said
        said += amount
        yield replace(piece, amount=amount)


def _cut(quota: Quota, period: Period, given: Given) -> Iterator[Piece]:
    """The pieces, as yet without amounts."""
    calendar, presence = given.calendar, given.presence
    prorated = is_prorated(quota, given.metric)
    if presence is not None and presence.is_full(period.start, period.end) and not quota.ramp:
        presence = None
    if not prorated or (not quota.season and presence is None):
        days = calendar.working_days(period.start, period.end)
        yield Piece(period.start, period.end, days, present=True, season=_ALL, ramp=_ALL)
        return
    for part in _parts(quota, period, calendar):
        for start, end in pairwise(_edges(part.start, part.end, presence, quota.ramp)):
            there = presence is None or not presence.is_away(start)
            days = calendar.working_days(start, end)
            season = part.share * _size(start, end, part) / part.size if part.size else Fraction(0)
            yield Piece(start, end, days, there, season, _ramp(start, presence, quota.ramp))


class _Part(NamedTuple):
    """A part of a period with its share of the target; in a period that never works, days count as working days do."""

    start: date
    end: date
    share: Fraction
    calendar: WorkCalendar
    working: bool

    @property
    def size(self) -> int:
        return _size(self.start, self.end, self)


def _size(start: date, end: date, part: _Part) -> int:
    return part.calendar.working_days(start, end) if part.working else (end - start).days


def _parts(quota: Quota, period: Period, calendar: WorkCalendar) -> list[_Part]:
    """The parts that the season tells apart; the weight of one that never works goes to the others in proportion."""
    working = calendar.working_days(period.start, period.end) > 0
    spans = [*_spans(period, SEASONS.get((period.kind, len(quota.season)), ""), calendar)]
    weights = [Fraction(0)]
    # An explicit calendar may have years of thirteen months, for which twelve weights mean nothing.
    if len(spans) == len(quota.season):
        weights = [
            Fraction(weight) if calendar.working_days(*span) else Fraction(0)
            for span, weight in zip(spans, quota.season, strict=True)
        ]
    total = sum(weights)
    if not total:
        return [_Part(period.start, period.end, _ALL, calendar, working)]
    return [_Part(*span, weight / total, calendar, working) for span, weight in zip(spans, weights, strict=True)]


def _spans(period: Period, kind: str, calendar: WorkCalendar) -> Iterator[tuple[date, date]]:
    """The periods of a kind that the period consists of, as far as they lie in it."""
    start = period.start
    while kind and start < period.end:
        end = min(period_of(kind, start, calendar).end, period.end)
        yield start, end
        start = end


def _edges(start: date, end: date, presence: Presence | None, ramp: tuple[str, ...]) -> list[date]:
    """Both bounds, and every day between them on which the rep comes, goes or is asked for another share."""
    edges = {start, end}
    if presence is not None:
        days = [day for span in presence.away for day in span]
        days += [day for month in range(len(ramp)) if (day := presence.tenure_begins(month + 1)) is not None]
        edges |= {day for day in days if start < day < end}
    return sorted(edges)


def _ramp(day: date, presence: Presence | None, ramp: tuple[str, ...]) -> Fraction:
    """The share that is asked of the rep in the month of tenure in which the day lies; all of it after the last one."""
    if presence is None or presence.hired is None:
        return _ALL
    for month, percent in enumerate(ramp):
        ends = presence.tenure_begins(month + 1)
        if ends is None or day < ends:
            return Fraction(percent) / 100
    return _ALL


def _passed(piece: Piece, calendar: WorkCalendar, at: datetime) -> float:
    """The share of the piece's working time before the moment."""
    start = calendar.start_of(piece.start)
    whole = calendar.working_seconds(start, calendar.start_of(piece.end))
    return calendar.working_seconds(start, at) / whole if whole else 0.0
