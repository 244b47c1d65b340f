"""The machine that is measured on: what it is, and which of its cores does what."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The repository."""


@dataclass(frozen=True)
class Machine:
    """What results depend on."""

    processor: str
    cores: int
    memory_gb: float
    system: str
    python: str
    java: str


def machine() -> Machine:
    """What it is that the benchmark runs on."""
    return Machine(
        _found("/proc/cpuinfo", "model name") or platform.processor(),
        os.cpu_count() or 1,
        round(int((_found("/proc/meminfo", "MemTotal") or "0").split()[0]) / 1e6, 1),
        f"{platform.system()} {platform.release()}",
        platform.python_version(),
        _first_line(["java", "-version"]),
    )


def commit() -> str:
    """The commit that is measured, with a plus sign where files of the repository were changed since."""
    changed = _first_line(["git", "status", "--porcelain", "--untracked-files=no"])
    return _first_line(["git", "rev-parse", "--short", "HEAD"]) + ("+" if changed else "")


def cores() -> tuple[int, int]:
    """The core for the broker and that for what is measured; the same one where there is no other."""
    found = sorted(os.sched_getaffinity(0))
    return found[0], found[-1]


def pinned(command: Sequence[str], *on: int) -> list[str]:
    """The command, kept to these cores; as it is where the system cannot do that."""
    if not on or shutil.which("taskset") is None:
        return [*command]
    return ["taskset", "--cpu-list", ",".join(map(str, on)), *command]


def program(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of this repository in a process of its own."""
    return [sys.executable, "-m", module, *arguments]


def _found(path: str, name: str) -> str | None:
    lines = Path(path).read_text().splitlines() if Path(path).exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), None)


def _first_line(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return (done.stdout or done.stderr).partition("\n")[0]
