"""What a part of the benchmark took: wall and processor seconds of this process, and its memory."""

import os
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """So many facts in so many seconds; `peak_mb` is the most memory that the process ever had, in MB."""

    facts: int
    seconds: float
    cpu_seconds: float
    peak_mb: float

    @property
    def per_second(self) -> float:
        """Facts per second of wall time."""
        return self.facts / self.seconds

    @property
    def per_cpu_second(self) -> float:
        """Facts per processor second."""
        return self.facts / self.cpu_seconds

    def __str__(self) -> str:
        """One line for people."""
        return (
            f"{self.facts:,} facts in {self.seconds:.1f} s: {self.per_second:,.0f} facts/s; {self.cpu_seconds:.1f} "
            f"processor seconds: {self.per_cpu_second:,.0f} facts per processor second, "
            f"{1e6 / self.per_cpu_second:.1f} µs a fact; {self.peak_mb:,.0f} MB at most"
        )


class Watch:
    """Runs from when it is made."""

    def __init__(self) -> None:
        """Starts."""
        self._began, self._worked = time.monotonic(), time.process_time()

    def cost(self, facts: int) -> Cost:
        """What it took so far."""
        took, worked = time.monotonic() - self._began, time.process_time() - self._worked
        return Cost(facts, took, worked, peak_mb())


def peak_mb() -> float:
    """The most memory that this program had, in MB; what rusage says may be that of the program that started it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024 / 1e6


def processor_seconds(process: int) -> float:
    """What a process has computed so far, by the kernel's count."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
