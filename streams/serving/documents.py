"""A standing as programs read it: a JSON object with names, values and reasons, and nothing of how it travelled."""

from typing import Any

import msgspec

from quota.calendars import WorkCalendar
from schemas.standings import QuotaStanding, Standing

Document = dict[str, Any]


def document(standing: Standing, calendar: WorkCalendar) -> Document:
    """The standing's JSON object, its times in the zone of its scope's calendar."""
    found: Document = {
        "scope": standing.scope,
        "period": standing.period,
        "as_of": standing.as_of.astimezone(calendar.zone).isoformat(),
        "metrics": {name: msgspec.to_builtins(measure) for name, measure in sorted(standing.metrics.items())},
        "quotas": [_quota(quota) for quota in standing.quotas],
    }
    if standing.pipeline is not None:
        found["pipeline"] = msgspec.to_builtins(standing.pipeline)
        found["pipeline"]["as_of"] = standing.pipeline.as_of.astimezone(calendar.zone).isoformat()
    return found


def _quota(quota: QuotaStanding) -> Document:
    """Null stands for a number that is undefined, and its reason beside it; a count has no unit."""
    found: Document = msgspec.to_builtins(quota)
    if quota.unit is None:
        del found["unit"]
    if not quota.reasons:
        del found["reasons"]
    return found
