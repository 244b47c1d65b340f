"""Disks without room: a real small one where this user may mount it, and a limit on the size of files anywhere."""

import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

SIZE = 3 * 2**20
FREED = 64 * 2**20


class Disk(Protocol):
    """A folder in which there is room, or not."""

    def fill(self, *pids: int) -> None:
        """From now on these processes, at least, can make no file larger."""
        ...

    def free(self, *pids: int) -> None:
        """There is room again."""
        ...


class Mounted:
    """A small file system of its own, filled by a file that nobody wants."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._filler = folder, folder / "filler"

    def fill(self, *pids: int) -> None:
        try:
            # Without a buffer, so that what is told is what was written.
            with self._filler.open("ab", buffering=0) as file:
                while file.write(bytes(4096)):
                    pass
        except OSError:
            return

    def free(self, *pids: int) -> None:
        self._filler.unlink()
        subprocess.run(["mount", "-o", f"remount,size={FREED}", self._folder], check=True)


class Limited:
    """A limit on the size of every file that the processes write."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fill(self, *pids: int) -> None:
        largest = max(path.stat().st_size for path in self._folder.glob("*.db*"))
        self._set(largest, pids)

    def free(self, *pids: int) -> None:
        self._set(resource.RLIM_INFINITY, pids)

    def _set(self, size: int, pids: tuple[int, ...]) -> None:
        for pid in pids:
            hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))


@contextmanager
def mounted(folder: Path) -> Iterator[Disk]:
    """A file system mounted on the folder."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder], check=True, capture_output=True)
    try:
        yield Mounted(folder)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def limited(folder: Path) -> Iterator[Disk]:
    """A folder like any other."""
    yield Limited(folder)


def may_mount(folder: Path) -> bool:
    """Whether this user may mount a file system."""
    try:
        with mounted(folder):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False
