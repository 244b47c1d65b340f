"""A tiny company's week as outsiders write it: facts, ticks and plan markers in the partitions of the source topics."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import UNSET, UnsetType, json
from msgspec.structs import replace

from schemas.activities import Activity
from schemas.control import PlanMarker, Tick
from schemas.deals import DealChanged
from schemas.fields import Money
from schemas.meetings import MeetingChanged, MeetingState
from schemas.plan import (
    Absence,
    Calendar,
    Company,
    Membership,
    Pipeline,
    Plan,
    Quota,
    Relief,
    Rep,
    Route,
    Rule,
    Stage,
    TablePeriod,
    Team,
)
from streams import topics
from streams.log import Outgoing, Spot
from streams.partitioner import partition

SHARDS = 2
MONDAY = datetime(2026, 3, 30, tzinfo=UTC)
"""Of a week in which a quarter ends."""
DAYS = 5
NAMES = ("anna", "ben", "cara", "dan")
EVERYBODY = (*NAMES, "eve", "fay")
"""With two whom no plan knows: they are in another shard than the reps."""
STAGES = ("prospecting", "engaging", "won", "lost")
TOKYO = Calendar("tokyo", "Asia/Tokyo", period_table=(TablePeriod("Q", "quarter", "2026-03-02", "2026-04-02"),))
"""Where a quarter of a table ends on Thursday, and the next is not listed."""
Fact = Activity | MeetingChanged | DealChanged


def plan(revision: int) -> Plan:
    """The first plan; the second moves Ben on Wednesday, asks for less and tells more, the third knows Dan.

    From the second on Anna is away on Thursday, in the third Ben is new and what his quota asks for is spread.
    """
    ben = (Membership("east", end="2026-04-01"), Membership("west", start="2026-04-01"))
    thursday = (Absence("2026-04-02", "2026-04-03"),)
    reps = [
        Rep("anna", "Anna", (Membership("east"),), absences=thursday if revision > 1 else ()),
        Rep(
            "ben",
            "Ben",
            ben if revision > 1 else (Membership("east"),),
            hired="2026-03-02" if revision == 3 else None,
        ),
        Rep("cara", "Cara", (Membership("west"),), calendar="tokyo"),
        Rep("dan", "Dan", (Membership("west"),)),
    ]
    target = {1: "900", 2: "400", 3: "700"}[revision]
    quotas = [Quota(f"q-{scope[-4:]}", scope, "revenue", "week", target, "USD") for scope in ("company", "team:east")]
    quotas += [Quota("q-calls", "rep:anna", "calls_placed", "week", "4")]
    wins = Quota("q-ben", "rep:ben", "deals_won", "quarter", "3")
    if revision == 3:
        relief = Relief("2026-Q1", "1", "snow", "boss"), Relief("2026-Q2", "-0.5", "snow", "boss")
        wins = replace(wins, season=("20", "30", "50"), ramp=("40", "70"), relief=relief, stretch="5")
    quotas += [wins] if revision != 2 else []
    rules = (
        Rule("early", "early_stage_shortage", minimum=2, days=1),
        Rule("pace", "behind_pace", days=1),
        Rule("won", "deal_won", minimum_amount="150" if revision == 3 else None),
    )
    routes = [Route("all", "boss", "console"), Route("east", "east", "hook", scopes=("team:east",))]
    routes += [Route("won", "floor", "console", rules=("won",))] if revision > 1 else []
    stages = [Stage(name, "open", early=True) for name in STAGES[:2]] + [Stage("won", "won"), Stage("lost", "lost")]
    return Plan(
        revision=revision,
        company=Company("Tiny", "USD", periods=("day", "week", "quarter")),
        reps=tuple(reps[: 4 if revision > 2 else 3]),
        teams=(Team("east", "East"), Team("west", "West")),
        calendars=(Calendar("default", "UTC"), TOKYO),
        pipelines=(Pipeline("main", tuple(stages)),),
        quotas=tuple(quotas),
        rules=rules,
        routes=tuple(routes),
    )


@dataclass(frozen=True)
class History:
    """What every source partition will have held in the end, and which revisions of the plan there are."""

    partitions: dict[Spot, list[Outgoing]]
    facts: list[Fact]
    revisions: int
    plan: Callable[[int], Plan] = plan
    closing: Tick | None = None


def same_everywhere(*steps: Tick | PlanMarker) -> dict[Spot, list[Outgoing]]:
    """The same ticks and markers, numbered, in every source partition, and no facts."""
    numbered = [replace(step, number=number, sender="control") for number, step in enumerate(steps)]
    return {
        Spot(topic.name, shard): [Outgoing(topic.name, shard, b"control", json.encode(step)) for step in numbered]
        for topic in topics.SOURCES
        for shard in range(SHARDS)
    }


class Past:
    """Makes up a history; the same seed makes the same one.

    In one that is `passed_around` corrections name other performers, also of another shard. What that changes may come
    too late for the last tick, so that there is one more when all is said.
    """

    def __init__(self, seed: str, *, facts: int = 20, ticks: int = 5, passed_around: bool = False) -> None:
        self._random, self._talk = random.Random(seed), random.Random(f"{seed} talk")
        self._facts, self._ticks, self._passed_around = facts, ticks, passed_around
        self._tidy = self._random.random() < 0.5
        self._quiet = self._random.random() < 0.3
        self._revisions = self._random.choice([1, 2, 3])

    def history(self) -> History:
        facts = self.facts()
        partitions: dict[Spot, list[Outgoing]] = {
            Spot(topic.name, shard): [] for topic in topics.SOURCES for shard in range(SHARDS)
        }
        for fact in facts:
            record = sent(fact)
            partitions[Spot(*record[:2])] += [record] * self._random.choice([1, 1, 1, 2, 3])
        steps = list(self._steps())
        for spot, records in partitions.items():
            self._random.shuffle(records)
            self._mix(spot, records, steps if self._tidy else self._untidy(steps))
        closing = Tick(MONDAY + timedelta(days=20), len(steps), "control", self._quiet)
        return History(partitions, facts, self._revisions, closing=closing if self._passed_around else None)

    def facts(self) -> list[Fact]:
        """Its facts alone, in no order of time."""
        return [*self._told()]

    def _told(self) -> Iterator[Fact]:
        """Facts, of which some correct an earlier one."""
        known: list[Fact] = []
        for number in range(self._facts):
            if known and self._random.random() < 0.25:
                old = self._random.choice(known)
                known.append(self._corrected(old))
            else:
                known.append(self._new(f"f{number}"))
            yield known[-1]

    def _new(self, name: str) -> Fact:
        kinds: list[Callable[[str], Fact]] = [self._activity, self._activity, self._meeting, self._deal, self._deal]
        return self._random.choice(kinds)(name)

    def _corrected(self, old: Fact) -> Fact:
        new: Any = self._new(old.id)
        while type(new) is not type(old):
            new = self._new(old.id)
        whose: dict[str, Any] = {"version": old.version + self._random.choice([0, 1, 1])}
        if isinstance(old, Activity):
            whose["performer"] = self._random.choice(EVERYBODY) if self._passed_around else old.performer
        else:
            whose |= {"meeting": old.meeting} if isinstance(old, MeetingChanged) else {"deal": old.deal}
        corrected: Fact = replace(new, **whose)
        return corrected

    def _moment(self) -> datetime:
        return MONDAY + timedelta(hours=self._random.randrange(DAYS * 24))

    def _activity(self, name: str) -> Activity:
        what = self._random.choice(["call_placed", "call_placed", "call_connected"])
        lead = self._random.choice([None, "l1", "l2"])
        return Activity(
            name, "crm", self._moment(), self._random.choice(NAMES), what, lead, quiet=self._quiet, **self._said()
        )

    def _meeting(self, name: str) -> MeetingChanged:
        states: list[MeetingState | None] = ["booked", "held", "no_show", None]
        organizer = self._random.choice([None, *NAMES])
        meeting = self._random.choice(["m0", "m1", "m2"])
        ends = self._random.choice([None, self._moment()])
        return MeetingChanged(
            name,
            "crm",
            self._moment(),
            meeting,
            organizer,
            self._random.choice(states),
            ends_at=ends,
            quiet=self._quiet,
            **self._said(),
        )

    def _said(self) -> dict[str, Any]:
        """Of a conversation, sometimes."""
        contact, seconds = self._talk.choice([None, None, "c1", "c2"]), self._talk.choice([None, 30, 300, 900])
        flags = (self._talk.choice([None, None, None, flag]) for flag in (False, True))
        said = {"contact": contact, "seconds": seconds, **dict(zip(("two_way", "meaningful"), flags, strict=True))}
        return said if self._talk.random() < 0.7 else {}

    def _deal(self, name: str) -> DealChanged:
        money = Money(self._random.randrange(1, 5) * 10_000, "USD")
        owners: list[str | UnsetType] = [UNSET, *NAMES]
        stages: list[str | UnsetType] = [UNSET, *STAGES, "won"]
        amounts: list[Money | UnsetType] = [UNSET, money, money]
        return DealChanged(
            name,
            "crm",
            self._moment(),
            self._random.choice(["d0", "d1", "d2", "d3"]),
            owner=self._random.choice(owners),
            stage=self._random.choice(stages),
            amount=self._random.choice(amounts),
            quiet=self._quiet,
        )

    def _steps(self) -> Iterator[Outgoing]:
        """Ticks and markers in their order; the last tick sees everything."""
        kinds = ["tick"] * (self._ticks - 1) + ["plan"] * (self._revisions - 1)
        self._random.shuffle(kinds)
        if self._random.random() < 0.7:
            kinds.insert(0, "plan")
        else:
            kinds.insert(self._random.randrange(len(kinds)), "plan")
        evening, revision = MONDAY + timedelta(hours=18), 0
        for number, kind in enumerate([*kinds, "tick"]):
            if kind == "plan":
                revision += 1
                yield control(PlanMarker(revision, number, "control"))
            else:
                at = self._random.choice([evening, evening, evening, evening, None])
                yield control(Tick(at, number, "control", self._quiet))
                evening += self._random.choice([timedelta(), timedelta(minutes=20), *[timedelta(days=1)] * 4])

    def _untidy(self, steps: list[Outgoing]) -> list[Outgoing]:
        """Some ticks are missing, some steps are repeated, one comes late; a marker and the last tick always come."""
        found = []
        for step in steps[:-1]:
            least = 1 if b'"plan_marker"' in (step.value or b"") else 0
            found += [step] * max(least, self._random.choices([0, 1, 2], [1, 8, 1])[0])
        if found and self._random.random() < 0.3:
            found.append(self._random.choice(found))
        return [*found, steps[-1]]

    def _mix(self, spot: Spot, records: list[Outgoing], steps: list[Outgoing]) -> None:
        """Puts the steps between the facts, in their order, the last one behind everything."""
        places = sorted(self._random.choices(range(len(records) + 1), k=len(steps) - 1))
        for step, place in reversed([*zip(steps[:-1], places, strict=True)]):
            records.insert(place, step)
        records.append(steps[-1])
        records[:] = [Outgoing(*spot, record.key, record.value) for record in records]


def _routed(fact: Fact) -> tuple[bytes, str]:
    if isinstance(fact, Activity):
        return fact.performer.encode(), topics.ACTIVITIES.name
    if isinstance(fact, MeetingChanged):
        return fact.meeting.encode(), topics.MEETINGS.name
    return fact.deal.encode(), topics.DEALS.name


def sent(fact: Fact) -> Outgoing:
    """A fact as a producer sends it."""
    key, topic = _routed(fact)
    return Outgoing(topic, partition(key, SHARDS), key, json.encode(fact))


def control(record: Tick | PlanMarker) -> Outgoing:
    return Outgoing("", 0, b"control", json.encode(record))
