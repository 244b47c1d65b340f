"""RocksDB as ordered bytes on disk; the one file that knows rocksdict."""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from streams.log import LogError

if TYPE_CHECKING:
    from rocksdict import Options, RdictIter

MEGABYTE = 1024 * 1024
CACHED, BUFFERED = 64 * MEGABYTE, 32 * MEGABYTE
"""Memory of a shard for blocks read and for what was written last."""
DAMAGED = "damaged"
"""A file of this name beside RocksDB's own says that the next one to open it has to begin anew."""


class StoreDamaged(LogError):
    """The store on disk cannot be used; it is thrown away when it is opened next."""


def require_rocksdict() -> None:
    """Raises LogError where the optional dependency is missing."""
    try:
        import rocksdict  # noqa: F401 - whether it is there is the question
    except ImportError as error:
        message = "a RocksDB store needs rocksdict: install quotaflow[store], or use --store memory"
        raise LogError(message) from error


class Rocks:
    """One directory of keys and values as bytes, in the order of keys; only one process has it open."""

    def __init__(self, path: Path) -> None:
        """Opens or creates it; raises LogError where it is in use, and StoreDamaged."""
        from rocksdict import Rdict

        self.path = path
        if (path / DAMAGED).exists():
            shutil.rmtree(path)
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._open = Rdict(str(path), _options())
        except Exception as error:  # rocksdict raises nothing more special
            if "LOCK" in str(error):
                message = f"the store {path} is in use: give every worker a directory of its own with --store"
                raise LogError(message) from error
            raise self._damaged(error) from error

    def get(self, key: bytes) -> bytes | None:
        """The value of a key; raises StoreDamaged."""
        try:
            found: bytes | None = self._open.get(key)
        except Exception as error:
            raise self._damaged(error) from error
        return found

    def write(self, entries: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Puts all of it at once or nothing, None deletes; survives the death of the process; raises StoreDamaged."""
        from rocksdict import WriteBatch

        batch = WriteBatch(raw_mode=True)
        for key, value in entries:
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        try:
            self._open.write(batch)
        except Exception as error:
            raise self._damaged(error) from error

    def clear(self, prefix: bytes) -> None:
        """Deletes every key with this prefix, which ends with a zero byte; raises StoreDamaged."""
        if next(self.scan(prefix), None) is None:
            return
        try:
            self._open.delete_range(prefix, prefix[:-1] + b"\x01")
        except Exception as error:
            raise self._damaged(error) from error

    def scan(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Every key with this prefix, without it, and its value, in order; raises StoreDamaged."""
        # Not `items()`: that ends before a damaged block as if nothing came after it.
        cursor = self._cursor()
        try:
            cursor.seek(prefix)
            while cursor.valid() and (key := cursor.key()).startswith(prefix):
                yield key[len(prefix) :], cursor.value()
                cursor.next()
            cursor.status()
        except Exception as error:
            raise self._damaged(error) from error
        finally:
            del cursor  # it holds the directory, and whoever keeps the error's traceback would hold it

    def _cursor(self) -> "RdictIter":
        try:
            return self._open.iter()
        except Exception as error:
            raise self._damaged(error) from error

    def close(self) -> None:
        """Lets go of the directory; what is in memory goes to disk, so that it opens fast."""
        from rocksdict import DbClosedError

        try:
            self._open.flush()
            self._open.close()
        except DbClosedError:
            return
        except Exception as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> StoreDamaged:
        from rocksdict import DbClosedError

        if self.path.is_dir() and not isinstance(error, DbClosedError):
            (self.path / DAMAGED).touch()
        return StoreDamaged(f"the store {self.path} cannot be used and will be built anew from the log: {error}")


def _options() -> "Options":
    from rocksdict import BlockBasedOptions, Cache, Options

    blocks = BlockBasedOptions()
    blocks.set_block_cache(Cache(CACHED))
    # Most facts are new: that they are not there yet is known without a look at the disk.
    blocks.set_bloom_filter(10, block_based=False)
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_block_based_table_factory(blocks)
    options.set_write_buffer_size(BUFFERED)
    options.set_keep_log_file_num(2)
    return options
