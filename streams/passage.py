"""Knowing that everything appended so far was processed: a tick without a time that has come through."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from msgspec import json

from schemas.control import Tick
from streams import topics
from streams.log import Log, Outgoing, Record, Spot
from streams.waiting import PATIENCE, Patience, until

KEY = b"passage"
DERIVED = (topics.CREDITS, topics.STANDINGS, topics.ALERTS, topics.NOTIFICATIONS)
"""What agents say and others read."""
_MARK = b'{"type":"tick"'
_TOLD = b'{"type":"activities_corrected"'
_decode = json.Decoder(Tick).decode
_NOBODY = (
    "nothing moved for {seconds:g} s, so nobody seems to work on this log; what was sent is in it and counts once. "
    "Start a worker (`quotaflow worker`), then `quotaflow status` shows what is left to be processed"
)


class Passage(NamedTuple):
    """A tick that was asked for: its number, and where the notifications and the activities ended before."""

    number: int
    starts: dict[Spot, int]
    activities: dict[Spot, int]
    quiet: bool


async def ask(log: Log, shards: int, *, quiet: bool = True) -> Passage:
    """Asks for a tick that evaluates nothing; all that was appended before will be processed before it is through."""
    starts = await log.ends(Spot(topics.NOTIFICATIONS.name, shard) for shard in range(shards))
    activities = await log.ends(Spot(topics.ACTIVITIES.name, shard) for shard in range(shards))
    record = Outgoing(topics.CONTROL.name, 0, KEY, json.encode(Tick(quiet=quiet)))
    return Passage((await log.append([record]))[-1], starts, activities, quiet)


async def through(
    log: Log, passage: Passage, patience: float = PATIENCE, left: Callable[[int], None] = lambda _: None
) -> None:
    """Returns once all that was appended before is processed; tells `left` how much is unread; raises Stalled."""
    await _through(log, passage, patience, left)
    # What shards told one another of corrected activities may lie behind the tick, but not behind a second one.
    if await _told(log, passage.activities):
        again = await ask(log, len(passage.activities), quiet=passage.quiet)
        await _through(log, again, patience, left)


async def _told(log: Log, starts: Mapping[Spot, int]) -> bool:
    """Whether a shard has told others of corrected activities since."""
    for spot, end in (await log.ends(starts)).items():
        async for chunk in log.read(spot, starts[spot], end):
            if any((record.value or b"").startswith(_TOLD) for record in chunk):
                return True
    return False


async def _through(log: Log, passage: Passage, patience: float, left: Callable[[int], None]) -> None:
    """Returns once the tick stands wherever messages are."""
    at = dict(passage.starts)

    async def reached() -> bool:
        for spot, end in (await log.ends(at)).items():
            if await _holds(log, spot, at[spot], end, passage.number):
                del at[spot]
            else:
                at[spot] = end
        return not at

    async def moved() -> object:
        found = await lags(log, len(passage.starts))
        left(sum(found.values()))
        return found

    await until(log, reached, Patience(moved, patience, _NOBODY.format(seconds=patience)))


async def _holds(log: Log, spot: Spot, start: int, end: int, number: int) -> bool:
    if start < end:
        async for chunk in log.read(spot, start, end):
            if any(_passed(record, number) for record in chunk):
                return True
    return False


def _passed(record: Record, number: int) -> bool:
    if not record.value or not record.value.startswith(_MARK):
        return False
    return _decode(record.value).number >= number


async def lags(log: Log, shards: int) -> dict[str, int]:
    """How many records of each topic that agents read lie after the last flush (transaction markers among them)."""
    read = {topic.name: shards if topic.sharded else 1 for topic in (topics.CONTROL, *topics.SOURCES, *DERIVED)}
    return await unread(log, [Spot(name, partition) for name, count in read.items() for partition in range(count)])


async def unread(log: Log, spots: Sequence[Spot]) -> dict[str, int]:
    """How many records of each topic lie after the last flush in these partitions."""
    ends, done = await log.ends(spots), await log.committed(spots)
    found = dict.fromkeys((spot.topic for spot in spots), 0)
    for spot in spots:
        found[spot.topic] += ends.get(spot, 0) - done.get(spot, 0)
    return found
