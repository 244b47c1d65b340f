"""What a log has come to: what stands, what was found, what is kept, and who is told."""

from streams import tables, topics
from streams.log import Log, Spot
from tests.runtime.history import SHARDS

Outcome = tuple[dict[bytes, bytes], list[list[bytes]], dict[bytes, bytes], list[list[bytes]]]
"""The last standings by key, the transitions of each alerts partition, the entity records, and everybody's messages."""


async def outcome(log: Log) -> Outcome:
    """What a log has come to."""
    standings, alerts, entities = dict[bytes, bytes](), list[list[bytes]](), dict[bytes, bytes]()
    messages = list[list[bytes]]()
    for shard in range(SHARDS):
        said = await _values(log, Spot(topics.STANDINGS.name, shard))
        standings |= {key: value for key, value in said if b"/" not in key}
        said = await _values(log, Spot(topics.ALERTS.name, shard))
        alerts.append([value for _, value in said if value.startswith(b'{"type":"transition"')])
        said = await _values(log, Spot(topics.NOTIFICATIONS.name, shard))
        # Each shard's messages are in order, but whose come first is nobody's promise.
        messages.append(sorted(value for _, value in said if value.startswith(b'{"type":"notification"')))
        for table in (tables.ACTIVITIES, tables.MEETINGS, tables.DEALS):
            last = dict(await _values(log, Spot(table.name, shard)))
            # One that was deleted is as one that never was.
            entities |= {key: value for key, value in last.items() if value}
    return standings, alerts, entities, messages


async def _values(log: Log, spot: Spot) -> list[tuple[bytes, bytes]]:
    return [(record.key or b"", record.value or b"") async for chunk in log.read(spot) for record in chunk]
