"""A log in memory whose owners keep a store each, which begins as a copy of what some earlier owner left on disk."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from math import inf
from pathlib import Path

from rocksdict import Checkpoint

from streams import tables
from streams.keeping import leave
from streams.log import LogError, Outgoing, Spot
from streams.plan_reader import Plans
from streams.shard import Reader
from streams.stores.fitting import fit
from streams.stores.shelf import Shelf
from streams.stores.stores import Stores
from streams.stores.writer import KeepingWriter
from streams.takeover import take_hops
from streams.topology import Arrow
from tests.runtime.fake_log import FakeLog, at_once

NAMES = tuple(table.name for table in tables.ALL if table is not tables.CLOCK_MARKS)


class Owned(KeepingWriter):
    """Knows whether the memory behind it is still good."""

    void = False
    readers: Mapping[str, Reader] = {}
    number = 0

    async def commit(self, records: Sequence[Outgoing], positions: Mapping[Spot, int]) -> list[int]:
        self.void = True
        offsets = await super().commit(records, positions)
        self.void = False
        return offsets


class StoringLog(FakeLog):
    """`left` counts what the next owner found on disk, and how often one left what had changed."""

    def __init__(self, folder: Path, luck: random.Random, *, orderly: bool = False) -> None:
        """Every owner of an `orderly` one stops in good order, and leaves its store to the next."""
        self._killed = 0.0 if orderly else 0.5
        history = luck.random() < 0.6
        super().__init__(history=history, gap=luck.choice([0, 1]))
        self.left: Counter[str] = Counter()
        self.owned: dict[str, list[Owned]] = {}
        # Only a log that was never compacted tells of every deletion.
        self.stores = Stores(folder, lambda: 0.0, inf if history else -inf)
        self._luck = luck
        self._made = 0

    async def writer(self, name: str) -> Owned:  # type: ignore[override] # what it is besides, nobody sees
        owned = self.owned.setdefault(name, [])
        if owned and self._luck.random() >= self._killed:
            await self._stop(owned[-1])
        inner = await super().writer(name)
        path = self.stores.directory / f"{name}-{self._made}"
        self._made += 1
        if owned and not self._killed:
            self._copy(owned[-1], path)
        elif owned and self._luck.random() < 0.9:
            self._copy(self._luck.choice([owned[-1], owned[-1], self._luck.choice(owned)]), path)
        owned.append(Owned(inner, Shelf(path, self.stores.clock, "program")))
        return owned[-1]

    async def _stop(self, earlier: Owned) -> None:
        """The earlier owner ends in good order, if it still can: it flushes what it has read, and leaves the rest."""
        if earlier.void or not earlier.readers:
            return
        out = [record for reader in earlier.readers.values() if reader.changed for record in reader.flush()]
        shard = earlier.number
        with suppress(LogError):
            await earlier.commit(
                out, {Spot(topic, shard): reader.position for topic, reader in earlier.readers.items()}
            )
            stale = earlier.shelf.few("deals") is None
            await leave(earlier.readers.values(), earlier)
            self.left["left"] += stale

    def _copy(self, earlier: Owned, path: Path) -> None:
        """What is on disk when the earlier owner is killed, or has left in good order."""
        if not earlier.void and earlier.readers and self._luck.random() < 0.7:
            at_once(leave(earlier.readers.values(), earlier))
        # Not a copy of the files, which RocksDB tidies up in the background.
        Checkpoint(earlier.shelf._rocks._open).create_checkpoint(str(path))

    def close(self) -> None:
        for owned in self.owned.values():
            for each in owned:
                each.shelf.close()


async def take_stored(
    log: StoringLog, arrows: Sequence[Arrow], shard: int, shards: int, plans: Plans
) -> dict[str, Reader]:
    """Takes a shard over whose writer was made last."""
    owned = log.owned[f"shard-{shard}"][-1]
    shelf, before = owned.shelf, owned.shelf.meta
    await fit(shelf, log, shard, NAMES, log.stores)
    log.left["nothing" if before is None else "all" if shelf.meta is before else "some"] += 1
    log.left["derived"] += shelf.few("deals") is not None
    owned.number = shard
    owned.readers = await take_hops(log, arrows, shard, shards, plans, shelf)
    return {**owned.readers}
