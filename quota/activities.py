"""Fire-and-forget activities: a performer's day, folded and counted."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from itertools import chain

import msgspec

from quota.calendars import WorkCalendar
from quota.catalogue import CONVERSATIONS
from quota.cells import LEAD, UNKNOWN_ACTIVITY
from quota.conversations import UNKNOWN, with_lead
from quota.credits import Cells
from quota.facts import identity, require_plausible
from quota.plans import PlanIndex
from quota.quarters import A_DAY, LocalDays, quarter_of
from schemas.activities import Activity, ActivityBucket, Done
from schemas.conversations import Conversation
from schemas.credits import Parts
from schemas.fields import Origin

FACT = Activity
RECORD = ActivityBucket
CORRECTION = b"|"
"""What the key of a correction's record begins with; no bucket's key does, for every source has a name."""
_KINDS = 10_000
"""Of activities, remembered; sources may make up any number."""
_encoder = msgspec.json.Encoder()


def entity(fact: Activity) -> str:
    """The key of the fact's bucket: `source|performer|YYYY-MM-DD`, a UTC day; InvalidRecord if it lies out of time."""
    require_plausible(fact.occurred_at, "occurred_at")
    return f"{whose(fact.source, fact.performer)}|{day_of(quarter_of(fact.occurred_at) // A_DAY)}"


whose = lru_cache(maxsize=65536)(identity)
"""A performer as a source names him, `source|performer`."""


@lru_cache(maxsize=4096)
def day_of(ordinal: int) -> str:
    """The UTC day with this ordinal, as YYYY-MM-DD."""
    return date.fromordinal(ordinal).isoformat()


def whose_day(key: str) -> tuple[str, str, int]:
    """Source, performer and the UTC day's ordinal of the bucket with this key."""
    source, _, performer = performer_of(key).partition("|")
    return source.replace("%7C", "|").replace("%25", "%"), performer, date.fromisoformat(key[-10:]).toordinal()


def performer_of(key: str) -> str:
    """The performer to whom a bucket of this key belongs, as `source|performer`."""
    return key[: -len("|YYYY-MM-DD")]


def chapter(key: str) -> str:
    """The day of a bucket's key; nothing for the key of a correction's record."""
    return "" if key.startswith("|") else key[-len("YYYY-MM-DD") :]


def done_by(fact: Activity, origin: Origin) -> Done:
    """The fact as its bucket keeps it."""
    told = with_lead(fact) if fact.activity in CONVERSATIONS else fact.lead
    return Done(fact.occurred_at, fact.activity, told, fact.version, origin)


def fold(record: ActivityBucket | None, facts: Sequence[tuple[Activity, Origin]]) -> ActivityBucket | None:
    """The bucket with the facts in it; None if that says nothing new. All facts belong to this bucket."""
    known = {} if record is None else record.done
    done: dict[str, Done] | None = None
    for fact, origin in facts:
        key = identity(fact.source, fact.id)
        held = (known if done is None else done).get(key)
        new = done_by(fact, origin)
        if held is None or rank(held) < rank(new):
            done = dict(known) if done is None else done
            done[key] = new
    if done is None:
        return None
    return ActivityBucket(facts[0][0].performer, facts[0][0].source, done)


def rank(done: Done) -> tuple[int, bytes]:
    """Of a performer's activities with one identity that of highest rank counts: by version, then by what it says."""
    return done.version, _encoder.encode((done.occurred_at, done.activity, done.lead))


class Counting:
    """What activities count as under one plan, remembered by kind and by calendar."""

    def __init__(self, plan: PlanIndex) -> None:
        """Under this plan."""
        self._plan = plan
        self.kinds: dict[str, tuple[tuple[str, ...], tuple[str, ...] | None]] = {}
        """By activity what `kind` gives, as far as it was asked for."""
        self._days: dict[WorkCalendar, LocalDays] = {}

    def whose(self, source: str, performer: str) -> tuple[str, LocalDays]:
        """Who is credited, `unassigned` if no rep is known by that name, and the days on which that counts."""
        scope = self._plan.owner(source, performer)
        calendar = self._plan.calendar(scope)
        days = self._days.get(calendar)
        if days is None:
            days = self._days[calendar] = LocalDays(calendar)
        return scope, days

    def components(self, activity: str, told: str | Conversation | None, day: str) -> tuple[str, ...]:
        """What one activity on a local day is counted as; each component once."""
        plain, talked = self.kinds.get(activity) or self.kind(activity)
        if told is None or talked is None:
            return plain
        if isinstance(told, str):
            return (*talked, f"{LEAD}{told}")
        counted = self._plan.metrics_of(activity), self._plan.conversations.components(told, day)
        return tuple(dict.fromkeys(chain(*counted)))

    def kind(self, activity: str) -> tuple[tuple[str, ...], tuple[str, ...] | None]:
        """What an activity is counted as of which nothing else is known, and beside a lead where that counts."""
        if len(self.kinds) >= _KINDS:
            self.kinds.clear()
        counted = self._plan.metrics_of(activity)
        talked = None
        if activity in CONVERSATIONS:
            counted = talked = tuple(dict.fromkeys((*counted, *self._plan.conversations.components(UNKNOWN, ""))))
        found = self.kinds[activity] = counted or (UNKNOWN_ACTIVITY,), talked
        return found


def contributions(record: ActivityBucket, plan: PlanIndex) -> Cells:
    """What the bucket adds to its performer, by local day; to `unassigned` if no rep is known by that name."""
    return counted(record, Counting(plan))


def counted(record: ActivityBucket, counting: Counting) -> Cells:
    """The contributions of a bucket under the plan of `counting`."""
    scope, days = counting.whose(record.source, record.performer)
    found: dict[str, Parts] = {}
    for done in record.done.values():
        day = days.name(quarter_of(done.occurred_at), done.occurred_at)
        parts = found.setdefault(day, {})
        for component in counting.components(done.activity, done.lead, day):
            parts[component] = parts.get(component, 0) + 1
    return {(scope, day): parts for day, parts in found.items()}
