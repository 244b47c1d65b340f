"""Of facts with one identity only those of the highest version count, however many shards there are."""

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from quota.plans import PlanIndex
from schemas.activities import ActivitiesCorrected, Activity, ActivityBucket, Correction
from schemas.dead_letters import DeadLetter
from streams import tables, topics
from streams.log import Outgoing, Record
from streams.partitioner import partition
from streams.quarantine import LARGEST_FACT
from streams.stages.activities import Activities
from streams.stages.corrections import Corrections
from streams.stages.stage import Place
from tests.runtime.chaos import schedule
from tests.runtime.history import MONDAY, NAMES, SHARDS, Past, plan
from tests.runtime.oracle import totals
from tests.runtime.outcome import Outcome
from tests.runtime.schedules import asked, numbers
from tests.runtime.world import calm
from tests.unit.talk_oracle import counted, details

NOON = datetime(2026, 3, 30, 12, tzinfo=UTC)
HISTORIES = 40

facts = st.builds(
    Activity,
    id=st.sampled_from(["1", "2", "a|b"]),
    source=st.sampled_from(["crm", "crm|a"]),
    occurred_at=st.integers(0, 3).map(lambda days: NOON + timedelta(days=days)),
    performer=st.sampled_from(NAMES),
    activity=st.sampled_from(["call_placed", "call_connected"]),
    version=st.integers(0, 2),
    lead=st.sampled_from([None, "l"]),
    contact=st.sampled_from([None, "c1", "c|2"]),
    seconds=st.sampled_from([None, None, 300]),
    two_way=st.sampled_from([None, None, False]),
)


class Floor:
    """The activities' stages of so many shards, and what they have yet to hear of one another."""

    def __init__(self, shards: int, luck: random.Random) -> None:
        self.shards, self.random = shards, luck
        self.stages = [self._stage(number) for number in range(shards)]
        self.tables: list[dict[str, bytes]] = [{} for _ in range(shards)]
        self.unheard: list[Outgoing] = []
        self.said = 0

    def _stage(self, number: int) -> Activities:
        place = Place("activities", number, self.shards, self._shard_of)
        stage = Activities(place)
        stage.install(PlanIndex(plan(3)), -1)
        return stage

    def _shard_of(self, key: str) -> int:
        return partition(key.encode(), self.shards)

    def take(self, number: int, value: bytes) -> None:
        stage, self.said = self.stages[number], self.said + 1
        stage.take(stage.decode(value), Record(topics.ACTIVITIES.name, number, self.said, 0, b"", value), -1)

    def flush(self, number: int) -> None:
        stage = self.stages[number]
        self.unheard += [each for each in stage.owed() if each.topic == topics.ACTIVITIES.name]
        for record in stage.stored():
            key = (record.key or b"").decode()
            if record.value is None:
                self.tables[number].pop(key, None)
            else:
                self.tables[number][key] = record.value

    def hear(self) -> None:
        """One shard hears one of the announcements, not in the order in which they were made, and sometimes again."""
        at = self.random.randrange(len(self.unheard))
        announced = self.unheard[at] if self.random.random() < 0.3 else self.unheard.pop(at)
        self.take(announced.partition, announced.value or b"")

    def move(self, number: int) -> None:
        """The shard gets a new owner, who knows what was flushed."""
        self.flush(number)
        self.stages[number] = stage = self._stage(number)
        for key, value in self.tables[number].items():
            stage.load(tables.ACTIVITIES.name, key.encode(), value)
        stage.install(PlanIndex(plan(3)), -1)

    def run(self, received: Sequence[Activity]) -> None:
        for fact in received:
            self.take(self._shard_of(fact.performer), json.encode(fact))
            if self.random.random() < 0.4:
                self.flush(self.random.randrange(self.shards))
            if self.unheard and self.random.random() < 0.4:
                self.hear()
            if self.random.random() < 0.1:
                self.move(self.random.randrange(self.shards))
        while True:
            for number in range(self.shards):
                self.flush(number)
            if not self.unheard:
                return
            self.hear()

    def counted(self) -> Counter[tuple[str, str, str]]:
        found: Counter[tuple[str, str, str]] = Counter()
        for stage in self.stages:
            for (scope, day), parts in stage.cells.items():
                found.update({(scope, day, part): number for part, number in parts.items()})
        return found


def plainly(received: Sequence[Activity]) -> Counter[tuple[str, str, str]]:
    """(rep, day, component) of what counts, found by looking at all facts again and again."""
    by_identity: dict[tuple[str, str], list[Activity]] = defaultdict(list)
    for fact in received:
        by_identity[fact.source, fact.id].append(fact)
    found: Counter[tuple[str, str, str]] = Counter()
    for alike in by_identity.values():
        newest = [fact for fact in alike if fact.version == max(each.version for each in alike)]
        for performer in {fact.performer for fact in newest}:
            mine = [fact for fact in newest if fact.performer == performer]
            fact = max(mine, key=said)
            day = fact.occurred_at + timedelta(hours=9 if performer == "cara" else 0)
            component = {"call_placed": "calls_placed", "call_connected": "calls_connected"}[fact.activity]
            found[f"rep:{performer}", str(day.date()), component] += 1
            if fact.activity == "call_connected":
                for what, whom in counted(details(fact), fact.lead, plan(3)):
                    part = f"talk|{what[5:]}|{day.date()}|{whom}" if what.startswith("with ") else what
                    found[f"rep:{performer}", str(day.date()), f"lead|{whom}" if what == "lead" else part] += 1
    return found


def said(fact: Activity) -> bytes:
    """What decides which of two facts of one version counts."""
    told = details(fact)
    known = fact.activity == "call_connected" and any(each is not None for each in told)
    return json.encode((fact.occurred_at, fact.activity, (*told, fact.lead) if known else fact.lead))


@given(received=st.lists(facts, max_size=12), shards=st.integers(1, 4), luck=st.integers(0, 9999), data=st.data())
def test_the_numbers_do_not_depend_on_shards_order_repetition_or_owners(
    received: list[Activity], shards: int, luck: int, data: st.DataObject
) -> None:
    repeated = data.draw(st.permutations([*received, *received[: len(received) // 2]]))
    floor = Floor(shards, random.Random(luck))
    floor.run(repeated)
    reps = {key: number for key, number in floor.counted().items() if key[0].startswith("rep:")}
    assert reps == plainly(received)
    for number in range(shards):
        before = floor.counted()
        floor.move(number)
        assert floor.counted() == before


@pytest.mark.parametrize("block", range(0, HISTORIES, 20))
def test_the_totals_are_those_of_plain_loops_when_corrections_name_other_performers(block: int) -> None:
    crossed = 0
    for seed in range(block, block + 20):
        history = Past(f"around {seed}", facts=40, passed_around=True).history()
        crossed += across(history.facts)
        known = calm(history, each=False)
        assert numbers(known) == asked(history), f"calm {seed}"
        for number in range(3):
            found, story = schedule(history, f"around {seed}/{number}", trouble=number > 0)
            assert numbers(found) == asked(history), f"schedule {seed}/{number}: {story.lines}"
            assert kept(found) == kept(known), f"schedule {seed}/{number}: {story.lines}"
    assert crossed > 20


def across(told: Sequence[object]) -> int:
    """How many activities have performers in several shards."""
    homes: dict[str, set[int]] = defaultdict(set)
    for fact in told:
        if isinstance(fact, Activity):
            homes[fact.id].add(partition(fact.performer.encode(), SHARDS))
    return sum(len(shards) > 1 for shards in homes.values())


def kept(outcome: Outcome) -> dict[str, object]:
    """What the activities' tables hold, but for where facts stand in the log, which announcements make later."""
    found: dict[str, object] = {}
    for key, value in outcome[2].items():
        if key.startswith(b"|"):
            found[key.decode()] = json.decode(value, type=Correction)
        elif value.startswith(b'{"performer"'):
            done = json.decode(value, type=ActivityBucket).done.items()
            found |= {f"{key.decode()} {name}": (d.occurred_at, d.activity, d.lead, d.version) for name, d in done}
    return found


def test_a_shard_that_keeps_its_corrections_to_itself_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Corrections, "announced", lambda self: [])
    histories = [Past(f"around {seed}", facts=40, passed_around=True).history() for seed in range(5)]
    assert any(numbers(calm(history, each=False)) != asked(history) for history in histories)


def call(version: int, performer: str = "anna", name: str = "1") -> bytes:
    return json.encode(Activity(name, "crm", NOON, performer, "call_placed", version=version))


def test_what_was_never_corrected_is_told_to_nobody() -> None:
    floor = Floor(3, random.Random(1))
    for performer in NAMES:
        floor.take(partition(performer.encode(), 3), call(0, performer, performer))
    for number in range(3):
        floor.flush(number)
    assert floor.unheard == []
    assert not [key for table in floor.tables for key in table if key.startswith("|")]


def test_corrections_of_one_flush_travel_together_and_no_announcement_is_too_large_to_be_read() -> None:
    floor, home = Floor(3, random.Random(1)), partition(b"anna", 3)
    for number in range(400):
        floor.take(home, call(1, name=f"{number:03}" + "\x01" * 150))
    floor.flush(home)
    told = [json.decode(each.value or b"", type=ActivitiesCorrected) for each in floor.unheard]
    assert Counter(each.partition for each in floor.unheard).keys() == {0, 1, 2} - {home}
    assert max(len(each.value or b"") for each in floor.unheard) < LARGEST_FACT
    assert len(told) < 60
    assert {correction.id[:3] for said in told for correction in said.corrected} == {f"{n:03}" for n in range(400)}
    floor.flush(home)
    assert len(floor.unheard) == len(told)


@pytest.mark.parametrize("sender", ["control", "activities/9", "deals/0", "itself"])
def test_an_announcement_that_no_other_shard_can_have_made_is_set_aside_and_changes_nothing(sender: str) -> None:
    floor, home = Floor(3, random.Random(1)), partition(b"anna", 3)
    floor.take(home, call(0))
    floor.flush(home)
    before = floor.counted()
    name = f"activities/{home}" if sender == "itself" else sender
    forged = json.encode(ActivitiesCorrected((Correction("crm", "1", 7),), name))
    floor.take(home, forged)
    letters = [json.decode(each.value or b"", type=DeadLetter) for each in floor.stages[home].owed()]
    assert [(letter.raw, letter.reason.partition(":")[0]) for letter in letters] == [
        (forged, "only the other shards tell of corrected activities")
    ]
    assert floor.counted() == before


def test_a_forged_announcement_in_the_name_of_a_shard_does_what_a_fact_of_its_version_would() -> None:
    floor, home = Floor(3, random.Random(1)), partition(b"anna", 3)
    forged = ActivitiesCorrected((Correction("crm", "1", 7),), f"activities/{(home + 1) % 3}")
    for value in (call(0), json.encode(forged), call(6)):
        floor.take(home, value)
    floor.flush(home)
    assert not floor.counted()
    floor.take(home, call(7))
    floor.flush(home)
    assert floor.counted()["rep:anna", "2026-03-30", "calls_placed"] == 1


def test_the_histories_end_with_the_tick_that_sees_what_shards_told_one_another() -> None:
    history = Past("around 0", passed_around=True).history()
    assert history.closing is not None
    assert history.closing.at is not None
    assert history.closing.at > MONDAY + timedelta(days=7)
    assert totals(history)
