"""The lock that a worker of an embedded log holds: one at a time, and everybody can see who."""

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple, Self

TRIES = 5
PROBE_SECONDS = 0.02
"""How long somebody who only looks whether the lock is held may hold it."""


class Holder(NamedTuple):
    """Who works on a log: a process, and the command it runs."""

    pid: int
    command: str

    def __str__(self) -> str:
        return f"`quotaflow {self.command}` (process {self.pid})" if self.pid else "another process"


class Locked(Exception):
    """Another process works on the log; the message says which."""


class WorkerLock:
    """The lock file beside an embedded log, held until the context ends; the kernel frees it with the process."""

    def __init__(self, log: Path, command: str) -> None:
        """`command` is what others are told."""
        self._path, self._command = lock_path(log), command
        self._file: BinaryIO | None = None

    def take(self, tries: int = TRIES) -> Self:
        """Takes the lock; raises Locked when somebody else has it."""
        file = self._path.open("a+b")
        for attempt in range(tries):
            if _try(file, fcntl.LOCK_EX):
                break
            if attempt + 1 < tries:
                time.sleep(PROBE_SECONDS)
        else:
            with file:
                raise Locked(f"{_read(file)} works on {self._path.with_suffix('')} already")
        file.truncate(0)
        file.write(f"{os.getpid()} {self._command}\n".encode())
        file.flush()
        self._file = file
        return self

    def __enter__(self) -> Self:
        """Takes the lock unless that was done."""
        return self if self._file is not None else self.take()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Lets go of the lock; the file stays, for deleting it would let two others in at once."""
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()
            self._file = None


def lock_path(log: Path) -> Path:
    """Where the lock of a log is."""
    return log.with_name(f"{log.name}.lock")


def holder(log: Path) -> Holder | None:
    """Who holds the lock of a log now, or None."""
    try:
        file = lock_path(log).open("rb")
    except FileNotFoundError:
        return None
    with file:
        return None if _try(file, fcntl.LOCK_SH) else _read(file)


def _try(file: BinaryIO, mode: int) -> bool:
    try:
        fcntl.flock(file, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(file: BinaryIO) -> Holder:
    """What the holder wrote; process 0 when it has not come to writing yet."""
    file.seek(0)
    pid, _, command = file.read().decode(errors="replace").strip().partition(" ")
    return Holder(int(pid) if pid.isdigit() else 0, command or "worker")
