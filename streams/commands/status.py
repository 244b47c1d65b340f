"""`quotaflow status`: who works on the log, how far it has come, and what waits for attention."""

from dataclasses import asdict
from typing import Any

import click
from msgspec import json

from quota.wording import counted
from streams.commands.options import shared
from streams.commands.session import Session
from streams.lock import holder
from streams.serving.state import State, state

UNCOUNTED = {
    "unpriced": "{:,} won without an amount in a currency that the plan has a rate for",
    "open_unpriced": "{:,} open without an amount in a currency that the plan has a rate for",
    "unknown_stage": "{:,} in a stage that the plan does not know",
    "unknown_activity": "{:,} of an activity that no metric of the plan counts",
}
"""What the plan has no number for, and so what to add to it."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@shared
@click.pass_obj
def status(session: Session, *, as_json: bool) -> None:
    """Print plan revision, time, lag, what is unassigned and what was set aside."""
    found = session.run(_found(session))
    if as_json:
        click.echo(json.encode({"broker": session.config.broker, "worker": _working(session), **asdict(found)}))
        return
    for name, value in _lines(session, found):
        click.echo(f"{name:<13} {value}")


async def _found(session: Session) -> State:
    async with session.reading() as opened:
        return await state(opened.log, opened.shards)


def _working(session: Session) -> dict[str, Any] | None:
    """Who holds the lock of an embedded log; a broker does not tell who works on it."""
    found = holder(session.path) if session.path is not None else None
    return None if found is None else {"pid": found.pid, "command": found.command}


def _lines(session: Session, found: State) -> list[tuple[str, str]]:
    unassigned = ", ".join(f"{count:,} {name}" for name, count in found.unassigned.items())
    letters = counted(found.dead_letters, "dead letter", "dead letters")
    return [
        ("log", f"{session.config.broker}, {counted(found.shards, 'shard', 'shards')}"),
        ("worker", _worker(session)),
        ("plan", _plan(found)),
        ("time", _time(found)),
        ("lag", ", ".join(f"{topic} {count:,}" for topic, count in found.lag.items())),
        ("unassigned", f"{unassigned}: quotaflow explain unassigned METRIC PERIOD" if unassigned else "nothing"),
        (
            "not counted",
            "; ".join(UNCOUNTED[name].format(count) for name, count in found.uncounted.items()) or "nothing",
        ),
        ("messages", _messages(found)),
        ("set aside", f"{letters}: quotaflow dead-letters list" if found.dead_letters else "nothing"),
    ]


def _worker(session: Session) -> str:
    if session.path is None:
        return "not known here; a lag that shrinks shows that somebody works"
    return str(holder(session.path) or "none; start one with: quotaflow worker")


def _messages(found: State) -> str:
    waiting = [
        f"{count:,} {state}: quotaflow notifications --{state}" for state, count in found.messages.items() if count
    ]
    return "; ".join(waiting) or "none pending, none failed"


def _plan(found: State) -> str:
    if not found.applied:
        return "none; apply one with: quotaflow plan apply DIR"
    waiting = "" if found.in_force == found.applied else f", of which workers have come to {found.in_force}"
    return f"revision {found.applied}{waiting}"


def _time(found: State) -> str:
    at = "not begun" if found.time is None else found.time.isoformat()
    return f"{at}, {'follows the clock' if found.live else 'follows the log'}; tick {found.tick} is complete"
