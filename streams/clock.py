"""The clock's part of the protocol: ticks and markers, in their one order, into every partition of every source."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import json
from msgspec.structs import replace

from schemas.control import Live, PlanMarker, Tick
from schemas.marks import Mark
from streams import tables, topics
from streams.batches import Fetched
from streams.log import Outgoing, Spot
from streams.topology import CLOCK

_decode = json.Decoder(Tick | PlanMarker | Live).decode


class Clock:
    """The one reader of control: it numbers what it copies by control's offsets."""

    def __init__(self, shards: int, mark: Mark) -> None:
        """Goes on where the mark stands."""
        self.topic = topics.CONTROL.name
        self.position, self.at, self.live = mark.position, mark.at, mark.live
        self.copied = self.facts = 0
        self.changed = self.urgent = self.silent = False
        self._targets = [Spot(topic.name, p) for topic in topics.SOURCES for p in range(shards)]
        self._out: list[Outgoing] = []

    @property
    def mark(self) -> Mark:
        """Where the clock stands."""
        return Mark(self.topic, self.position, at=self.at, live=self.live)

    def read(self, records: Sequence[Fetched]) -> int:
        """Copies ticks and markers; nothing has to wait here."""
        for record in records:
            if record.offset >= self.position:
                self._take(_decode(record.value or b""), record.offset)
                self.position, self.changed = record.offset + 1, True
        return len(records)

    def _take(self, said: Tick | PlanMarker | Live, number: int) -> None:
        if isinstance(said, Live):
            self.live = True
            return
        if isinstance(said, Tick):
            self.at = latest(self.at, said.at)
        value = json.encode(replace(said, number=number, sender=CLOCK))
        self.copied += 1
        self._out += [Outgoing(*target, CLOCK.encode(), value) for target in self._targets]

    def flush(self) -> list[Outgoing]:
        """What was copied since the last flush, and the mark."""
        out, self._out, self.changed = self._out, [], False
        return [*out, Outgoing(tables.CLOCK_MARKS.name, 0, self.topic.encode(), json.encode(self.mark))]


def latest(one: datetime | None, other: datetime | None) -> datetime | None:
    """The later of two moments, of which either may be missing."""
    return max((moment for moment in (one, other) if moment is not None), default=None)
