"""A log in memory whose owners keep a store each, which begins as a copy of what some earlier owner left on disk."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from math import inf
from pathlib import Path

from rocksdict import Checkpoint

from streams import tables
from streams.keeping import leave
from streams.log import Outgoing, Spot
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

    async def commit(self, records: Sequence[Outgoing], positions: Mapping[Spot, int]) -> list[int]:
        self.void = True
        offsets = await super().commit(records, positions)
        self.void = False
        return offsets


class StoringLog(FakeLog):
    """`left` counts what the next owner found on disk."""

    def __init__(self, folder: Path, luck: random.Random) -> None:
        history = luck.random() < 0.6
        super().__init__(history=history, gap=luck.choice([0, 1]))
        self.left: Counter[str] = Counter()
        self.owned: dict[str, list[Owned]] = {}
        # Only a log that was never compacted tells of every deletion.
        self.stores = Stores(folder, lambda: 0.0, inf if history else -inf)
        self._luck = luck
        self._made = 0

    async def writer(self, name: str) -> Owned:  # type: ignore[override] # what it is besides, nobody sees
        inner = await super().writer(name)
        owned = self.owned.setdefault(name, [])
        path = self.stores.directory / f"{name}-{self._made}"
        self._made += 1
        if owned and self._luck.random() < 0.9:
            self._copy(self._luck.choice([owned[-1], owned[-1], self._luck.choice(owned)]), path)
        owned.append(Owned(inner, Shelf(path, self.stores.clock, "program")))
        return owned[-1]

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
    owned.readers = await take_hops(log, arrows, shard, shards, plans, shelf)
    return {**owned.readers}
