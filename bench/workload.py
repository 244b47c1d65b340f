"""The benchmark's workload: a plan, and facts of all kinds in the order in which a month brings them, from one seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from msgspec import json
from msgspec.structs import replace

from bench.floor import FIRST, over, plan
from bench.selling import Fact, Selling
from schemas.activities import Activity
from schemas.control import PlanMarker, Tick
from schemas.meetings import MeetingChanged
from streams import topics
from streams.log import Log, Outgoing
from streams.partitioner import partition
from streams.plans.records import plan_records
from streams.topology import CLOCK

WEEKEND = 0.02
"""What of a working day's facts a day of the weekend brings."""
CHUNK = 20_000


@dataclass(frozen=True)
class Workload:
    """So many facts, 70 % activities, 10 % meetings and 20 % deal changes, of so many reps on so many days."""

    facts: int = 1_000_000
    days: int = 30
    reps: int = 2000
    seed: int = 1

    def by_day(self) -> Iterator[list[Fact]]:
        """The facts of one day after the other, each day's in the order of their moments."""
        selling = Selling(self.reps, self.seed)
        for day, count in enumerate(_spread(self.facts, self.days)):
            meetings, deals = count // 10, count // 5
            facts = [
                *selling.activities(day, count - meetings - deals),
                *selling.meetings(day, meetings),
                *selling.deals(day, deals),
            ]
            yield sorted(facts, key=lambda fact: fact.occurred_at)


async def fill(log: Log, shards: int, workload: Workload, *, planned: bool = True) -> int:
    """Appends plan, facts and a tick per day as the clock would have copied them; gives the number of the last tick.

    Where it is not `planned` the plan is left for later: workers wait for it before they read the first fact.
    """
    if planned:
        await say_plan(log, workload.reps)
    await everywhere(log, shards, PlanMarker(1))
    for day, facts in enumerate(workload.by_day()):
        out = [outgoing(fact, shards) for fact in facts]
        for at in range(0, len(out), CHUNK):
            await log.append(out[at : at + CHUNK])
        await everywhere(log, shards, Tick(over(day)))
    return await everywhere(log, shards, Tick())


async def say_plan(log: Log, reps: int) -> None:
    """Appends the plan of so many reps."""
    await log.append([Outgoing(topics.PLAN.name, 0, *record) for record in plan_records(plan(reps), 1, over(-1))])


def outgoing(fact: Fact, shards: int) -> Outgoing:
    """The fact as its producer sends it."""
    if isinstance(fact, Activity):
        topic, key = topics.ACTIVITIES.name, fact.performer.encode()
    elif isinstance(fact, MeetingChanged):
        topic, key = topics.MEETINGS.name, fact.meeting.encode()
    else:
        topic, key = topics.DEALS.name, fact.deal.encode()
    return Outgoing(topic, partition(key, shards), key, json.encode(fact))


async def everywhere(log: Log, shards: int, record: Tick | PlanMarker) -> int:
    """Puts a tick or a marker into control and into every partition of every source topic; gives its number."""
    (number,) = await log.append([Outgoing(topics.CONTROL.name, 0, b"benchmark", json.encode(record))])
    value = json.encode(replace(record, number=number, sender=CLOCK))
    spots = [(topic.name, shard) for topic in topics.SOURCES for shard in range(shards)]
    await log.append([Outgoing(topic, shard, CLOCK.encode(), value) for topic, shard in spots])
    return number


def _spread(facts: int, days: int) -> list[int]:
    """So many facts a day, together exactly as many as are asked for."""
    weights = [1.0 if (FIRST + timedelta(days=day)).weekday() < 5 else WEEKEND for day in range(days)]
    counts = [int(facts * weight / sum(weights)) for weight in weights]
    counts[0] += facts - sum(counts)
    return counts
