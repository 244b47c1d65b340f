"""Fire-and-forget activities: the fact, what shards say of corrections, and the record of a performer's bucket."""

from typing import Annotated

from msgspec import Meta, Struct

from schemas.conversations import Conversation, Details
from schemas.fields import Moment, Name, Origin


class Activity(Details, frozen=True, tag="activity", omit_defaults=True, gc=False):
    """One thing a performer did; of facts with the same source and id those of the highest version count.

    A correction may name another performer. In one version, what is said of several performers counts for each of them.
    """

    id: Name
    source: Name
    occurred_at: Moment
    performer: Name
    activity: Name
    lead: Name | None = None
    version: Annotated[int, Meta(ge=0, le=10**9)] = 0
    quiet: bool = False


class Correction(Struct, frozen=True, array_like=True, gc=False):
    """The highest version of an activity that was heard of: what has a lower one does not count.

    It travels in an announcement, and is a record beside the buckets.
    """

    source: Name
    id: Name
    version: Annotated[int, Meta(ge=1, le=10**9)]


class ActivitiesCorrected(Struct, frozen=True, tag="activities_corrected", omit_defaults=True):
    """What one shard tells the others when activities were corrected in it; nobody else may send it."""

    corrected: tuple[Correction, ...]
    sender: Name
    quiet: bool = False


class Done(Struct, frozen=True, array_like=True, gc=False):
    """An activity inside its bucket: with the lead alone, or with all that is known of a conversation."""

    occurred_at: Moment
    activity: str
    lead: str | Conversation | None
    version: int
    origin: Origin


class ActivityBucket(Struct, frozen=True):
    """Entity record: what one performer did in one UTC day, by `source|id`."""

    performer: str
    source: str
    done: dict[str, Done]
