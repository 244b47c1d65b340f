"""A small sales floor that a reader can add up in the head, and the command line on a log of its own."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
from click.testing import CliRunner, Result

from agents.cli import command_line
from schemas.dead_letters import DeadLetter
from streams.embedded.log import EmbeddedLog
from streams.log import Outgoing

COMPANY = """
company: {name: Example, currency: EUR, periods: [month, quarter]}
calendars:
  - {id: default, zone: Europe/Amsterdam, working_days: [mon, tue, wed, thu, fri], starts: 09:00, ends: 17:00}
pipelines:
  - id: sales
    stages:
      - {id: lead, name: Lead, kind: open, probability: 0.25, early: true}
      - {id: offer, name: Offer, kind: open, probability: 0.5}
      - {id: won, name: Won, kind: won}
      - {id: lost, name: Lost, kind: lost}
teams:
  - {id: west, name: West}
  - {id: south, name: South, parent: west}
reps:
  - {id: ann, name: Ann, team: west}
  - {id: bob, name: Bob, team: south}
"""
QUOTAS = """
quotas:
  - {scope: rep:ann, metric: revenue, period: month, target: 2000.00, from: 2026-01-01}
  - {scope: company, metric: revenue, period: quarter, target: 10000.00, from: 2026-01-01}
rules:
  - {id: celebrate, kind: deal_won}
"""


def moment(day: str, hour: int = 10) -> str:
    """A moment of 2026 in winter: `01-20` is 20 January, in Amsterdam."""
    return f"2026-{day}T{hour:02d}:00:00+01:00"


def deal(name: str, day: str, stage: str, **said: Any) -> dict[str, Any]:
    """A change of a deal, in units of EUR."""
    amount = said.pop("amount", None)
    money = {} if amount is None else {"amount": {"minor_units": amount * 100, "currency": "EUR"}}
    fact = {"type": "deal_changed", "id": f"{name}-{stage}", "source": "crm", "occurred_at": moment(day), "deal": name}
    return {**fact, "stage": stage, **money, **said}


def call(name: str, day: str, performer: str, lead: str) -> dict[str, Any]:
    """A connected call."""
    fact = {"type": "activity", "id": name, "source": "phone", "occurred_at": moment(day), "performer": performer}
    return {**fact, "activity": "call_connected", "lead": lead}


def meeting(name: str, day: str, state: str, **said: Any) -> dict[str, Any]:
    """A change of a meeting."""
    fact = {"type": "meeting_changed", "id": f"{name}-{state}", "source": "mail", "occurred_at": moment(day)}
    return {**fact, "meeting": name, "state": state, **said}


FACTS = [
    deal("d1", "01-05", "lead", owner="ann", amount=900),
    deal("d2", "01-06", "lead", owner="ann", amount=700),
    deal("d3", "01-07", "lead", owner="bob", amount=500),
    call("c1", "01-08", "ann", "acme"),
    call("c2", "01-09", "ann", "acme"),
    call("c3", "01-09", "ann", "bolt"),
    call("c4", "01-12", "bob", "acme"),
    meeting("m1", "01-13", "booked", organizer="bob", lead="cask"),
    meeting("m1", "01-14", "held"),
    deal("d1", "01-15", "offer"),
    deal("d1", "01-20", "won", amount=1000),
    deal("d2", "01-22", "lost"),
    deal("d5", "01-23", "won", owner="zoe", amount=9999),
    deal("d4", "02-02", "lead", owner="bob", amount=801),
    deal("d6", "02-02", "lead", owner="bob", amount=33),
    deal("d3", "02-03", "won"),
]
"""January: Ann wins 1,000 and loses one of two; February: Bob wins 500 and has 834 open; Zoe is nobody we know."""

BAD = [
    b'{"type":"deal_changed","id":"x1","source":"crm"',
    b'\xff\xfe{"type":"activity"}',
    b'{"type":"activity","id":"x3","source":"phone","occurred_at":"2026-01-09T10:00:00+01:00","performer":7}',
]


def lines(facts: list[dict[str, Any]]) -> bytes:
    """Facts as NDJSON."""
    return b"".join(json.dumps(fact).encode() + b"\n" for fact in facts)


def write_plan(folder: Path, quotas: str = QUOTAS) -> Path:
    """The plan as files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "company.yaml").write_text(COMPANY)
    (folder / "quotas.yaml").write_text(quotas)
    return folder


@dataclass(frozen=True)
class Quotaflow:
    """`quotaflow` with the embedded log of a folder, or with the log at `url`."""

    folder: Path
    log: str = "log.db"
    url: str = ""

    @property
    def path(self) -> Path:
        """The log's file."""
        return self.folder / self.log

    @property
    def broker(self) -> str:
        """The log's name on the command line."""
        return self.url or f"embedded://{self.path}"

    def on(self, log: str) -> "Quotaflow":
        """The same with another log."""
        return replace(self, log=log)

    def run(self, *arguments: str | Path, code: int = 0) -> Result:
        """Runs a command and expects this exit code."""
        result = CliRunner().invoke(command_line, [*map(str, arguments)], env={"QUOTAFLOW_BROKER": self.broker})
        assert result.exit_code == code, f"exit code {result.exit_code}: {result.output}\n{result.exception!r}"
        return result

    def json(self, *arguments: str | Path) -> Any:
        """What a command prints as JSON."""
        return json.loads(self.run(*arguments, "--json").stdout)

    def apply(self, quotas: str = QUOTAS) -> Result:
        """Applies the plan."""
        return self.run("plan", "apply", write_plan(self.folder / "plan", quotas))

    def replay(self, content: bytes, *options: str, name: str = "facts.ndjson") -> Result:
        """Replays an NDJSON file until it is processed."""
        path = self.folder / name
        path.write_bytes(content)
        return self.run("replay", path, "--wait", *options)

    def standing(self, scope: str, period: str) -> Any:
        """A scope's standing."""
        (found,) = self.json("report", "--scope", scope, "--period", period)["standings"]
        return found

    def produce(self, topic: str, partition: int, key: bytes, value: bytes) -> None:
        """Appends a record as a producer outside would."""

        async def append() -> None:
            log = EmbeddedLog(self.path)
            await log.start()
            await log.append([Outgoing(topic, partition, key, value)])
            await log.stop()

        asyncio.run(append())

    def letter(self, name: str, raw: bytes, truncated: int = 0) -> bytes:
        """A dead letter about an activity, as the quarantine writes it."""
        return msgspec.json.encode(DeadLetter(name, "sales.activities.v1", "of old", raw, truncated=truncated))


QUOTAFLOW = [sys.executable, "-m", "agents.cli"]


def started(process: "subprocess.Popen[str]") -> list[str]:
    """What a process said until it had begun to work."""
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if "Ctrl-C stops" in line:
            break
    assert process.poll() is None, "".join(said)
    return said


@contextmanager
def running(floor: Quotaflow, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """A worker process that has begun to work."""
    command = [*QUOTAFLOW, "worker", "--broker", floor.broker, *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        started(process)
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=30)
