"""A server from the system's packages, run in a folder of its own: killed and restarted at will."""

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

START_SECONDS = 30.0
STOP_SECONDS = 20.0
LOG_TAIL = 4000


class ServerMissing(Exception):
    """The program is not on this machine; the text says how to get it."""


class ServerFailed(Exception):
    """The server ended or did not answer in time; the text carries the end of its log."""


def missing(program: str, package: str) -> str | None:
    """Why a program cannot be run, or None."""
    found = shutil.which(program)
    return None if found else f"there is no {program}; on Debian and Ubuntu: apt-get install {package}"


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on; all are held until the last is found, so that they differ."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(held.getsockname()[1]) for held in sockets]
    for held in sockets:
        held.close()
    return ports


class Process:
    """A program that runs until it is stopped or killed, its output kept in a file."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.command, self.folder, self.log = list(command), folder, folder / "server.log"
        self._running: subprocess.Popen[bytes] | None = None

    def start(self, answers: Callable[[], bool]) -> None:
        """Start the program and return once it answers. Raises ServerFailed."""
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(
                self.command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + START_SECONDS
        while not answers():
            if ended_within(self._running, 0.05):
                raise ServerFailed(f"{self.command[0]} ended while starting:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                self.kill()
                raise ServerFailed(f"{self.command[0]} did not answer within {START_SECONDS:g} s:\n{self.log_tail()}")

    def stop(self) -> None:
        """Stop the program in order; one that does not end in time is killed."""
        if self._running is not None:
            self._running.terminate()
            if not ended_within(self._running, STOP_SECONDS):
                self.kill()
            self._running = None

    def kill(self) -> None:
        """End the program as a power cut would (SIGKILL)."""
        if self._running is not None:
            self._running.kill()
            self._running.wait()
            self._running = None

    def signal(self, number: int) -> None:
        """Send the running program a signal."""
        if self._running is not None:
            self._running.send_signal(number)

    def log_tail(self) -> str:
        """The end of what the program wrote."""
        return self.log.read_text(errors="replace")[-LOG_TAIL:] if self.log.exists() else "(no log yet)"


def ended_within(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether a process ends within so many seconds."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True
