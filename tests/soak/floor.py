"""A sales floor made up from a seed: its facts as any source would send them, and plans that keep moving people."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

Fact = dict[str, Any]

ZONE = "America/Chicago"
START, DAYS = datetime(2026, 2, 2, tzinfo=UTC), 110
"""Two quarters meet within these days, and the clocks go forward."""
REPS, TEAMS, REGIONS = 24, 6, 2
LATER, NOBODY = "rep-later", "rep-nobody"
"""One whom the first plan does not know yet, and one whom no plan knows."""
MOVE = date(2026, 3, 16)
"""From this day on, reps are in the teams to which the plan in force moves them."""
RECIPIENTS = ("floor", "board")
STORIES = {"activity": 74, "meeting": 18, "deal": 8}
ACTIVITIES = ("call_placed", "call_placed", "call_connected", "email_sent")
SHUFFLED = 60
"""So many facts that follow one another arrive in any order."""


def facts(count: int, seed: int) -> list[Fact]:
    """So many facts, each with an identity of its own, roughly in the order of time."""
    chance = random.Random(f"facts-{seed}")
    told: list[Fact] = []
    while len(told) < count:
        kind = chance.choices([*STORIES], weights=[*STORIES.values()])[0]
        told += TELLERS[kind](f"{kind}-{len(told)}", _whose(chance), chance)
    told = sorted(told[:count], key=lambda fact: str(fact["occurred_at"]))
    for at in range(0, count, SHUFFLED):
        few = told[at : at + SHUFFLED]
        chance.shuffle(few)
        told[at : at + SHUFFLED] = few
    return told


def team(rep: str, day: date, revision: int) -> int | None:
    """The number of the team of a rep on a day under a revision; None of one whom it does not know."""
    if rep == NOBODY or (rep == LATER and revision == 1):
        return None
    number = REPS if rep == LATER else int(rep.removeprefix("rep-"))
    return (number + (revision if day >= MOVE and moves(number, revision) else 0)) % TEAMS


def moves(number: int, revision: int) -> bool:
    """Whether the revision moves this rep: every third, and with each revision others."""
    return number % 3 == revision % 3


def write_plan(folder: Path, revision: int) -> Path:
    """The plan of a revision, as files; JSON is YAML."""
    names = [*(f"rep-{number}" for number in range(REPS)), *([LATER] if revision > 1 else [])]
    stages = [{"id": "lead", "kind": "open", "early": True}, {"id": "offer", "kind": "open"}]
    stages += [{"id": kind, "kind": kind} for kind in ("won", "lost")]
    regions = [{"id": f"region-{number}"} for number in range(REGIONS)]
    teams = [{"id": f"team-{number}", "parent": f"region-{number % REGIONS}"} for number in range(TEAMS)]
    plan = {
        "company": {"name": "Floor", "currency": "USD", "periods": ["week", "month", "quarter"]},
        "calendars": [{"id": "default", "zone": ZONE}],
        "pipelines": [{"id": "sales", "stages": stages}],
        "teams": [*regions, *teams],
        "reps": [{"id": name, "teams": _memberships(name, revision)} for name in names],
        "rules": [{"id": "won", "kind": "deal_won"}],
        "routes": [{"id": name, "recipient": name, "sink": "hook", "rules": ["won"]} for name in RECIPIENTS],
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.yaml").write_text(json.dumps(plan))
    return folder


def _memberships(rep: str, revision: int) -> list[dict[str, str]]:
    before, after = team(rep, MOVE - timedelta(days=1), revision), team(rep, MOVE, revision)
    return [
        {"team": f"team-{before}", "until": MOVE.isoformat()},
        {"team": f"team-{after}", "from": MOVE.isoformat()},
    ]


def _whose(chance: random.Random) -> str:
    return chance.choices([f"rep-{chance.randrange(REPS)}", LATER, NOBODY], weights=[94, 4, 2])[0]


def _moment(chance: random.Random) -> datetime:
    return START + timedelta(seconds=chance.randrange(DAYS * 86_400))


def _fact(kind: str, name: str, at: datetime, **said: Any) -> Fact:
    return {"type": kind, "id": name, "source": "floor", "occurred_at": at.isoformat(), **said}


def _activity(name: str, rep: str, chance: random.Random) -> Iterator[Fact]:
    yield _fact("activity", name, _moment(chance), performer=rep, activity=chance.choice(ACTIVITIES))


def _meeting(name: str, rep: str, chance: random.Random) -> Iterator[Fact]:
    booked = _moment(chance)
    ends = booked + timedelta(hours=chance.randrange(2, 200))
    said = {"meeting": name, "organizer": rep, "ends_at": ends.isoformat()}
    yield _fact("meeting_changed", f"{name}-booked", booked, state="booked", **said)
    state = chance.choice(["held", "held", "no_show"])
    yield _fact("meeting_changed", f"{name}-{state}", ends, meeting=name, state=state)


def _deal(name: str, rep: str, chance: random.Random) -> Iterator[Fact]:
    created, amount = _moment(chance), {"minor_units": chance.randrange(1, 2_000_000), "currency": "USD"}
    yield _fact("deal_changed", f"{name}-lead", created, deal=name, stage="lead", owner=rep, amount=amount)
    for stage in chance.choice([["offer"], ["lost"], ["won"], ["offer", "lost"], ["offer", "won"], ["offer", "won"]]):
        created += timedelta(hours=chance.randrange(1, 400))
        yield _fact("deal_changed", f"{name}-{stage}", created, deal=name, stage=stage)


TELLERS = {"activity": _activity, "meeting": _meeting, "deal": _deal}
