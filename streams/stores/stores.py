"""Where shards keep their tables beside the log: in memory alone, or in a RocksDB each."""

import logging
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from math import inf
from pathlib import Path

import quota
import schemas
import streams
from streams.stores.rocks import StoreDamaged, require_rocksdict
from streams.stores.shelf import Shelf

logger = logging.getLogger(__name__)

ROCKSDB = "rocksdb:"
DAY = 24 * 3600.0


@dataclass(frozen=True)
class Stores:
    """A directory with one RocksDB for each shard.

    `clock` gives seconds since 1970; `behind` is for how many seconds after a deletion the log is sure to tell of it.
    """

    directory: Path
    clock: Callable[[], float]
    behind: float

    def open(self, shard: int) -> Shelf:
        """The store of a shard, made if it is missing or damaged; raises LogError where another has it open."""
        path = self.directory / f"shard-{shard}"
        try:
            return Shelf(path, self.clock, program())
        except StoreDamaged as error:
            logger.warning("shard %s: %s", shard, error)
        return Shelf(path, self.clock, program())


def stores(named: str, broker: str, clock: Callable[[], float]) -> Stores | None:
    """The stores that a setting names, None for memory alone; raises LogError where rocksdict is missing."""
    if not named.startswith(ROCKSDB):
        return None
    require_rocksdict()
    # An embedded log forgets what was deleted at once, Kafka after a day (delete.retention.ms) or more.
    return Stores(Path(named.removeprefix(ROCKSDB)), clock, -inf if broker.startswith("embedded://") else DAY / 2)


@cache
def program() -> str:
    """Names this very program: what another one derived may differ."""
    digest = blake2b(sys.version.encode(), digest_size=16)
    for path in sorted(_sources()):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources() -> Iterable[Path]:
    for package in (quota, schemas, streams):
        for folder in package.__path__:
            yield from Path(folder).rglob("*.py")
