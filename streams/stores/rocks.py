"""RocksDB as ordered bytes on disk; the one file that knows rocksdict."""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from errno import EACCES, EDQUOT, EFBIG, EISDIR, EMFILE, ENAMETOOLONG, ENFILE, ENOSPC, ENOTDIR, EPERM, EROFS
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

OURS = re.compile(
    r"LOCK|LOG(\.old\.\d+)?|CURRENT|IDENTITY|(MANIFEST|OPTIONS)-\d+|.*\.dbtmp|\d+\.(sst|log|blob)|lost\+found"
    rf"|rocksdict-config\.json|{DAMAGED}"
)
"""Names of the files of a RocksDB, and what else may be in its directory."""
HELD = ("LOCK: Resource temporarily unavailable", "lock hold by current process")
"""RocksDB's words where it is open already, in another process or in this one."""
REFUSED = tuple(
    os.strerror(code)
    for code in (ENOSPC, EDQUOT, EFBIG, EACCES, EPERM, EROFS, ENOTDIR, EISDIR, EMFILE, ENFILE, ENAMETOOLONG)
)
"""Its words where the operating system refuses a file."""


class StoreDamaged(LogError):
    """The store on disk cannot be used; it is thrown away when it is opened next."""


def require_rocksdict() -> None:
    """Raises LogError where the optional dependency is missing."""
    try:
        import rocksdict  # noqa: F401 - whether it is there is the question
    except ImportError as error:
        message = "a RocksDB store needs rocksdict: pip install '.[store]' where QuotaFlow is, or use --store memory"
        raise LogError(message) from error


class Rocks:
    """One directory of keys and values as bytes, in the order of keys; only one process has it open."""

    def __init__(self, path: Path, *, anew: bool = False) -> None:
        """Opens or creates it, `anew` empty; raises LogError where that cannot be or it is in use, and StoreDamaged."""
        from rocksdict import Rdict

        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._require_ours()
            if anew or (path / DAMAGED).exists():
                _wipe(path)
            self._open = Rdict(str(path), _options())
        except OSError as error:
            raise _unusable(path, error) from error
        except LogError:
            raise
        except Exception as error:  # rocksdict raises nothing more special
            raise self._failed(error) from error

    def _require_ours(self) -> None:
        """Raises LogError where something else than a RocksDB is kept."""
        names = {each.name for each in self.path.iterdir()}
        others = sorted(name for name in names if not OURS.fullmatch(name))
        if others and not names & {"CURRENT", DAMAGED}:
            message = f"{self.path} holds {others[0]}, which is no store: name an empty directory with --store"
            raise LogError(message)

    def get(self, key: bytes) -> bytes | None:
        """The value of a key; raises StoreDamaged."""
        try:
            found: bytes | None = self._open.get(key)
        except Exception as error:
            raise self._failed(error) from error
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
            raise self._failed(error) from error

    def clear(self, prefix: bytes) -> None:
        """Deletes every key with this prefix, which ends with a zero byte; raises StoreDamaged."""
        if next(self.scan(prefix), None) is None:
            return
        try:
            self._open.delete_range(prefix, prefix[:-1] + b"\x01")
        except Exception as error:
            raise self._failed(error) from error

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
            raise self._failed(error) from error
        finally:
            del cursor  # it holds the directory, and whoever keeps the error's traceback would hold it

    def _cursor(self) -> "RdictIter":
        try:
            return self._open.iter()
        except Exception as error:
            raise self._failed(error) from error

    def close(self) -> None:
        """Lets go of the directory; what is in memory goes to disk, so that it opens fast."""
        from rocksdict import DbClosedError

        try:
            try:
                self._open.flush()
            finally:
                self._open.close()
        except DbClosedError:
            return
        except Exception as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> LogError:
        """The store is in use, or the disk refuses, which no new store would mend, or the store is damaged."""
        from rocksdict import DbClosedError

        said = str(error).replace(str(self.path), "")
        if any(words in said for words in HELD):
            return LogError(f"the store {self.path} is in use: give every worker a directory of its own with --store")
        if any(words in said for words in REFUSED):
            return _unusable(self.path, error)
        return _damaged(self.path, error) if isinstance(error, DbClosedError) else self.damaged(error)

    def damaged(self, why: Exception | str) -> StoreDamaged:
        """The error to raise; whoever opens the store next begins anew."""
        with suppress(OSError):
            (self.path / DAMAGED).touch()
        return _damaged(self.path, why)


def _wipe(path: Path) -> None:
    """Deletes all that is RocksDB's in a directory, which may be a link or a mount, and stays then.

    Raises what rocksdict raises, for example where somebody has it open, and OSError.
    """
    from rocksdict import Rdict

    Rdict.destroy(str(path), _options())
    path.mkdir(parents=True, exist_ok=True)
    for name in (DAMAGED, "rocksdict-config.json"):
        (path / name).unlink(missing_ok=True)


def _damaged(path: Path, why: Exception | str) -> StoreDamaged:
    return StoreDamaged(f"the store {path} cannot be used and will be built anew from the log: {why}")


def _unusable(path: Path, error: Exception) -> LogError:
    return LogError(
        f"the store {path} cannot be used: {error}; make room there, or name another directory with --store"
    )


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
