"""Moments as exports write them."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from quota.errors import InvalidRecord
from streams.replay.mapping.spec import Value

_HOURS = ("%H", "%I", "%c", "%X")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moments(value: Value) -> Callable[[str], datetime]:
    """Reads a moment as UTC; a day gets the value's time of day, what has no offset is in its zone.

    Of an hour that a clock shows twice the first is meant; an hour that it skips counts from before the change.
    """
    zone = ZoneInfo(value.zone)
    at = time.fromisoformat(value.time)

    @lru_cache(maxsize=1 << 14)
    def read(text: str) -> datetime:
        try:
            moment = _read(text, value.format, at)
            return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise InvalidRecord(f"{text!r} is not a time in the format {value.format}") from None

    return read


def days(value: Value) -> Callable[[str], str]:
    """Reads a day of the calendar, whatever the zone."""

    @lru_cache(maxsize=1 << 12)
    def read(text: str) -> str:
        try:
            return _read(text, value.format, time()).date().isoformat()
        except (ValueError, OverflowError):
            raise InvalidRecord(f"{text!r} is not a day in the format {value.format}") from None

    return read


def _read(text: str, form: str, at: time) -> datetime:
    if form == "iso":
        return datetime.combine(date.fromisoformat(text), at) if len(text) <= 10 else datetime.fromisoformat(text)
    if form in {"epoch", "epoch_ms"}:
        return _EPOCH + timedelta(seconds=float(text) / (1 if form == "epoch" else 1000))
    moment = datetime.strptime(text, form)  # noqa: DTZ007 # the zone is the caller's
    return moment if any(sign in form for sign in _HOURS) else datetime.combine(moment.date(), at, moment.tzinfo)
