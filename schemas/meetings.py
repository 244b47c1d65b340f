"""Meetings: the change fact and the record of all changes of one meeting."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from schemas.conversations import Conversation, Details
from schemas.fields import Moment, Name, Origin

MeetingState = Literal["booked", "held", "no_show", "cancelled"]


class MeetingChanged(Details, frozen=True, tag="meeting_changed", omit_defaults=True, gc=False):
    """A meeting was booked, moved, held, missed or cancelled; an absent field says nothing new."""

    id: Name
    source: Name
    occurred_at: Moment
    meeting: Name
    organizer: Name | None = None
    state: MeetingState | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    lead: Name | None = None
    version: Annotated[int, Meta(ge=0, le=10**9)] = 0
    quiet: bool = False


class MeetingChange(Struct, frozen=True, omit_defaults=True, gc=False):
    """What one fact said of its meeting, as the meeting's record keeps it: it was checked when it was received."""

    id: str
    source: str
    occurred_at: datetime
    organizer: str | None = None
    state: MeetingState | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    lead: str | None = None
    version: int = 0
    conversation: Conversation | None = None


class MeetingRecord(Struct, frozen=True):
    """Entity record: the set of what facts said of a meeting, each with its origin; no two of one source and id."""

    meeting: str
    changes: list[tuple[MeetingChange, Origin]]
