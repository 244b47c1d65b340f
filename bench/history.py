"""What a shard's log holds after a year of work: entity records, and the cells that credits have told its standings."""

import random
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from msgspec import json

from agents import activities, deals, meetings
from agents.worker import ARROWS
from bench.floor import LOST, OPEN, WON, name, opening, over, plan
from bench.selling import ACTIVITIES
from bench.workload import CHUNK, say_plan
from quota.activities import contributions as activity_contributions
from quota.cells import collect
from quota.credits import Cells, fan_out_all
from quota.deals import contributions as deal_contributions
from quota.deals import fold as fold_deal
from quota.facts import identity
from quota.meetings import contributions as meeting_contributions
from quota.meetings import fold as fold_meeting
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
from streams.stages.stage import Place
from streams.topology import Arrow, place

T = TypeVar("T")
REPS = 2000
DAYS = 250
"""Over which the facts are spread."""
BUCKET = 15
"""Activities of a performer's day."""
KINDS = [activity for source, activity in ACTIVITIES if source == "dialer"]


async def fill(log: Log, shards: int, records: int, seed: int = 1) -> None:
    """Writes plan, entity records (6 deals to 2 meetings to 2 days of activities), their cells and every mark."""
    await say_plan(log, REPS)
    made: tuple[tuple[Arrow, Callable[[Any, PlanIndex], Cells], Iterator[tuple[str, Any]]], ...] = (
        (deals.ARROW, deal_contributions, _deals(records * 6 // 10, seed)),
        (meetings.ARROW, meeting_contributions, _meetings(records * 2 // 10, seed)),
        (activities.ARROW, activity_contributions, _days(records * 2 // 10, seed)),
    )
    index = PlanIndex(plan(REPS))
    for arrow, contributions_of, entities in made:
        mine: list[Cells] = [{} for _ in range(shards)]
        for chunk in _chunks(entities):
            out = []
            for key, record in chunk:
                home = partition(key.split("|")[1 if "|" in key else 0].encode(), shards)
                collect(mine[home], contributions_of(record, index))
                out.append(Outgoing(arrow.tables[0].name, home, key.encode(), json.encode(record)))
            await log.append(out)
        for shard, contributions in enumerate(mine):
            await _held(log, place(arrow, shard, shards), contributions, index)
    for arrow in ARROWS:
        mark = json.encode(Mark(arrow.reads.name, revision=1, tick=1, at=over(DAYS)))
        await log.append(
            [Outgoing(tables.MARKS.name, shard, arrow.reads.name.encode(), mark) for shard in range(shards)]
        )


async def _held(log: Log, sender: Place, contributions: Cells, index: PlanIndex) -> None:
    """What the standings of every shard hold of this sender's cells."""
    cells: Cells = {}
    for _ in fan_out_all(contributions, index, cells):
        pass
    for chunk in _chunks(cells.items()):
        out = []
        for (scope, day), parts in chunk:
            table = tables.REP_QUOTAS if scope.startswith("rep:") else tables.TEAM_QUOTAS
            key, value = f"{sender.sender}|{scope}|{day}".encode(), json.encode(HeldCredit([(0, parts, True)]))
            out.append(Outgoing(table.name, sender.shard_of(scope), key, value))
        await log.append(out)


def _chunks(items: Iterable[T]) -> Iterator[list[T]]:
    remaining = iter(items)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk


def _moment(chance: random.Random, rep: int) -> datetime:
    return opening(chance.randrange(DAYS), rep) + timedelta(seconds=chance.randrange(30_000))


def _deals(count: int, seed: int) -> Iterator[tuple[str, DealRecord]]:
    """Each was created, priced, and most of them won or lost."""
    chance = random.Random(seed)
    for number in range(count):
        deal, rep = f"0065g{number:013x}", chance.randrange(REPS)
        owner, at = f"rep-{rep:05d}", _moment(chance, rep)
        price = Money(chance.randrange(1, 10_000) * 100, "USD")
        later, last = at + timedelta(days=chance.randrange(20)), chance.choice([WON, LOST, LOST, OPEN[1]])
        changes = (
            DealChanged(f"{number}-1", "crm", at, deal, owner=owner, stage=OPEN[0], account=f"account-{number % 9999}"),
            DealChanged(f"{number}-2", "crm", at + timedelta(hours=2), deal, amount=price),
            DealChanged(f"{number}-3", "crm", later, deal, stage=last),
        )
        record = fold_deal(None, [(change, Origin(topics.DEALS.name, 0, number * 3)) for change in changes])
        assert record is not None
        yield deal, record


def _meetings(count: int, seed: int) -> Iterator[tuple[str, MeetingRecord]]:
    """Each was booked, and then held or missed."""
    chance = random.Random(seed)
    for number in range(count):
        meeting, rep = f"meeting-{number}", chance.randrange(REPS)
        organizer, at = name(rep), _moment(chance, rep)
        booked = MeetingChanged(
            f"{number}-1", "calendar", at, meeting, organizer, "booked", lead=f"lead-{number % 5000}"
        )
        came = MeetingChanged(
            f"{number}-2", "calendar", at + timedelta(days=2), meeting, None, chance.choice(["held", "no_show"])
        )
        record = fold_meeting(None, [(each, Origin(topics.MEETINGS.name, 0, number * 2)) for each in (booked, came)])
        assert record is not None
        yield meeting, record


def _days(count: int, seed: int) -> Iterator[tuple[str, ActivityBucket]]:
    """What each rep did on the last days."""
    chance = random.Random(seed)
    for number in range(count):
        rep, day = number % REPS, DAYS - number // REPS
        performer, begins = name(rep), opening(day, rep)
        done = {
            identity("dialer", f"{number}-{i}"): Done(
                begins + timedelta(minutes=30 * i),
                chance.choice(KINDS),
                f"lead-{chance.randrange(5000)}",
                0,
                Origin(topics.ACTIVITIES.name, 0, number * BUCKET + i),
            )
            for i in range(BUCKET)
        }
        key = f"{identity('dialer', performer)}|{begins.date().isoformat()}"
        yield key, ActivityBucket(performer, "dialer", done)
