"""Fire-and-forget activities: the fact, and the record of a performer's bucket of time."""

from typing import Annotated

from msgspec import Meta, Struct

from schemas.fields import Moment, Name, Origin


class Activity(Struct, frozen=True, tag="activity", omit_defaults=True, gc=False):
    """One thing a performer did; of facts with the same source and id the highest version counts."""

    id: Name
    source: Name
    occurred_at: Moment
    performer: Name
    activity: Name
    lead: Name | None = None
    version: Annotated[int, Meta(ge=0, le=10**9)] = 0
    quiet: bool = False


class Done(Struct, frozen=True, array_like=True, gc=False):
    """An activity inside its bucket."""

    occurred_at: Moment
    activity: str
    lead: str | None
    version: int
    origin: Origin


class ActivityBucket(Struct, frozen=True):
    """Entity record: what one performer did in one UTC day, by `source|id`."""

    performer: str
    source: str
    done: dict[str, Done]
