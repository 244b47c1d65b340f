"""A real Redis of our own, without a disk: what it held is gone when it is killed."""

import socket
from pathlib import Path

from tests.servers.process import Process, ServerMissing, free_port, missing

PROGRAM, PACKAGE = "redis-server", "redis-server"


def problem() -> str | None:
    """Why no Redis can be run, or None."""
    return missing(PROGRAM, PACKAGE)


class Redis:
    """One server at an address that outlives a kill and a restart."""

    def __init__(self, folder: Path) -> None:
        if (why := problem()) is not None:
            raise ServerMissing(why)
        self.port = free_port()
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = Process([PROGRAM, *options], folder)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start empty and return once it answers."""
        self.process.start(self._answers)

    def stop(self) -> None:
        self.process.stop()

    def kill(self) -> None:
        self.process.kill()

    def signal(self, number: int) -> None:
        """Send it a signal: SIGSTOP lets it hang, SIGCONT go on."""
        self.process.signal(number)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False
