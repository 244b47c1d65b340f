"""A real Apache Kafka of our own: one node, broker and controller in one process, killed and restarted at will."""

import asyncio
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from tests.kafka.jars import jars
from tests.servers.process import ended_within, free_ports

START_SECONDS = 90.0
STOP_SECONDS = 30.0
LOG_TAIL = 4000
CLUSTER = "quotaflow_test_brokerA"  # 16 bytes in base64, as Kafka wants them
QUICK = "-XX:TieredStopAtLevel=1"
"""Java's optimizing compiler takes more from a run of minutes than it gives."""

formatted: dict[frozenset[tuple[str, str]], dict[str, bytes]] = {}
"""By settings of its own, the files of a node that was formatted: the next takes them, and need not start a Java."""

SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "auto.create.topics.enable": "false",  # a topic exists because it was declared
    "broker.heartbeat.interval.ms": "500",
    "broker.session.timeout.ms": "4000",  # a restarted node waits until its former self has timed out
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",  # a killed worker's shards move on within a second or two
    "offsets.topic.num.partitions": "4",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
}


class BrokerFailed(Exception):
    """The broker ended or did not answer in time; the text carries the end of its log."""


class Broker:
    """One node in one folder: its address and its data outlive a stop, a kill and a restart."""

    def __init__(
        self, folder: Path, *, heap: str = "512m", settings: Mapping[str, str] | None = None, measured: bool = False
    ) -> None:
        """One that is `measured` has Java's optimizing compiler."""
        folder.mkdir(parents=True, exist_ok=True)
        client, controller = free_ports(2)
        self.address = f"127.0.0.1:{client}"
        self.log = folder / "kafka.log"
        self._data = folder / "data"
        self._properties = folder / "server.properties"
        self._java = [*_java(heap), *([] if measured else [QUICK])]
        self._own = dict(settings or {})
        self._process: subprocess.Popen[bytes] | None = None
        listeners = f"PLAINTEXT://{self.address},CONTROLLER://127.0.0.1:{controller}"
        _write_properties(
            self._properties,
            SETTINGS
            | {"listeners": listeners, "advertised.listeners": f"PLAINTEXT://{self.address}"}
            | {"controller.quorum.voters": f"1@127.0.0.1:{controller}", "log.dirs": str(self._data)}
            | self._own,
        )

    def start(self) -> None:
        """Start the node on what its folder holds and return once it serves. Raises NoKafka, BrokerFailed."""
        if not (self._data / "meta.properties").exists():
            self._format()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._java, "kafka.Kafka", str(self._properties)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait_until_it_serves(self._process)

    def stop(self) -> None:
        """Stop the node in order; one that does not end in time is killed."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None

    def kill(self) -> None:
        """End the node as a power cut would (SIGKILL)."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """Leave the node where it is (SIGSTOP): it takes connections and answers nobody."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused node go on (SIGCONT)."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def log_tail(self) -> str:
        """The end of what the node wrote, for a report."""
        return self.log.read_text(errors="replace")[-LOG_TAIL:] if self.log.exists() else "(no log yet)"

    def _format(self) -> None:
        own = frozenset(self._own.items())
        if own not in formatted:
            self._format_anew()
            formatted[own] = {path.name: path.read_bytes() for path in self._data.iterdir()}
        self._data.mkdir(exist_ok=True)
        for name, written in formatted[own].items():
            (self._data / name).write_bytes(written)

    def _format_anew(self) -> None:
        tool = [*_java("128m"), QUICK, "kafka.tools.StorageTool", "format"]
        with self.log.open("ab") as log:
            done = subprocess.run(
                [*tool, "-t", CLUSTER, "-c", str(self._properties)], stdout=log, stderr=subprocess.STDOUT, check=False
            )
        if done.returncode != 0:
            raise BrokerFailed(f"Kafka could not format {self._data}:\n{self.log_tail()}")

    def _wait_until_it_serves(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not _serves(self.address):
            if ended_within(process, seconds=0.1):
                raise BrokerFailed(f"Kafka ended with code {process.returncode} while starting:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                self.kill()
                raise BrokerFailed(f"Kafka did not serve within {START_SECONDS:.0f} s:\n{self.log_tail()}")


@contextmanager
def frozen(broker: Broker) -> Iterator[None]:
    """A broker that answers nobody while the context lasts."""
    broker.pause()
    try:
        yield
    finally:
        broker.resume()


def _java(heap: str) -> list[str]:
    # Warnings only: at the next level Kafka prints every setting of every topic.
    quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
    return ["java", f"-Xmx{heap}", "-XX:+UseG1GC", quiet, "-cp", f"{jars()}/*"]


def _write_properties(path: Path, settings: Mapping[str, str]) -> None:
    path.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))


def _serves(address: str) -> bool:
    """Whether the node answers and counts itself in: it listens some time before it does."""
    host, port = address.split(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    with ThreadPoolExecutor(1) as thread:  # the caller may be a test whose own loop is running
        return thread.submit(lambda: asyncio.run(_has_a_broker(address))).result()


async def _has_a_broker(address: str) -> bool:
    admin = AIOKafkaAdminClient(bootstrap_servers=address, request_timeout_ms=2000)
    try:
        await admin.start()
        return bool((await admin.describe_cluster())["brokers"])
    except (KafkaError, OSError, TimeoutError):
        return False
    finally:
        await admin.close()
