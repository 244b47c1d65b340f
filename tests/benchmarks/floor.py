"""A large sales floor for measurements: two thousand reps, and activities that stand in the log with their ticks."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import json
from msgspec.structs import replace

from schemas.activities import Activity
from schemas.control import PlanMarker, Tick
from schemas.plan import Calendar, Company, Membership, Pipeline, Plan, Quota, Rep, Rule, Stage, Team
from streams import topics
from streams.log import Log, Outgoing
from streams.partitioner import partition
from streams.plans.records import plan_records
from streams.topology import CLOCK

REPS, TEAMS, REGIONS = 2000, 40, 4
ZONE = ZoneInfo("America/Chicago")
START = datetime(2026, 3, 2, 9, tzinfo=ZONE)
KINDS = ("call_placed", "call_connected", "email_sent", "chat")
CHUNK = 20_000


def plan() -> Plan:
    """Every rep has a daily quota of calls; every rule is on."""
    regions = [Team(f"region-{i}", f"Region {i}") for i in range(REGIONS)]
    teams = [Team(f"team-{i}", f"Team {i}", f"region-{i % REGIONS}") for i in range(TEAMS)]
    stages = (Stage("lead", "open", probability=0.1, early=True), Stage("won", "won"), Stage("lost", "lost"))
    return Plan(
        revision=1,
        company=Company("Floor", "USD", periods=("day", "week", "month", "quarter")),
        reps=tuple(Rep(f"rep-{i}", f"Rep {i}", (Membership(f"team-{i % TEAMS}"),)) for i in range(REPS)),
        teams=(*regions, *teams),
        calendars=(Calendar("default", "America/Chicago"),),
        pipelines=(Pipeline("sales", stages),),
        quotas=tuple(Quota(f"calls-{i}", f"rep:rep-{i}", "calls_placed", "day", "40") for i in range(REPS)),
        rules=(Rule("shortage", "early_stage_shortage"), Rule("pace", "behind_pace"), Rule("won", "deal_won")),
    )


def activities(facts: int, days: int, seed: int) -> Iterator[list[Activity]]:
    """The facts of one working day after the other."""
    chance, each = random.Random(seed), facts // days
    for day in range(days):
        opening = START + timedelta(days=day)
        yield [
            Activity(
                id=f"{day}-{i}",
                source="phone",
                occurred_at=opening + timedelta(seconds=i * 32_000 / each),
                performer=f"rep-{chance.randrange(REPS)}",
                activity=chance.choice(KINDS),
                lead=f"lead-{chance.randrange(5000)}",
            )
            for i in range(each)
        ]


async def fill(log: Log, shards: int, facts: int, days: int, seed: int = 1) -> int:
    """Appends plan, facts and a tick per day as the clock would have copied them; gives the number of the last tick."""
    records = plan_records(plan(), 1, START)
    await log.append([Outgoing(topics.PLAN.name, 0, *record) for record in records])
    await _everywhere(log, shards, PlanMarker(1))
    for day, done in enumerate(activities(facts, days, seed)):
        out = [_outgoing(fact, shards) for fact in done]
        for at in range(0, len(out), CHUNK):
            await log.append(out[at : at + CHUNK])
        await _everywhere(log, shards, Tick(START.replace(hour=18) + timedelta(days=day)))
    return await _everywhere(log, shards, Tick())


def _outgoing(fact: Activity, shards: int) -> Outgoing:
    key = fact.performer.encode()
    return Outgoing(topics.ACTIVITIES.name, partition(key, shards), key, json.encode(fact))


async def _everywhere(log: Log, shards: int, record: Tick | PlanMarker) -> int:
    (number,) = await log.append([Outgoing(topics.CONTROL.name, 0, b"benchmark", json.encode(record))])
    value = json.encode(replace(record, number=number, sender=CLOCK))
    spots = [(topic.name, shard) for topic in topics.SOURCES for shard in range(shards)]
    await log.append([Outgoing(topic, shard, CLOCK.encode(), value) for topic, shard in spots])
    return number
