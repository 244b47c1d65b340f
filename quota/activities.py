"""Fire-and-forget activities: a performer's day, folded and counted."""

from collections.abc import Iterable, Sequence
from datetime import UTC

import msgspec

from quota.cells import LEAD
from quota.facts import identity, require_plausible
from quota.plans import PlanIndex
from schemas.activities import Activity, ActivityBucket, Done
from schemas.credits import Parts
from schemas.fields import Origin

FACT = Activity
RECORD = ActivityBucket
_encoder = msgspec.json.Encoder()


def entity(fact: Activity) -> str:
    """The key of the fact's bucket: `source|performer|YYYY-MM-DD`, a UTC day; InvalidRecord if it lies out of time."""
    require_plausible(fact.occurred_at, "occurred_at")
    day = fact.occurred_at.astimezone(UTC).date().isoformat()
    return f"{identity(fact.source, fact.performer)}|{day}"


def fold(record: ActivityBucket | None, facts: Sequence[tuple[Activity, Origin]]) -> ActivityBucket | None:
    """The bucket with the facts in it; None if that says nothing new. All facts belong to this bucket."""
    known = {} if record is None else record.done
    done: dict[str, Done] | None = None
    for fact, origin in facts:
        key = identity(fact.source, fact.id)
        held = (known if done is None else done).get(key)
        new = Done(fact.occurred_at, fact.activity, fact.lead, fact.version, origin)
        if held is None or rank(held) < rank(new):
            done = dict(known) if done is None else done
            done[key] = new
    if done is None:
        return None
    return ActivityBucket(facts[0][0].performer, facts[0][0].source, done)


def rank(done: Done) -> tuple[int, bytes]:
    """Of activities with one identity the one of highest rank counts: version first, then what it says, encoded."""
    return done.version, _encoder.encode((done.occurred_at, done.activity, done.lead))


def identities(record: ActivityBucket) -> Iterable[str]:
    """The identities of the facts in the bucket."""
    return record.done.keys()


def without(record: ActivityBucket, gone: str) -> ActivityBucket:
    """The bucket without the fact of that identity, which has moved to another; the same bucket if it is not there."""
    if gone not in record.done:
        return record
    kept = {key: done for key, done in record.done.items() if key != gone}
    return msgspec.structs.replace(record, done=kept)


def contributions(record: ActivityBucket, plan: PlanIndex) -> dict[tuple[str, str], Parts]:
    """What the bucket adds to its performer, by local day; to `unassigned` if no rep is known by that name."""
    rep = plan.rep(record.source, record.performer)
    scope = "unassigned" if rep is None else f"rep:{rep}"
    calendar = plan.calendar(scope)
    found: dict[tuple[str, str], Parts] = {}
    for done in record.done.values():
        counted = plan.metrics_of(done.activity)
        spoken = done.lead is not None and done.activity in plan.conversations
        if not counted and not spoken:
            continue
        parts = found.setdefault((scope, calendar.local_day(done.occurred_at).isoformat()), {})
        for metric in counted:
            parts[metric] = parts.get(metric, 0) + 1
        if spoken:
            lead = f"{LEAD}{done.lead}"
            parts[lead] = parts.get(lead, 0) + 1
    return found
