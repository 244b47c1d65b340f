"""`quotaflow demo` as a process: it shows, stops, goes on from its log, and ends with what `report` says."""

import asyncio
import io
import os
import pty
import signal
import struct
import subprocess
import termios
from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from fcntl import ioctl
from itertools import takewhile
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import json
from rich.console import Console

from streams.demo.board import Board
from streams.demo.inventory import inventory
from streams.demo.screen import MESSAGES, Below, picture
from streams.demo.view import View
from streams.embedded.log import EmbeddedLog
from streams.lock import WorkerLock
from streams.serving.plan import newest
from streams.simulate import between
from streams.simulate.hours import ZONE
from tests.agents.demos import REPS, SHARDS, Sent, alerts, door, is_live, messages, more_than, playing, sent, statuses
from tests.agents.example import QUOTAFLOW, Quotaflow

SEED = 1
BY_HAND = 1
CALL = b"""{"type": "activity", "id": "by-hand", "source": "phone", "occurred_at": "2026-11-20T12:00:00Z",
"performer": "bruno-haas", "activity": "call_placed"}"""


@dataclass(frozen=True)
class Run:
    """What a run printed, what it said on stderr, and what `report` said afterwards."""

    lines: list[str]
    said: str = ""
    report: str = ""


@dataclass(frozen=True)
class Story:
    """Four runs on one log: stopped by SIGTERM, killed, stopped by SIGINT once live, and ended by --for."""

    floor: Quotaflow
    stopped: Run
    killed: Run
    live: Run
    timed: Run
    alerts: list[str]
    messages: list[tuple[str, str]]
    answers: dict[str, bytes]
    sent: Sent

    @property
    def runs(self) -> list[Run]:
        return [self.stopped, self.killed, self.live, self.timed]


def fired_and_resolved(lines: list[str]) -> bool:
    return {"firing", "resolved"} <= {state for state, _ in alerts(lines)} and more_than(500)(lines)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    floor = Quotaflow(tmp_path_factory.mktemp("demo"))
    with playing(floor) as demo:
        demo.until(fired_and_resolved)
        demo.process.send_signal(signal.SIGTERM)
        stopped = Run(demo.lines, demo.ended(), floor.run("report").stdout)
    with playing(floor) as demo:
        # Few: the past may be over by now, and a live floor has about one a second.
        demo.until(more_than(statuses(stopped.lines)[-1].facts + 10))
        demo.process.kill()
        killed = Run(demo.lines)
    with playing(floor) as demo:
        demo.until(is_live)
        answers = answered(demo.lines)
        demo.process.send_signal(signal.SIGINT)
        live = Run(demo.lines, demo.ended(), floor.run("report").stdout)
    with playing(floor, "--for", "3") as demo:
        timed = Run(demo.lines, demo.ended(), floor.run("report").stdout)
    history = [each["summary"] for each in floor.json("alerts", "--history")["transitions"]]
    told = [(each["recipient"], each["title"]) for each in floor.json("notifications")["notifications"]]
    return Story(floor, stopped, killed, live, timed, history, told, answers, sent(floor.path))


def answered(lines: list[str]) -> dict[str, bytes]:
    """What the demo's doors say while it runs, by the name that it prints before their URLs."""
    event = Request(door(lines, "events"), CALL, {"Content-Type": "application/json"})
    return {
        "events": urlopen(event, timeout=20).read(),
        "API": urlopen(door(lines, "API"), timeout=20).read(),
        "metrics": urlopen(door(lines, "metrics"), timeout=20).read(),
    }


def test_it_applies_the_example_plan_once(story: Story) -> None:
    assert "Acme in USD, 12 reps" in story.stopped.lines[0]
    assert [run for run in (story.killed, story.live, story.timed) if "Acme in USD" in run.lines[0]] == []


def test_facts_add_up_from_run_to_run(story: Story) -> None:
    counts = [
        each.facts for run in (story.stopped, story.killed, story.live, story.timed) for each in statuses(run.lines)
    ]
    before_the_kill = [each.facts for each in statuses(story.stopped.lines + story.killed.lines)]
    assert before_the_kill == sorted(before_the_kill)
    assert counts[0] < 500
    assert counts[-1] == story.sent.counts.total() + BY_HAND
    assert statuses(story.live.lines)[0].facts >= before_the_kill[-1]


@pytest.mark.parametrize("name", ["stopped", "live", "timed"])
def test_the_last_table_is_the_report(name: str, story: Story) -> None:
    run: Run = getattr(story, name)
    assert run.report.startswith("Acme, as of ")
    assert "".join(run.lines).endswith(run.report)


@pytest.mark.parametrize("name", ["stopped", "live", "timed"])
def test_it_says_how_to_go_on_and_how_to_start_afresh(name: str, story: Story) -> None:
    run: Run = getattr(story, name)
    assert run.said == (
        f"Stopped. `quotaflow demo --broker {story.floor.broker}` goes on from the same log; "
        f"delete {story.floor.path} makes it start afresh.\n"
    )


def test_every_transition_has_its_line_in_the_run_that_brought_it(story: Story) -> None:
    first = [summary for _, summary in alerts(story.stopped.lines)]
    told = [summary for run in story.runs for _, summary in alerts(run.lines)]
    assert first
    assert sorted(first) == sorted(story.alerts[: len(first)])
    assert Counter(told) - Counter(story.alerts) == Counter()


def test_messages_are_shown_as_they_go_out_and_each_once(story: Story) -> None:
    shown = Counter(message for run in story.runs for message in messages(run.lines))
    assert len(story.messages) > 5
    # What a killed run printed last is lost with it.
    assert shown
    assert shown - Counter(story.messages) == Counter()


def test_it_prints_where_it_answers_and_takes_events(story: Story) -> None:
    assert {each["scope"] for each in json.decode(story.answers["API"])["standings"]} >= {"team:boston", "team:east"}
    assert b"quotaflow_quota_attainment_ratio{" in story.answers["metrics"]
    assert json.decode(story.answers["events"]) == {"accepted": 1}
    why = story.floor.json("explain", "rep:bruno-haas", "calls_placed", "2026-11-20")
    assert "by-hand" in str(why)


def test_all_runs_together_sent_the_floor_from_its_first_fact_to_the_last(story: Story) -> None:
    opened = datetime.combine(story.sent.first.astimezone(ZONE).date(), time.min, ZONE)
    until = story.sent.last + timedelta(microseconds=1)
    wanted = {fact.id for fact in between(REPS, SEED, opened, until, opened=opened)}
    assert {name for name in story.sent.counts if not name.startswith("live-")} == wanted
    assert sum(1 for name in story.sent.counts if name.startswith("live-")) > 0


def test_a_live_floor_leaves_nothing_to_nobody(story: Story) -> None:
    assert story.floor.json("status")["unassigned"] == {}


def test_on_a_terminal_a_table_moves_until_ctrl_c(tmp_path: Path) -> None:
    floor = Quotaflow(tmp_path)
    pid, terminal = pty.fork()
    if pid == 0:
        command = [*QUOTAFLOW, "demo", "--reps", str(REPS), "--broker", floor.broker]
        os.execve(command[0], command, {"TERM": "xterm"})
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 140, 0, 0))
    screen = b""
    while not all(word in screen for word in (b"Bruno Haas", b"weighted", b"firing")) or screen.count(b"as of") < 5:
        screen += os.read(terminal, 65536)
        assert len(screen) < 2_000_000
    os.write(terminal, b"\x03")
    rest = b""
    while b"makes it start afresh" not in rest:
        rest += os.read(terminal, 65536)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(terminal)
    assert b"Acme, as of" in rest


def test_a_second_demo_is_told_of_the_first(tmp_path: Path) -> None:
    floor = Quotaflow(tmp_path)
    with WorkerLock(floor.path, "demo"):
        said = floor.run("demo", "--for", "1", "--broker", floor.broker, code=1).stderr
    assert f"`quotaflow demo` (process {os.getpid()}) works on {floor.path} already" in said
    assert "stop that one first" in said


def test_it_wants_a_file_for_its_log(tmp_path: Path) -> None:
    said = Quotaflow(tmp_path).run("demo", "--broker", "kafka://localhost:9092", code=2).stderr
    assert "write --broker embedded://PATH" in said


def test_it_leaves_the_log_alone_that_the_environment_names(tmp_path: Path) -> None:
    environment = {"QUOTAFLOW_BROKER": f"embedded://{tmp_path / 'precious.db'}"}
    done = subprocess.run(
        [*QUOTAFLOW, "demo", "--for", "0"], cwd=tmp_path, env=environment, capture_output=True, check=True
    )
    assert b"`quotaflow demo` goes on from the same log; `make demo-clean` makes it start afresh." in done.stderr
    assert (tmp_path / "quotaflow-demo.db").exists()
    assert not (tmp_path / "precious.db").exists()


@pytest.fixture(scope="module")
def view(story: Story) -> View:
    async def read() -> View:
        log = EmbeddedLog(story.floor.path)
        await log.start()
        board = Board(log, SHARDS, await newest(log), await inventory(log, SHARDS))
        await board.refresh()
        await log.stop()
        return View(board, story.sent.last, 1.0, live=True)

    return asyncio.run(read())


@settings(deadline=None, max_examples=25)
@given(width=st.integers(60, 200), height=st.integers(16, 60), lines=st.integers(0, 6))
def test_the_picture_fits_any_terminal_and_says_what_it_leaves_out(
    view: View, width: int, height: int, lines: int
) -> None:
    file = io.StringIO()
    console = Console(file=file, width=width, height=height)
    console.print(picture(view, "a log", console.size, Below(deque(["m" * 300] * lines, MESSAGES), ["d" * 300] * 3)))
    drawn = file.getvalue().splitlines()
    assert len(drawn) < height
    assert max(map(len, drawn)) <= width
    left_out = next((int(line.split()[1]) for line in drawn if "more in a taller terminal" in line), 0)
    shown = [*takewhile(lambda line: line.strip() and "in a taller terminal" not in line, drawn[4:])]
    assert shown[0].startswith("Acme ")
    assert len(shown) + left_out == len([*view.board.rows()])


def test_the_board_counts_the_facts_of_its_log(view: View, story: Story) -> None:
    assert view.board.facts == story.sent.counts.total() + BY_HAND
