"""What became of every message, as the outboxes of all shards have it."""

from typing import Any

from msgspec import json

from schemas.notifications import Delivery
from streams import tables
from streams.log import Log, Spot
from streams.serving.transitions import document as transition_document

_decode = json.Decoder(Delivery).decode


async def deliveries(log: Log, shards: int) -> list[Delivery]:
    """All that are remembered, in the order of the moments that they are about."""
    found: dict[bytes, Delivery | None] = {}
    for shard in range(shards):
        async for chunk in log.read(Spot(tables.OUTBOX.name, shard)):
            found.update((r.key or b"", _decode(r.value) if r.value else None) for r in chunk)
    kept = [each for each in found.values() if each is not None]
    return sorted(kept, key=lambda each: (each.notification.cause.at, each.notification.idempotency_key))


def document(delivery: Delivery) -> dict[str, Any]:
    """The delivery's JSON object: who was told what over which route and sink, what became of it, and its cause."""
    said = delivery.notification
    return {
        "id": said.idempotency_key,
        "recipient": said.recipient,
        "route": said.route,
        "sink": said.sink,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "at": delivery.at.isoformat(),
        "due": None if delivery.due is None else delivery.due.isoformat(),
        "reason": delivery.reason,
        "title": said.subject,
        "text": said.body,
        "cause": transition_document(said.cause),
    }
