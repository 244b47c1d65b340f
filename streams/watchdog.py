"""A worker that silently stopped to read is worse than one that ends: the watchdog ends it, with the reason."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from streams.log import Log, LogError, Spot
from streams.shards import Shards

SECONDS = 5.0
"""Between two looks, or less where patience is short."""
PATIENCE = 60.0
"""How long a partition may grow without being read; a dead producer's transaction holds readers back for 18 s."""
MARKERS = 2
"""Offsets by which a partition may end behind its last record: the markers of transactions are read by nobody."""


class Stalled(LogError):
    """Records wait, nothing holds them back, and nobody reads them."""


@dataclass
class Watchdog:
    """Remembers when each partition was last read, and how far it went then."""

    patience: float = PATIENCE
    _moved: dict[Spot, tuple[int, int, float]] = field(default_factory=dict)

    def look(self, positions: Mapping[Spot, int], ends: Mapping[Spot, int], now: float) -> None:
        """Raises Stalled for a partition that has grown for too long without being read; `now` in seconds."""
        self._moved = {spot: seen for spot, seen in self._moved.items() if spot in positions}
        for spot, position in positions.items():
            end = ends.get(spot, position)
            before, first, since = self._moved.get(spot, (-1, end, now))
            if position != before or end <= first + MARKERS:
                self._moved[spot] = position, (end if position != before else first), now
            elif now - since > self.patience:
                raise Stalled(
                    f"{spot.topic}[{spot.partition}] grew to {end} and was not read beyond {position} for"
                    f" {now - since:.0f} s: this worker ends so that another one, or its restart, goes on"
                )

    async def run(self, log: Log, shards: Shards) -> None:
        """Looks for ever at what this worker owns and does not hold back by itself."""
        while True:
            await asyncio.sleep(min(SECONDS, self.patience / 4))
            positions = {Spot(*tp): at for shard in shards.owned.values() for tp, at in shard.flowing.items()}
            self.look(positions, await log.ends(positions), time.monotonic())
