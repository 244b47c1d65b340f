"""Fire-and-forget activities: a performer's day, folded and counted."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache

import msgspec

from quota.cells import LEAD, UNKNOWN_ACTIVITY
from quota.credits import Cells
from quota.facts import day_name, identity, require_plausible
from quota.plans import PlanIndex
from schemas.activities import Activity, ActivityBucket, Done
from schemas.credits import Parts
from schemas.fields import Origin

FACT = Activity
RECORD = ActivityBucket
CORRECTION = b"|"
"""What the key of a correction's record begins with; no bucket's key does, for every source has a name."""
_FIRST = date(1970, 1, 1)
_encoder = msgspec.json.Encoder()


def entity(fact: Activity) -> str:
    """The key of the fact's bucket: `source|performer|YYYY-MM-DD`, a UTC day; InvalidRecord if it lies out of time."""
    require_plausible(fact.occurred_at, "occurred_at")
    return f"{_performer(fact.source, fact.performer)}|{_utc_day(int(fact.occurred_at.timestamp() // 86_400))}"


_performer = lru_cache(maxsize=65536)(identity)


@lru_cache(maxsize=4096)
def _utc_day(since_1970: int) -> str:
    return (_FIRST + timedelta(days=since_1970)).isoformat()


def performer_of(key: str) -> str:
    """The performer to whom a bucket of this key belongs, as `source|performer`."""
    return key[: -len("|YYYY-MM-DD")]


def done_by(fact: Activity, origin: Origin) -> Done:
    """The fact as its bucket keeps it."""
    return Done(fact.occurred_at, fact.activity, fact.lead, fact.version, origin)


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


def identities(record: ActivityBucket) -> Iterable[str]:
    """The identities of the facts in the bucket."""
    return record.done.keys()


def without(record: ActivityBucket, gone: str) -> ActivityBucket:
    """The bucket without the fact of that identity, corrected elsewhere; the same bucket if it is not there."""
    if gone not in record.done:
        return record
    kept = {key: done for key, done in record.done.items() if key != gone}
    return msgspec.structs.replace(record, done=kept)


def contributions(record: ActivityBucket, plan: PlanIndex) -> Cells:
    """What the bucket adds to its performer, by local day; to `unassigned` if no rep is known by that name."""
    return difference(None, record, plan)


def difference(before: ActivityBucket | None, after: ActivityBucket | None, plan: PlanIndex) -> Cells:
    """What one state of a bucket adds more than another, looking only at what differs; what is gone is negative."""
    record = after or before
    if record is None:
        return {}
    rep = plan.rep(record.source, record.performer)
    scope = "unassigned" if rep is None else f"rep:{rep}"
    old, new = ({} if each is None else each.done for each in (before, after))
    come = [(done, 1) for key, done in new.items() if old.get(key) is not done]
    gone = [(done, -1) for key, done in old.items() if new.get(key) is not done] if old else []
    return _counted(come + gone, scope, plan)


def _counted(changes: Iterable[tuple[Done, int]], scope: str, plan: PlanIndex) -> Cells:
    """What these activities add to the scope's local days, each so many times."""
    local_day, metrics_of, conversations = plan.calendar(scope).local_day, plan.metrics_of, plan.conversations
    days: dict[str, Parts] = {}
    for done, sign in changes:
        activity, lead = done.activity, done.lead
        counted = metrics_of(activity)
        if lead is not None and activity in conversations:
            counted = (*counted, f"{LEAD}{lead}")
        parts = days.setdefault(day_name(local_day(done.occurred_at)), {})
        for component in counted or (UNKNOWN_ACTIVITY,):
            parts[component] = parts.get(component, 0) + sign
    without_zeros = ((day, {part: number for part, number in parts.items() if number}) for day, parts in days.items())
    return {(scope, day): parts for day, parts in without_zeros if parts}
