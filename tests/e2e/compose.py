"""The services of docker-compose.yml as processes of this machine: their commands, settings and health checks.

What the file says of the containers' network is rewritten to addresses of this machine, and nothing else: a service
that needs a setting which the file does not give it does not get it.
"""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.cli import COMMAND, Process
from tests.servers.process import free_port

ENTRYPOINT = "quotaflow"
"""The image's, as the Dockerfile says."""
_LISTENS = re.compile(r"0\.0\.0\.0:(\d+)")


@dataclass(frozen=True)
class Service:
    """A container of the file as a process: its words as they are here, and where it listens if it does."""

    name: str
    command: list[str]
    environment: dict[str, str]
    healthcheck: list[str]
    url: str | None

    def start(self, folder: Path) -> Process:
        """Starts it; what it says goes to a file of the folder."""
        said = folder / f"{self.name}-{len([*folder.glob('*.said')])}.said"
        with said.open("wb") as file:
            started = subprocess.Popen(
                [*COMMAND, *self.command],
                env=self.environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        return Process(started, said)

    def healthy(self) -> bool:
        """What its health check finds."""
        word, program, *rest = self.healthcheck
        assert (word, program) == ("CMD", "python")
        done = subprocess.run([sys.executable, *rest], env={}, capture_output=True, timeout=30, check=False)
        return done.returncode == 0


@dataclass(frozen=True)
class Compose:
    """The file, and what stands for its names: `kafka` and `redis` are addresses, `secrets` files by their names."""

    file: Path
    kafka: str
    redis: str
    secrets: Mapping[str, Path]
    _read: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def services(self) -> dict[str, Any]:
        """All services as the file says them."""
        if not self._read:
            self._read.update(yaml.safe_load(self.file.read_text()))
        found: dict[str, Any] = self._read["services"]
        return found

    def replicas(self, name: str) -> int:
        """How many containers of the service there are."""
        return int(self.services[name].get("deploy", {}).get("replicas", 1))

    def service(self, name: str, *arguments: str) -> Service:
        """One container of the service, on a port of its own; arguments go in the place of its command."""
        said = self.services[name]
        assert said["build"] == "."
        whole = [*said.get("entrypoint", [ENTRYPOINT]), *(arguments or said["command"])]
        assert whole.pop(0) == ENTRYPOINT
        ports = {port: free_port() for word in whole for port in _LISTENS.findall(word)}
        environment = {key: self._here(str(value), ports, said) for key, value in said["environment"].items()}
        # In the image the packages are installed; here they may be those of another folder.
        environment |= {"PYTHONPATH": str(self.file.parent)}
        return Service(
            name,
            [self._here(word, ports, said) for word in whole],
            environment,
            [self._here(word, ports, said) for word in said.get("healthcheck", {}).get("test", [])],
            next((f"http://127.0.0.1:{port}" for port in ports.values()), None),
        )

    def _here(self, text: str, ports: Mapping[str, int], said: Mapping[str, Any]) -> str:
        names = {"kafka:9092": self.kafka, "redis:6379": self.redis, "/app/": f"{self.file.parent}/"}
        for port, free in ports.items():
            names |= {f"0.0.0.0:{port}": f"127.0.0.1:{free}", f"127.0.0.1:{port}": f"127.0.0.1:{free}"}
        # A container has only the secrets that it is given.
        names |= {f"/run/secrets/{secret}": str(self.secrets[secret]) for secret in said.get("secrets", [])}
        for name, mine in names.items():
            text = text.replace(name, mine)
        return text


@contextmanager
def started(compose: Compose, folder: Path, *names: str) -> Iterator[dict[str, list[tuple[Service, Process]]]]:
    """All containers of the services, each healthy by its own check; they are asked to end, and must in good order."""
    running: dict[str, list[tuple[Service, Process]]] = {name: [] for name in names}
    try:
        for name in names:
            for _ in range(compose.replicas(name)):
                service = compose.service(name)
                running[name].append((service, service.start(folder)))
        for service, process in (each for those in running.values() for each in those):
            process.until(service.healthy, f"{service.name} was healthy", 120.0)
        yield running
        for those in running.values():
            assert [process.stop() for _, process in those] == [0] * len(those), [process.said for _, process in those]
    finally:
        for those in running.values():
            for _, process in those:
                process.kill()
