"""A source topic: topic number, key line and value → a fact that counts, or a dead letter; what follows counts, too."""

from pathlib import Path
from typing import Any

from msgspec import json

from schemas.control import PlanMarker, Tick
from schemas.dead_letters import DeadLetter
from streams import topics
from streams.hop import Hop
from streams.log import Outgoing, Record
from streams.quarantine import KEPT
from streams.stages.activities import Activities
from streams.stages.entities import Entities
from tests.fuzz.judging import hop_of, require_reason
from tests.runtime.history import MONDAY
from tests.streams.any_facts import GOOD

WORDS = (b'"type":"deal_changed"', b'"type":"tick"', b'"occurred_at":"', b"9999-12-31T23:59:59Z", b"NaN", b'"version":')
_BASE = {"source": "fuzz", "occurred_at": MONDAY.isoformat()}
FOLLOWING: dict[str, dict[str, Any]] = {
    topics.ACTIVITIES.name: _BASE | {"type": "activity", "id": "next", "performer": "anna", "activity": "call_placed"},
    topics.MEETINGS.name: _BASE
    | {"type": "meeting_changed", "id": "next", "meeting": "m-next", "organizer": "anna", "state": "held"},
    topics.DEALS.name: _BASE
    | {"type": "deal_changed", "id": "next", "deal": "d-next", "owner": "anna", "stage": "won"},
}
"""A good fact of each topic."""
TOPICS = tuple(FOLLOWING)
MARKER, TICK = json.encode(PlanMarker(1, 0, "control")), json.encode(Tick(MONDAY, 1, "control"))


def feed(raw: bytes) -> None:
    """Raises AssertionError where the record blocks or spoils what follows, and whatever is a crash."""
    number, _, rest = raw.partition(b"\n")
    key, _, value = rest.partition(b"\n")
    topic = TOPICS[len(number) % len(TOPICS)]
    if not _is_control(topic, value):
        judge(topic, key, value)


def judge(topic: str, key: bytes | None, value: bytes | None) -> DeadLetter | None:
    """The dead letter that comes of the record; what follows must count, whenever the plan comes into force."""
    following = json.encode(FOLLOWING[topic])
    said = [
        _read(topic, [(key, value), (b"k", MARKER), (b"k", following), (b"k", TICK)]),
        _read(topic, [(b"k", MARKER), (key, value), (b"k", following), (b"k", TICK)]),
    ]
    early, late = (_letters(out) for _, out in said)
    assert len(early) == len(late) <= 1
    assert _stage(said[0][0]).cells == _stage(said[1][0]).cells, "it depends on when the plan came"
    if not late:
        return None
    alone, _ = _read(topic, [(b"k", MARKER), (b"k", following), (b"k", TICK)])
    assert _stage(alone).cells == _stage(said[1][0]).cells, "what was set aside counts, or spoils what follows"
    (letter,) = late
    require_reason(letter.reason)
    assert letter.traceback is None, f"a bug: {letter.traceback}"
    assert letter.raw == (value or b"")[:KEPT]
    assert len(letter.raw) + letter.truncated == len(value or b"")
    return letter


def _read(topic: str, said: list[tuple[bytes | None, bytes | None]]) -> tuple[Hop, list[Outgoing]]:
    hop = hop_of(topic)
    records = [Record(topic, 0, offset, 0, key, value) for offset, (key, value) in enumerate(said)]
    assert hop.read(records) == len(records), "it blocks its partition"
    out = hop.flush()
    assert hop.tick == 1, "time stands still"
    return hop, out


def _stage(hop: Hop) -> Entities | Activities:
    assert isinstance(hop.stage, Entities | Activities)
    return hop.stage


def _letters(said: list[Outgoing]) -> list[DeadLetter]:
    return [json.decode(record.value or b"", type=DeadLetter) for record in said if record.topic == DEAD]


DEAD = topics.DEAD_LETTERS.name


def _is_control(topic: str, value: bytes) -> bool:
    """Whether it speaks as the clock itself does: who may write as the clock may stop time, too."""
    try:
        said = hop_of(topic).stage.decode(value)
    except (ValueError, RecursionError):
        return False
    return isinstance(said, Tick | PlanMarker) and said.sender == "control"


def seeds(root: Path) -> list[bytes]:
    """A good record of each topic, one that is none of its topic, and one without anything."""
    good = [b"x" * number + b"\nkey\n" + json.encode(said) for number, said in enumerate(FOLLOWING.values())]
    return [*good, b"x\nkey\n" + json.encode(GOOD), b"\n\n", b"\nkey\n" + TICK.replace(b"control", b"anyone")]
