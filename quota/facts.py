"""What all kinds of fact have in common: identity, rank, bounds on time, and joining a set."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from operator import lt
from typing import TypeVar

import msgspec

from quota.errors import InvalidRecord
from schemas.activities import Activity
from schemas.deals import DealChange, DealChanged
from schemas.fields import Origin
from schemas.meetings import MeetingChange, MeetingChanged

Change = TypeVar("Change", DealChange, MeetingChange)

EARLIEST, LATEST = 1970, 2200
FIRST_SAFE, LAST_SAFE = EARLIEST + 1, LATEST - 2
"""The years of which every moment is plausible, in any zone."""
day_name = lru_cache(maxsize=65536)(date.isoformat)
"""A day as YYYY-MM-DD; facts come with the same few days again and again."""
_DAY_MS = 86_400_000
EPOCH = datetime(EARLIEST, 1, 1, tzinfo=UTC)
_encoder = msgspec.json.Encoder()


def identity(source: str, fact_id: str) -> str:
    """`source|id`; a bar inside the source is escaped, so that no two facts share an identity by accident."""
    return f"{_escaped(source)}|{fact_id}"


def require_plausible(moment: datetime | None, field: str) -> None:
    """Raise InvalidRecord for a moment before 1970 or after 2199: calendars cannot count its days."""
    if moment is None or FIRST_SAFE <= moment.year <= LAST_SAFE:
        return
    if not EARLIEST <= _utc_year(moment) < LATEST:
        message = (
            f"{field} is {moment.isoformat()}: moments lie in the years {EARLIEST} to {LATEST - 1}; mend the source"
        )
        raise InvalidRecord(message)


def require_near(fact: Activity | MeetingChanged | DealChanged, taken: int, days: int) -> None:
    """Raise InvalidRecord for a fact that lies more than so many days after the log took it.

    `taken` is the log's time of the record in milliseconds since 1970; a log that knows none says 0 or less.
    """
    if fact.occurred_at.year >= doubtful_year(taken, days):
        _require_until(fact.occurred_at, "occurred_at", taken, days)
    if isinstance(fact, DealChanged) and isinstance(fact.created_at, datetime):
        _require_until(fact.created_at, "created_at", taken, days)


@lru_cache(maxsize=256)
def doubtful_year(taken: int, days: int) -> int:
    """What occurred in an earlier year, wherever that was, lies no more than so many days after `taken`."""
    return EARLIEST + (taken + (days - 1) * _DAY_MS) // (366 * _DAY_MS)


def _require_until(moment: datetime, field: str, taken: int, days: int) -> None:
    if 0 < taken < int(moment.timestamp() * 1000) - days * _DAY_MS:
        received = (EPOCH + timedelta(milliseconds=taken)).isoformat(timespec="seconds")
        message = (
            f"{field} is {moment.isoformat()}: over {days} days after it was received at {received}; mend the source, "
            "or send it again once it is nearer or QUOTAFLOW_HORIZON_DAYS is more"
        )
        raise InvalidRecord(message)


@lru_cache(maxsize=4096)
def require_day(text: str, field: str) -> None:
    """Raise InvalidRecord for a day that no calendar has."""
    try:
        date.fromisoformat(text)
    except ValueError:
        raise InvalidRecord(f"{field} is {text!r}: the calendar has no such day; mend the source") from None


def rank(change: DealChange | MeetingChange) -> tuple[int, bytes]:
    """Of changes with one identity the one of highest rank counts: by version, then by its encoding."""
    return change.version, _encoder.encode(change)


def join(
    known: Sequence[tuple[Change, Origin]], received: Iterable[tuple[Change, Origin]]
) -> list[tuple[Change, Origin]] | None:
    """The set with what was received in it, as a new list; None if it holds all of that already."""
    joined: dict[str, tuple[Change, Origin]] = {
        identity(change.source, change.id): (change, origin) for change, origin in known
    }
    news = False
    for change, origin in received:
        key = identity(change.source, change.id)
        held = joined.get(key)
        if held is None or rank(held[0]) < rank(change):
            joined[key] = change, origin
            news = True
    return list(joined.values()) if news else None


def in_time(changes: Iterable[tuple[Change, Origin]]) -> list[Change]:
    """The changes in the order in which they happened; at one moment, in order of identity."""
    every = [change for change, _ in changes]
    moments = [change.occurred_at for change in every]
    # Most are told of in this order, and a moment is cheap to compare.
    if all(map(lt, moments, moments[1:])):
        return every
    return sorted(every, key=lambda change: (change.occurred_at, identity(change.source, change.id)))


@lru_cache(maxsize=1024)
def _escaped(source: str) -> str:
    return source.replace("%", "%25").replace("|", "%7C")


def _utc_year(moment: datetime) -> int:
    """The year in Greenwich, without overflow at the ends of the calendar."""
    return moment.year if moment.year in {1, 9999} else moment.astimezone(UTC).year
