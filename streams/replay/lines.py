"""What an export consists of, line by line: facts, lines that cannot be used, and lines left out on purpose."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import NamedTuple

import msgspec

from quota.errors import InvalidRecord
from quota.facts import require_plausible
from schemas.activities import Activity
from schemas.deals import DealChanged
from schemas.meetings import MeetingChanged
from streams import topics

MAX_LINE = 64 * 1024
"""Bytes of a line; a longer one is not a fact."""
KEPT = 4 * 1024
"""Bytes that are kept of a line that is too long: enough to recognise it, too few to fill a disk."""

AnyFact = Activity | MeetingChanged | DealChanged
Require = Callable[[AnyFact], None]
"""Raises InvalidRecord for a fact that is not to be taken."""
Progress = Callable[[int], None]
"""Told how many bytes more have been read."""


class Fact(NamedTuple):
    """A fact ready for its topic; facts sort by time, and alike ones by what they say."""

    occurred_at: datetime
    topic: str
    key: bytes
    value: bytes


class Bad(NamedTuple):
    """A line that cannot be used: `id` is `file:line`, `raw` its bytes, of which `truncated` more were cut off."""

    id: str
    reason: str
    raw: bytes
    truncated: int = 0


class Ignored(NamedTuple):
    """A line that the mapping leaves out on purpose; `id` is `file:line`."""

    id: str


Line = Fact | Bad | Ignored


class ReplayError(Exception):
    """An export cannot be read at all; the message says what to do."""


_encoder = msgspec.json.Encoder()


def fact(said: AnyFact, *, quiet: bool) -> Fact:
    """The fact as it goes to its topic; raises InvalidRecord where a time or day is none of the calendar."""
    _require_days(said)
    if said.quiet is not quiet:
        said = msgspec.structs.replace(said, quiet=quiet)
    topic, key = _destination(said)
    return Fact(said.occurred_at.astimezone(UTC), topic, key.encode(), _encoder.encode(said))


def _destination(said: AnyFact) -> tuple[str, str]:
    match said:
        case Activity():
            return topics.ACTIVITIES.name, said.performer
        case MeetingChanged():
            return topics.MEETINGS.name, said.meeting
        case DealChanged():
            return topics.DEALS.name, said.deal


def _require_days(said: AnyFact) -> None:
    require_plausible(said.occurred_at, "occurred_at")
    if isinstance(said, MeetingChanged):
        require_plausible(said.starts_at, "starts_at")
        require_plausible(said.ends_at, "ends_at")
    elif isinstance(said, DealChanged):
        if isinstance(said.created_at, datetime):
            require_plausible(said.created_at, "created_at")
        if isinstance(said.expected_close, str):
            _require_day(said.expected_close)


def _require_day(text: str) -> None:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise InvalidRecord(f"expected_close is {text!r}: the calendar has no such day; mend the source") from None
