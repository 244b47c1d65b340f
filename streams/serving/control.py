"""What control says: whether time follows the clock, and how far it has come."""

from datetime import datetime
from typing import NamedTuple

from msgspec import json

from schemas.control import Live, PlanMarker, Tick
from schemas.marks import Mark
from streams import tables, topics
from streams.log import Log, Spot

SPOT = Spot(topics.CONTROL.name, 0)
_decode = json.Decoder(Tick | PlanMarker | Live).decode
_decode_mark = json.Decoder(Mark).decode


class Control(NamedTuple):
    """Where time stands: `at` is the highest moment of any tick, `end` the offset after what was read."""

    live: bool
    at: datetime | None
    end: int


async def control(log: Log) -> Control:
    """Where time stands after everything that control holds now."""
    live, at, end = await _marked(log)
    async for chunk in log.read(SPOT, end):
        for record in chunk:
            said = _decode(record.value or b"")
            live = live or isinstance(said, Live)
            if isinstance(said, Tick) and said.at is not None:
                at = said.at if at is None else max(at, said.at)
        end = chunk[-1].offset + 1
    return Control(live, at, end)


async def _marked(log: Log) -> Control:
    """Where the clock stands: what it has read need not be read again."""
    found = Control(live=False, at=None, end=0)
    async for chunk in log.read(Spot(tables.CLOCK_MARKS.name, 0)):
        for record in chunk:
            mark = _decode_mark(record.value or b"")
            found = Control(mark.live, mark.at, mark.position)
    return found
