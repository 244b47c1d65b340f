"""The API of a worker and of a process that is none, as people start them and ask them."""

import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.agents.example import Quotaflow, running
from tests.agents.windows import answering, ask
from tests.servers.redis import Redis

TOKEN = "a-token-that-is-long-enough"
PATHS = (
    "/api/v1/standings",
    "/api/v1/standings?level=rep&period=2026-01",
    "/api/v1/standings?level=team",
    "/api/v1/standings/company?period=2026-Q1",
    "/api/v1/standings/rep:ann",
    "/api/v1/standings/rep:nobody",
    "/api/v1/alerts",
    "/api/v1/alerts?state=all&scope=rep:ann",
)


def compact(said: object) -> bytes:
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode()


def test_a_worker_answers_what_commands_print_and_a_process_without_a_log_the_same_bytes(
    copied: Quotaflow, own_redis: Callable[[], Redis], tmp_path: Path
) -> None:
    server = own_redis()
    elsewhere = {"QUOTAFLOW_BROKER": f"embedded://{tmp_path}/nothing.db", "QUOTAFLOW_REDIS": server.url}
    worker = ("worker", "--clock", "log", "--listen", "127.0.0.1:0", "--broker", copied.broker)
    with (
        answering(*worker, "--redis", server.url) as url,
        answering("api", "--listen", "127.0.0.1:0", **elsewhere) as beside,
    ):
        for path in PATHS:
            assert ask(beside, path) == ask(url, path)
        standings = copied.json("report")["standings"]
        for each in standings:
            answer = ask(url, f"/api/v1/standings/{each['scope']}?period={each['period']}")
            assert (answer.status, answer.body) == (200, compact(each))
        rep = ask(url, "/api/v1/standings?level=rep&period=2026-01").said["standings"]
        assert rep == [each for each in standings if each["scope"][:4] == "rep:" and each["period"] == "2026-01"]
        assert ask(url, "/api/v1/alerts").said["alerts"] == copied.json("alerts")["transitions"]
        everything = ask(url, "/api/v1/alerts?state=all").said["alerts"]
        assert everything
        assert [each for each in everything if each not in copied.json("alerts", "--history")["transitions"]] == []
        server.kill()
        assert [ask(beside, path).status for path in ("/api/v1/alerts", "/healthz")] == [503, 200]
        assert ask(url, "/api/v1/alerts").status == 200
    assert not (tmp_path / "nothing.db").exists()


def test_a_new_revision_and_new_facts_are_seen_at_once(copied: Quotaflow) -> None:
    with answering("worker", "--clock", "log", "--listen", "127.0.0.1:0", "--broker", copied.broker) as url:
        assert ask(url, "/api/v1/standings/rep:bob?period=2026-01").status == 200
        company = copied.folder / "plan" / "company.yaml"
        company.write_text(company.read_text().replace("  - {id: bob, name: Bob, team: south}\n", ""))
        copied.run("plan", "apply", copied.folder / "plan")
        copied.replay(b"")
        while ask(url, "/api/v1/standings/rep:bob?period=2026-01").status == 200:
            pass
        answer = ask(url, "/api/v1/standings/rep:bob?period=2026-01")
        assert (answer.status, answer.said["field"]) == (404, "scope")


def test_with_a_token_a_worker_asks_for_it(copied: Quotaflow) -> None:
    environment = {"QUOTAFLOW_TOKEN": TOKEN, "QUOTAFLOW_LISTEN": "0.0.0.0:0", "QUOTAFLOW_BROKER": copied.broker}
    with answering("worker", "--clock", "log", **environment) as url:
        assert ask(url, "/api/v1/alerts").status == 401
        assert ask(url, "/api/v1/alerts", Authorization=f"Bearer {TOKEN}").status == 200


@pytest.mark.parametrize("command", [("worker",), ("api", "--redis", "redis://127.0.0.1:1/0")])
def test_where_others_can_reach_it_nothing_starts_without_a_token(command: tuple[str, ...], tmp_path: Path) -> None:
    said = Quotaflow(tmp_path).run(*command, "--listen", "0.0.0.0:0", code=2).stderr
    assert "set QUOTAFLOW_TOKEN or QUOTAFLOW_TOKEN_FILE" in said
    assert not (tmp_path / "log.db").exists()


@pytest.mark.parametrize("url", ["http://127.0.0.1", "redis://", f"redis://:{TOKEN}@:70000", f"redis://:{TOKEN}@a/b"])
def test_what_is_no_redis_is_told_without_its_password(url: str, tmp_path: Path) -> None:
    said = Quotaflow(tmp_path).run("api", "--redis", url, code=2).stderr
    assert "redis://HOST:PORT/DB" in said
    assert TOKEN not in said


def test_an_api_without_a_redis_says_what_to_set(tmp_path: Path) -> None:
    assert "set QUOTAFLOW_REDIS or --redis" in Quotaflow(tmp_path).run("api", code=2).stderr


def test_an_address_that_was_named_and_is_taken_is_told(copied: Quotaflow) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = copied.run("worker", "--clock", "log", "--listen", f"127.0.0.1:{port}", code=1).stderr
    assert f"cannot listen on 127.0.0.1:{port}" in said


def test_without_a_named_address_a_second_worker_takes_any_free_port(copied: Quotaflow, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    floor = Quotaflow(other)
    floor.apply()
    with (
        answering("worker", "--clock", "log", "--broker", copied.broker) as first,
        answering("worker", "--clock", "log", "--broker", floor.broker) as second,
    ):
        assert first != second
        assert {first.rpartition(":")[0], second.rpartition(":")[0]} == {"http://127.0.0.1"}


def test_a_worker_that_is_to_listen_nowhere_opens_no_port(copied: Quotaflow) -> None:
    with running(copied, "--clock", "log", "--listen", "none") as process:
        listening = Path(f"/proc/{process.pid}/net/tcp").read_text()
        inodes = {line.split()[9] for line in listening.splitlines()[1:] if line.split()[3] == "0A"}
        links = [str(link.readlink()) for link in Path(f"/proc/{process.pid}/fd").iterdir() if link.is_symlink()]
        assert {f"socket:[{inode}]" for inode in inodes}.isdisjoint(links)
