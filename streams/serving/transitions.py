"""Every transition of every alert, and which alerts are open."""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import json

from schemas.alerts import Transition
from streams import topics
from streams.log import Log, Spot

TRANSITION = b'{"type":"transition"'
"""How the value of a transition begins."""
FIRING = b'"transition":"firing"'
"""What is in the value of every transition to firing, and of hardly another."""
_decode = json.Decoder(Transition).decode


async def transitions(log: Log, shards: int) -> list[Transition]:
    """All transitions by tick, then scope and what they are about."""
    said: dict[bytes, Transition] = {}
    for shard in range(shards):
        async for chunk in log.read(Spot(topics.ALERTS.name, shard)):
            for record in chunk:
                if record.value and record.value.startswith(TRANSITION):
                    said[record.key or b""] = _decode(record.value)
    return sorted(said.values(), key=lambda each: (each.tick, each.scope, each.fingerprint, each.number))


def still_open(found: Iterable[Transition]) -> list[Transition]:
    """The last transition of every alert that is firing, in the order in which they began."""
    last = {transition.fingerprint: transition for transition in found}
    firing = [transition for transition in last.values() if transition.transition == "firing"]
    return sorted(firing, key=lambda each: (each.tick, each.scope, each.fingerprint))


def document(transition: Transition) -> dict[str, Any]:
    """The transition's JSON object; `rule` is the rule's kind, `rule_id` its id in the plan where that differs."""
    found: dict[str, Any] = {
        "rule": transition.kind,
        "scope": transition.scope,
        "period": transition.period,
        "transition": transition.transition,
        "at": transition.at.isoformat(),
        "reason": transition.reason,
        "summary": transition.summary,
        "details": msgspec.to_builtins(transition.details),
        "number": transition.number,
        "quiet": transition.quiet,
    }
    if transition.rule != transition.kind:
        found["rule_id"] = transition.rule
    if transition.subject is not None:
        found["subject"] = transition.subject
    return found
