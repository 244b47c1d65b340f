"""Histories of standings and alerts as a log may carry them: generated, and written at once or bit by bit."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from hypothesis import strategies as st
from msgspec import json
from msgspec.structs import replace

from schemas.alerts import Transition, TransitionKind
from schemas.control import Tick
from schemas.plan import Calendar, Company, Membership, Plan, Rep, Team
from schemas.standings import Measure, PipelineStanding, QuotaStanding, StageStanding, Standing
from streams import topics
from streams.log import Log, Outgoing
from streams.partitioner import partition
from streams.plans import plan_records

SHARDS = 3
AT = datetime(2017, 9, 15, 23, tzinfo=UTC)
PLAN = Plan(
    1,
    Company("Acme", "USD", periods=("day", "month", "quarter")),
    teams=(Team("west", "West"), Team("east", "East", calendar="fiscal")),
    reps=(Rep("zoe", "Zoe", (Membership("west"),)), Rep("bob", "Bob", (Membership("east"),)), Rep("max", "Max")),
    calendars=(Calendar("default", "America/Chicago"), Calendar("fiscal", "Asia/Tokyo", fiscal_start_month=4)),
)
SMALLER = replace(PLAN, revision=2, company=Company("Acme", "USD", periods=("quarter",)), reps=PLAN.reps[:1])
"""A later revision without Bob, Max, days and months."""
SCOPES = ("company", "unassigned", "team:west", "team:east", "rep:zoe", "rep:bob", "rep:max", "rep:gone")
PERIODS = ("2017-09-15", "2017-09-16", "2017-08", "2017-09", "2017-Q3", "2017-Q2", "FY2018-Q2", "2017", "2017-W37")


class Wait(NamedTuple):
    """A place where whoever follows the log is let to catch up."""


Step = Outgoing | Plan | Wait


def standing(scope: str, period: str, hours: int = 0, revenue: str = "1.00") -> Standing:
    """A standing as of so many hours after AT."""
    at = AT + timedelta(hours=hours)
    measures = {"revenue": Measure(revenue, "USD"), "win_rate": Measure(None, reason="no_closed_deals")}
    quota = QuotaStanding(
        "revenue", "9.00", "USD", revenue, 0.1, "8.00", None, "7.00", None, 3.5, 0.5, "behind", {"pace": "too_early"}
    )
    count = replace(quota, metric="deals_won", unit=None, target=3, attained=1, reasons={})
    pipeline = PipelineStanding(at, "USD", [StageStanding("lead", 1, "5.00", "0.50")], 1) if hours % 2 else None
    return Standing(scope, period, at, measures, [quota, count], pipeline, sender="standings/0", revision=1)


def transition(name: str, number: int, kind: TransitionKind, tick: int) -> Transition:
    """A change of the alert that a scope and a period name."""
    scope, period = name.split("|")
    subject = "d-1" if period == "2017-Q2" else None
    rule = "pace" if subject else "behind_pace"
    about = f"{rule}|{name}"
    return Transition(
        about, number, rule, "behind_pace", scope, period, kind, AT, tick, "why", "Because.", {"gap": 0.5}, subject
    )


def said(record: Standing | Transition) -> Outgoing:
    """The record as the agents write it."""
    shard = partition(record.scope.encode(), SHARDS)
    if isinstance(record, Standing):
        return Outgoing(topics.STANDINGS.name, shard, f"{record.scope}|{record.period}".encode(), json.encode(record))
    key = f"{record.fingerprint}#{record.number}".encode()
    return Outgoing(topics.ALERTS.name, shard, key, json.encode(record))


async def write(log: Log, steps: Sequence[Outgoing | Plan]) -> None:
    """Appends one after the other."""
    for step in steps:
        if isinstance(step, Plan):
            records = plan_records(step, step.revision, AT)
            await log.append([Outgoing(topics.PLAN.name, 0, record.key, record.value) for record in records])
        else:
            await log.append([step])


@st.composite
def _standings(draw: st.DrawFn) -> list[Outgoing]:
    """Standings as of moments that never go back."""
    hours = sorted(draw(st.lists(st.integers(0, 60), max_size=25)))
    places = st.tuples(st.sampled_from(SCOPES), st.sampled_from(PERIODS), st.sampled_from(["1.00", "2.00"]))
    names = draw(st.lists(places, min_size=len(hours), max_size=len(hours)))
    return [said(standing(name[0], name[1], at, name[2])) for name, at in zip(names, hours, strict=True)]


_ticks = st.integers(0, SHARDS - 1).map(
    lambda shard: Outgoing(topics.STANDINGS.name, shard, b"standings/0", json.encode(Tick(AT, 3, "standings/0")))
)


@st.composite
def _alerts(draw: st.DrawFn) -> list[Outgoing]:
    """Alerts that fire and end in turn, at ticks that grow."""
    numbers: dict[str, int] = {}
    found = []
    for tick in range(draw(st.integers(0, 25))):
        name = f"{draw(st.sampled_from(SCOPES))}|{draw(st.sampled_from(['2017-Q3', '2017-Q2']))}"
        number = numbers[name] = numbers.get(name, 0) + 1
        ended: TransitionKind = draw(st.sampled_from(["resolved", "retracted"]))
        found.append(said(transition(name, number, "firing" if number % 2 else ended, tick)))
    return found


@st.composite
def stories(draw: st.DrawFn, waits: int = 3) -> list[Step]:
    """What a log may say: the plan, standings and alerts in their order, a smaller plan, and places to catch up."""
    told = draw(_standings()), draw(_alerts())
    others: list[Step] = [
        *draw(st.lists(_ticks, max_size=5)),
        *draw(st.lists(st.just(Wait()), max_size=waits)),
        *draw(st.lists(st.just(SMALLER), max_size=1)),
    ]
    places = draw(st.permutations([*[0] * len(told[0]), *[1] * len(told[1]), *others]))
    rest = [iter(records) for records in told]
    return [PLAN, *(next(rest[place]) if isinstance(place, int) else place for place in places)]
