"""Meetings: the change fact and the record of all changes of one meeting."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from schemas.fields import Moment, Name, Origin

MeetingState = Literal["booked", "held", "no_show", "cancelled"]


class MeetingChanged(Struct, frozen=True, tag="meeting_changed", omit_defaults=True):
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


class MeetingRecord(Struct, frozen=True):
    """Entity record: the set of a meeting's change facts by `source|id`, each with its origin."""

    meeting: str
    changes: dict[str, tuple[MeetingChanged, Origin]]
