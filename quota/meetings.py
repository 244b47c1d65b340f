"""Meetings: booked, then held, missed or cancelled; folded from what was said of them."""

from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from quota.conversations import UNKNOWN, conversation, later
from quota.facts import EPOCH, FIRST_SAFE, LAST_SAFE, day_name, in_time, join, require_plausible
from quota.plans import PlanIndex
from quota.shares import Adds, Cells, Owners, Share, answering, share, together
from schemas.conversations import Conversation
from schemas.fields import Origin
from schemas.meetings import MeetingChange, MeetingChanged, MeetingRecord, MeetingState

FACT = MeetingChanged
RECORD = MeetingRecord

_SCHEDULED = {"meetings_scheduled": 1}
_MISSED = {"no_shows": 1}


def entity(fact: MeetingChanged) -> str:
    """The meeting's key; InvalidRecord if one of the fact's moments lies out of time."""
    if not FIRST_SAFE <= fact.occurred_at.year <= LAST_SAFE:
        require_plausible(fact.occurred_at, "occurred_at")
    require_plausible(fact.starts_at, "starts_at")
    require_plausible(fact.ends_at, "ends_at")
    return fact.meeting


def change_of(fact: MeetingChanged) -> MeetingChange:
    """What a fact says of its meeting; whether it was sent quietly is not part of that."""
    return MeetingChange(
        fact.id,
        fact.source,
        fact.occurred_at.astimezone(UTC),
        fact.organizer,
        fact.state,
        fact.starts_at,
        fact.ends_at,
        fact.lead,
        fact.version,
        conversation(fact),
    )


def fold(record: MeetingRecord | None, facts: Sequence[tuple[MeetingChanged, Origin]]) -> MeetingRecord | None:
    """The record with the facts in it; None if that says nothing new. All facts are of this meeting."""
    changes = join([] if record is None else record.changes, [(change_of(fact), origin) for fact, origin in facts])
    return None if changes is None else MeetingRecord(facts[0][0].meeting, changes)


class Meeting(Struct, gc=False):
    """A meeting as its changes make it under a plan; it is told of them in the order in which they happened."""

    key: str
    plan: PlanIndex
    adds: Adds = ((), None)
    """What it adds, as of the last count."""
    changed_at: datetime = EPOCH
    organizers: Owners = ()
    booked: tuple[Share, ...] = ()
    """Of its first booking; nothing where there is none, or where it has to be found out anew."""
    booked_at: datetime | None = None
    state: MeetingState | None = None
    entered: datetime = EPOCH
    """When the present state was said first, of all that say it at the end."""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    lead: str | None = None
    told: Conversation | None = None

    def hear(self, change: MeetingChange) -> None:
        """Takes a change that happened after all others."""
        at = self.changed_at = change.occurred_at
        if change.organizer is not None:
            scope = self.plan.owner(change.source, change.organizer)
            if not self.organizers or self.organizers[-1][1] != scope:
                self.organizers, self.booked = (*self.organizers, (at, scope)), ()
        if change.state is not None and change.state != self.state:
            self.state, self.entered = change.state, at
            if self.booked_at is None and change.state == "booked":
                self.booked_at = at
        if change.ends_at is not None:
            self.ends_at = change.ends_at
        if change.lead is not None:
            self.lead = change.lead
        if change.starts_at is not None:
            self.starts_at = change.starts_at
        if change.conversation is not None:
            self.told = later(self.told, change.conversation)

    def count(self) -> Adds:
        """Finds out what it adds: scheduled at its booking; held at its end, or missed, if that is its last state."""
        now = None
        if self.booked_at is not None and not self.booked:
            self.booked = (share(self.organizers, self.booked_at, _SCHEDULED, self.plan),)
        if self.state == "held":
            now = self._held()
        elif self.state == "no_show":
            now = share(self.organizers, self.entered, _MISSED, self.plan)
        self.adds = self.booked, now
        return self.adds

    def _held(self) -> Share:
        """For the organizer when that was said, on the day on which it ended, as far as that is known."""
        scope = answering(self.organizers, self.entered)
        day = day_name(self.plan.calendar(scope).local_day(self.ends_at or self.entered))
        return (scope, day), {"meetings_held": 1} | dict.fromkeys(
            self.plan.conversations.components(self._conversation(), day), 1
        )

    def _conversation(self) -> Conversation:
        """What is known of it in the end; a duration that nobody told is the time from its start to its end."""
        told = self.told or UNKNOWN
        seconds = told.seconds
        if seconds is None and self.starts_at is not None and self.ends_at is not None:
            planned = int((self.ends_at - self.starts_at).total_seconds())
            seconds = planned if planned >= 0 else None
        return replace(told, seconds=seconds, lead=self.lead)


def state(record: MeetingRecord, plan: PlanIndex) -> Meeting:
    """The meeting of a record: its changes by time (at one moment, by identity), later ones over earlier."""
    meeting = Meeting(record.meeting, plan)
    for change in in_time(record.changes):
        meeting.hear(change)
    meeting.count()
    return meeting


def contributions(record: MeetingRecord, plan: PlanIndex) -> Cells:
    """What the meeting adds: scheduled at its booking; held at its end, or missed, if that is its last state."""
    return together(state(record, plan).adds)
