"""The real servers that other tests use start, answer, and lose what they held when they are killed."""

import socket
from collections.abc import Callable
from pathlib import Path

from tests.servers.prometheus import Prometheus, promtool
from tests.servers.redis import Redis


def said(server: Redis, command: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(command + b"\r\n")
        return connection.recv(100)


def test_a_killed_redis_comes_back_empty_at_its_address(own_redis: Callable[[], Redis]) -> None:
    server = own_redis()
    assert said(server, b"SET a 1") == b"+OK\r\n"
    server.kill()
    server.start()
    assert said(server, b"GET a") == b"$-1\r\n"


def test_prometheus_answers_queries(own_prometheus: Callable[[Path], Prometheus], tmp_path: Path) -> None:
    config = tmp_path / "prometheus.yml"
    config.write_text("global: {scrape_interval: 1s}\n")
    assert promtool("check", "config", str(config)).returncode == 0
    (one,) = own_prometheus(config).query("vector(7)")
    assert one["value"][1] == "7"
