"""A worker process tells people what its plan's routes say: once, whatever is killed."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import web

from tests.agents.example import FACTS, Quotaflow, deal, lines
from tests.agents.telling import QUOTAS, SHORT, TITLES, receiving_elsewhere, replay, settled, telling, told
from tests.kafka.broker import Broker
from tests.streams.sinks.receiver import answers


def test_a_shortage_that_fires_and_is_resolved_reaches_console_and_webhook_once_though_the_worker_is_killed(
    tmp_path: Path,
) -> None:
    floor, said = Quotaflow(tmp_path), tmp_path / "console"
    floor.apply(QUOTAS)
    with receiving_elsewhere() as there:
        with telling(floor, there.receiver.url, said) as worker:

            async def kill(request: web.Request) -> web.StreamResponse:
                worker.kill()
                return web.Response()

            there.receiver.behave = [kill]
            replay(floor, 1, "--notify")
            there.until(1)
            worker.wait(timeout=30)
        with telling(floor, there.receiver.url, said):
            there.until(2)
            replay(floor, len(FACTS), "--notify")
            found = settled(floor, 2 * len(TITLES))
        assert [each["data"]["title"] for each in there.receiver.said] == [SHORT, *TITLES]
        first, again, *others = there.receiver.ids
        assert first == again
        assert len({first, *others}) == len(TITLES)
        blocks = [line.partition("to ")[2] for line in said.read_text().splitlines() if not line.startswith(" ")]
        # The console cannot say that it has seen a block before: the kill may have come before that was noted.
        assert blocks[-len(TITLES) :] == [f"sales-managers: {title}" for title in TITLES]
        assert len(blocks) - len(TITLES) in {0, 1}
        states = Counter((each["recipient"], each["state"]) for each in found)
        assert states == {("sales-managers", "delivered"): 4, ("crm", "delivered"): 4, ("lobby", "pending"): 1}
        with telling(floor, there.receiver.url, said):
            floor.replay(lines([deal("d7", "02-04", "lost", owner="ann")]), "--notify")
        assert len(there.receiver.ids) == 1 + len(TITLES)


def test_what_waits_for_a_route_that_the_plan_leaves_out_has_failed(tmp_path: Path) -> None:
    floor = Quotaflow(tmp_path)
    floor.apply(QUOTAS)
    replay(floor, len(FACTS) - 1, "--notify")
    assert floor.json("status")["messages"] == {"pending": 8, "failed": 0}
    floor.apply(QUOTAS.replace("id: systems", "id: machines"))
    floor.replay(lines([deal("d7", "02-05", "lost", owner="ann")]))
    assert floor.json("status")["messages"] == {"pending": 4, "failed": 4}
    assert {each["route"] for each in told(floor, "--pending")} == {"managers"}
    reasons = {each["reason"] for each in told(floor, "--failed")}
    assert reasons == {"revision 2 of the plan has no route systems any more"}


def test_what_is_pending_and_what_failed_is_shown_with_its_reason(tmp_path: Path) -> None:
    floor = Quotaflow(tmp_path)
    floor.apply(QUOTAS)
    with receiving_elsewhere() as there:
        there.receiver.behave = [answers(410)]
        with telling(floor, there.receiver.url, tmp_path / "console"):
            replay(floor, len(FACTS), "--notify")
            settled(floor, 2 * len(TITLES) - 1)
        assert floor.json("status")["messages"] == {"pending": 1, "failed": 1}
    (failed,) = told(floor, "--failed")
    assert (failed["recipient"], failed["title"], failed["attempts"]) == ("crm", SHORT, 1)
    (pending,) = told(floor, "--pending")
    assert (pending["recipient"], pending["route"], pending["attempts"]) == ("lobby", "nowhere", 0)
    assert "set QUOTAFLOW_SINK_LAMP_URL and QUOTAFLOW_SINK_LAMP_SECRET" in pending["reason"]
    shown = floor.run("notifications").stdout
    assert "pending    lobby by lamp (nowhere): Deal won: Bob, EUR 500" in shown
    assert "1 attempt; answered 410: the receiver wants no more messages" in shown
    status = floor.run("status").stdout
    assert "1 pending: quotaflow notifications --pending; 1 failed: quotaflow notifications --failed" in status


def test_a_worker_does_not_start_with_settings_that_it_cannot_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUOTAFLOW_SINK_HOOK_URL", "http://example.com/very-secret")
    monkeypatch.setenv("QUOTAFLOW_SINK_HOOK_SECRET", "hunter2")
    said = Quotaflow(tmp_path).run("worker", code=2).stderr
    assert "allow it with QUOTAFLOW_SINK_HOOK_HTTP_HOST=example.com" in said
    assert "QUOTAFLOW_SINK_HOOK_SECRET: a secret is whsec_ and 24 to 64 bytes in base64" in said
    assert "very-secret" not in said
    assert "hunter2" not in said


def test_a_replay_tells_nobody(tmp_path: Path) -> None:
    floor = Quotaflow(tmp_path)
    floor.apply(QUOTAS)
    with receiving_elsewhere() as there:
        with telling(floor, there.receiver.url, tmp_path / "console"):
            replay(floor, len(FACTS))
        assert there.receiver.ids == []
    assert told(floor) == []
    assert len(floor.json("alerts", "--history")["transitions"]) > 4
    assert (tmp_path / "console").read_text() == ""
    assert "Nobody was told anything." in floor.run("notifications").stdout


def test_a_worker_in_process_leaves_messages_to_a_worker_that_is_started(tmp_path: Path) -> None:
    floor = Quotaflow(tmp_path)
    floor.apply(QUOTAS)
    replay(floor, len(FACTS), "--notify")
    with receiving_elsewhere() as there, telling(floor, there.receiver.url, tmp_path / "console"):
        settled(floor, 2 * len(TITLES))
        assert [each["data"]["title"] for each in there.receiver.said] == TITLES


def test_on_kafka_every_transition_is_told_once_across_a_restart(
    own_broker: Callable[[], Broker], tmp_path: Path
) -> None:
    floor = Quotaflow(tmp_path, url=f"kafka://{own_broker().address}")
    floor.apply(QUOTAS)
    with receiving_elsewhere() as there:
        for count in (1, len(FACTS)):
            with telling(floor, there.receiver.url, tmp_path / "console"):
                replay(floor, count, "--notify")
                settled(floor, 2 if count == 1 else 2 * len(TITLES))
        assert [each["data"]["title"] for each in there.receiver.said] == TITLES
        assert len({*there.receiver.ids}) == len(TITLES)
