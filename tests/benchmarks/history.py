"""What a shard's log holds after a year of work: entity records, and the cells that credits have told its standings."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import json

from agents.worker import ARROWS
from quota import activities
from quota.facts import identity
from quota.plans import PlanIndex
from schemas.activities import ActivityBucket, Done
from schemas.credits import HeldCredit
from schemas.deals import DealChanged, DealRecord
from schemas.fields import Money, Origin
from schemas.marks import Mark
from schemas.meetings import MeetingChanged, MeetingRecord
from streams import tables, topics
from streams.log import Log, Outgoing
from streams.partitioner import partition
from streams.plans.records import plan_records
from streams.stages.activities import Activities
from streams.stages.entities import Entities
from streams.topology import place
from tests.benchmarks.floor import CHUNK, KINDS, REPS, START, plan

DAYS = 250
"""Over which the facts are spread."""
BUCKET = 15
"""Activities of a performer's day."""


async def fill(log: Log, shards: int, records: int, seed: int = 1) -> None:
    """Writes plan, entity records (6 deals to 2 meetings to 2 days of activities), their cells and every mark."""
    await log.append(
        [Outgoing(topics.PLAN.name, 0, *record) for record in plan_records(plan(), 1, START + timedelta(days=DAYS))]
    )
    made = {
        tables.DEALS.name: _deals(records * 6 // 10, seed),
        tables.MEETINGS.name: _meetings(records * 2 // 10, seed),
        tables.ACTIVITIES.name: _days(records * 2 // 10, seed),
    }
    index = PlanIndex(plan())
    for arrow in ARROWS[:3]:
        stages = [arrow.stage(place(arrow, shard, shards)) for shard in range(shards)]
        for stage in stages:
            stage.install(index, 0)
        out: list[Outgoing] = []
        for key, record in made[arrow.tables[0].name]:
            home = partition(key.split("|")[1 if "|" in key else 0].encode(), shards)
            stage = stages[home]
            assert isinstance(stage, Entities | Activities)
            change = (
                stage.kind.contributions(record, index)
                if isinstance(stage, Entities)
                else activities.contributions(json.decode(json.encode(record), type=ActivityBucket), index)
            )
            stage._cells.add(change, quiet=True)
            out.append(Outgoing(arrow.tables[0].name, home, key.encode(), json.encode(record)))
            if len(out) == CHUNK:
                await log.append(out)
                out = []
        await log.append(out)
        for stage in stages:
            assert isinstance(stage, Entities | Activities)
            stage.owed()  # takes note of it in all scopes above
            await _held(log, stage)
    for arrow in ARROWS:
        mark = json.encode(Mark(arrow.reads.name, revision=1, tick=1, at=START + timedelta(days=DAYS)))
        await log.append(
            [Outgoing(tables.MARKS.name, shard, arrow.reads.name.encode(), mark) for shard in range(shards)]
        )


async def _held(log: Log, stage: Entities | Activities) -> None:
    """What the standings of every shard hold of this sender's cells."""
    out = []
    for (scope, day), parts in stage.cells.items():
        table = tables.REP_QUOTAS if scope.startswith("rep:") else tables.TEAM_QUOTAS
        key = f"{stage.place.sender}|{scope}|{day}".encode()
        out.append(Outgoing(table.name, stage.place.shard_of(scope), key, json.encode(HeldCredit([(0, parts, True)]))))
    for at in range(0, len(out), CHUNK):
        await log.append(out[at : at + CHUNK])


def _moment(chance: random.Random) -> datetime:
    return START + timedelta(days=chance.randrange(DAYS), seconds=chance.randrange(30_000))


def _deals(count: int, seed: int) -> Iterator[tuple[str, DealRecord]]:
    """Each was created, priced, and most of them won or lost."""
    chance = random.Random(seed)
    for number in range(count):
        deal, owner, at = f"deal-{number}", f"rep-{chance.randrange(REPS)}", _moment(chance)
        price = Money(chance.randrange(1, 10_000) * 100, "USD")
        later, last = at + timedelta(days=chance.randrange(20)), chance.choice(["won", "lost", "lost", "lead"])
        changes = (
            DealChanged(f"{number}-1", "crm", at, deal, owner=owner, stage="lead", account=f"account-{number % 9999}"),
            DealChanged(f"{number}-2", "crm", at + timedelta(hours=2), deal, amount=price),
            DealChanged(f"{number}-3", "crm", later, deal, stage=last),
        )
        held = {identity(c.source, c.id): (c, Origin(topics.DEALS.name, 0, number * 3)) for c in changes}
        yield deal, DealRecord(deal, held)


def _meetings(count: int, seed: int) -> Iterator[tuple[str, MeetingRecord]]:
    """Each was booked, and then held or missed."""
    chance = random.Random(seed)
    for number in range(count):
        meeting, organizer, at = f"meeting-{number}", f"rep-{chance.randrange(REPS)}", _moment(chance)
        booked = MeetingChanged(f"{number}-1", "crm", at, meeting, organizer, "booked", lead=f"lead-{number % 5000}")
        came = MeetingChanged(
            f"{number}-2", "crm", at + timedelta(days=2), meeting, None, chance.choice(["held", "no_show"])
        )
        held = {identity(c.source, c.id): (c, Origin(topics.MEETINGS.name, 0, number * 2)) for c in (booked, came)}
        yield meeting, MeetingRecord(meeting, held)


def _days(count: int, seed: int) -> Iterator[tuple[str, ActivityBucket]]:
    """What each rep did on the last days."""
    chance = random.Random(seed)
    for number in range(count):
        performer, opening = f"rep-{number % REPS}", START + timedelta(days=DAYS - number // REPS)
        done = {
            identity("phone", f"{number}-{i}"): Done(
                opening + timedelta(minutes=30 * i),
                chance.choice(KINDS),
                f"lead-{chance.randrange(5000)}",
                0,
                Origin(topics.ACTIVITIES.name, 0, number * BUCKET + i),
            )
            for i in range(BUCKET)
        }
        key = f"{identity('phone', performer)}|{opening.date().isoformat()}"
        yield key, ActivityBucket(performer, "phone", done)
