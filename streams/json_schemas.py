"""One JSON Schema per topic, made from the structs."""

from typing import Any

import msgspec

from schemas.activities import ActivitiesCorrected, Activity
from schemas.alerts import Transition
from schemas.control import Live, PlanMarker, Tick
from schemas.credits import Credit
from schemas.dead_letters import DeadLetter
from schemas.deals import DealChanged
from schemas.meetings import MeetingChanged
from schemas.notifications import Notification
from schemas.plan import Manifest, PlanRecord
from schemas.proposals import Answer, Proposal
from schemas.standings import Baseline, Inputs, Standing, Wins
from streams import topics

DIALECT = "https://json-schema.org/draft/2020-12/schema"

CARRIED: dict[str, Any] = {
    topics.ACTIVITIES.name: Activity | ActivitiesCorrected | Tick | PlanMarker,
    topics.MEETINGS.name: MeetingChanged | Tick | PlanMarker,
    topics.DEALS.name: DealChanged | Tick | PlanMarker,
    topics.CONTROL.name: Tick | PlanMarker | Live,
    topics.PLAN.name: PlanRecord | Manifest,
    topics.PROPOSALS.name: Proposal | Answer,
    topics.CREDITS.name: Credit | Tick | PlanMarker,
    topics.STANDINGS.name: Standing | Inputs | Wins | Baseline | Tick | PlanMarker,
    topics.ALERTS.name: Transition,
    topics.DEAD_LETTERS.name: DeadLetter,
    topics.NOTIFICATIONS.name: Notification | Tick | PlanMarker,
}
"""What each topic's values may be."""


def document(topic: str) -> dict[str, Any]:
    """The JSON Schema of a topic's values."""
    (root,), definitions = msgspec.json.schema_components((CARRIED[topic],), ref_template="#/$defs/{name}")
    return {"$schema": DIALECT, "title": topic, **root, "$defs": definitions}


def messages(topic: str) -> list[str]:
    """The names of what the topic's values may be, as its document defines them."""
    found: dict[str, Any] = document(topic)
    return [each["$ref"].rpartition("/")[2] for each in found.get("anyOf", [found]) if "$ref" in each]
