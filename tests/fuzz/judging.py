"""What holds of every answer to bad input, whichever surface it came in by."""

from msgspec import json

from agents.worker import ARROWS
from quota.errors import LONGEST_REASON
from quota.plans import PlanIndex
from schemas.marks import Mark
from streams.hop import Hop
from streams.log import Record
from streams.quarantine import LARGEST_FACT
from streams.replay import Fact, parse
from streams.topology import flow, place
from tests.runtime.history import plan

ARROW_OF = {arrow.reads.name: arrow for arrow in ARROWS}
PLANS = {1: PlanIndex(plan(1))}
LONGEST_PROBLEM = 2000
"""Characters of what is wrong with a plan or a mapping, and of the fix."""
MOST_PROBLEMS = 1000
PREFIX = 50
"""Characters before a reason that say where it was found."""


def require_reason(reason: str, longest: int = LONGEST_REASON + PREFIX) -> None:
    """A reason says something, and does not repeat what came however long that is."""
    assert reason.strip(), "rejected without a reason"
    assert len(reason) <= longest, f"a reason of {len(reason)} characters"


def hop_of(topic: str) -> Hop:
    """The reader of a source topic as the worker of a log with one shard has it, which knows one plan."""
    arrow = ARROW_OF[topic]
    at = place(arrow, 0, 1)
    return Hop(at, flow(arrow, ARROWS, at), arrow.stage(at), Mark(topic), PLANS.get)


def require_usable(fact: Fact, *, quiet: bool) -> None:
    """What one surface accepts is read again as the same fact, and no reader of the log sets it aside."""
    assert parse(fact.value, quiet=quiet) == fact, "a fact that was accepted is another one when it is read again"
    assert len(fact.value) <= LARGEST_FACT, "a fact that was accepted is too large for the log's readers"
    hop = hop_of(fact.topic)
    hop.read([Record(fact.topic, 0, 0, 0, fact.key, fact.value)])
    said = hop.flush()
    letters = [record.value for record in said if record.topic == "quota.dead-letters.v1"]
    assert letters == [], f"a fact that was accepted is set aside: {json.decode(letters[0] or b'')['reason']}"
    assert hop.position == 1
