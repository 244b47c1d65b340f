"""Facts into entity records and cells: what is corrected, repeated, misrouted or unusable."""

import itertools
from collections.abc import Callable, MutableMapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NoReturn

import pytest
from msgspec import json

from agents import deals
from quota.errors import InvalidRecord
from quota.plans import PlanIndex
from schemas.activities import Activity, ActivityBucket
from schemas.credits import Credit, Parts
from schemas.dead_letters import DeadLetter
from schemas.deals import DealChanged
from streams import topics
from streams.log import Outgoing, Record
from streams.partitioner import partition
from streams.quarantine import MOST_BUGS, Bugs, TooManyBugs
from streams.stages.activities import Activities
from streams.stages.entities import Entities, Kind
from streams.stages.stage import Place
from streams.stores.packed import MemoryShelves
from streams.stores.rocks import StoreDamaged
from tests.runtime.history import SHARDS, plan

NOON = datetime(2026, 3, 30, 12, tzinfo=UTC)
Facts = list[Activity]


def place(key: str) -> Place:
    """Of the shard to which the key belongs."""
    home = partition(key.encode(), SHARDS)
    return Place("agent", home, SHARDS, lambda name: partition(name.encode(), SHARDS))


def stage(kind: Kind, key: str) -> Entities:
    """The stage of the shard to which the key belongs, under the first plan."""
    made = Entities(kind, place(key))
    made.install(PlanIndex(plan(1)), -1)
    return made


def doing(performer: str) -> Activities:
    """The activities' stage of the shard to which the performer belongs, under the first plan."""
    made = Activities(place(performer))
    made.install(PlanIndex(plan(1)), -1)
    return made


def take(stage: Entities | Activities, *facts: Activity | DealChanged) -> None:
    topic = topics.ACTIVITIES if isinstance(stage, Activities) else topics.DEALS
    for offset, fact in enumerate(facts):
        stage.take(fact, Record(topic.name, stage.place.shard, offset, 0, b"", json.encode(fact)), -1)


def cells(said: list[Outgoing]) -> dict[tuple[str, str], Parts]:
    """The last that was said of every cell."""
    found = [json.decode(each.value or b"", type=Credit) for each in said if each.topic == topics.CREDITS.name]
    return {
        (scope, day): parts for credit in found for scope, days in credit.cells.items() for day, parts in days.items()
    }


def call(source: str, version: int) -> Activity:
    """A call that every version says to have been a day later."""
    return Activity("c1", source, NOON + timedelta(days=version), "anna", "call_placed", version=version)


@pytest.mark.parametrize("order", [*itertools.permutations(range(3))])
@pytest.mark.parametrize("source", ["crm", "crm|eu"])
@pytest.mark.parametrize("flushes", [False, True])
def test_an_activity_that_is_corrected_to_another_day_counts_there_only(
    order: list[int], source: str, *, flushes: bool
) -> None:
    facts = [call(source, version) for version in order]
    entities, said = doing("anna"), list[Outgoing]()
    for fact in [*facts, *facts]:
        take(entities, fact)
        said += entities.owed() if flushes else []
    said += entities.owed()
    assert {cell: parts for cell, parts in cells(said).items() if parts} == {
        (scope, "2026-04-01"): {"calls_placed": 1} for scope in ("rep:anna", "team:east", "company")
    }
    assert cells(said).items() >= entities.cells.items()


@pytest.mark.parametrize("year", [1969, 2200])
def test_a_fact_out_of_time_is_set_aside_and_the_next_one_counts(year: int) -> None:
    wrong = DealChanged("f1", "crm", NOON.replace(year=year), "d1", owner="anna", stage="won")
    right = DealChanged("f2", "crm", NOON, "d1", owner="anna", stage="won")
    entities = stage(deals.KIND, "d1")
    take(entities, wrong, right)
    said = [*entities.owed()]
    letters = [json.decode(each.value or b"", type=DeadLetter) for each in said if "dead-letters" in each.topic]
    assert [(letter.offset, letter.raw) for letter in letters] == [(0, json.encode(wrong))]
    assert str(year) in letters[0].reason
    assert cells(said)["rep:anna", "2026-03-30"]["deals_won"] == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (0, 1, 0), (1, 0, 1)])
def test_of_one_event_that_names_two_performers_in_one_version_both_count_whichever_comes_first(
    order: tuple[int, ...],
) -> None:
    home = partition(b"anna", SHARDS)
    other = next(name for name in ("ben", "cara", "dan", "eve") if partition(name.encode(), SHARDS) == home)
    facts = [Activity("c1", "crm", NOON, name, "call_placed") for name in ("anna", other)]
    entities = doing("anna")
    for at in order:
        take(entities, facts[at])
    entities.owed()
    entities.stored()
    records = [json.decode(record, type=ActivityBucket) for record in entities.records.values()]
    assert {record.performer: len(record.done) for record in records} == {"anna": 1, other: 1}


def failing(fact: object) -> object:
    raise ZeroDivisionError("a bug")


@pytest.mark.parametrize("fewer", [0, 1])
def test_bugs_in_a_row_stop_the_worker_instead_of_setting_a_topic_aside(fewer: int) -> None:
    entities = stage(replace(deals.KIND, change_of=failing), "d0")
    facts = [DealChanged(f"f{n}", "crm", NOON, f"d{n}") for n in range(MOST_BUGS * 2 * SHARDS)]
    mine = [each for each in facts if partition(each.deal.encode(), SHARDS) == entities.place.shard]
    take(entities, *mine[: MOST_BUGS - 1])
    if not fewer:
        with pytest.raises(TooManyBugs, match=f"{MOST_BUGS} records in a row failed.*ZeroDivisionError: a bug"):
            take(entities, mine[MOST_BUGS])
        return
    letters = [json.decode(each.value or b"", type=DeadLetter) for each in entities.owed()]
    assert len(letters) == MOST_BUGS - 1
    assert all("ZeroDivisionError" in (letter.traceback or "") for letter in letters)


class DamagedRecords(dict[str, bytes]):
    """Records on a disk that fails."""

    def get(self, key: str, default: object = None) -> NoReturn:
        raise StoreDamaged("the store cannot be used")


class DamagedShelves(MemoryShelves):
    """Has nothing else."""

    def raw(self, table: str, chapter: Callable[[str], str]) -> MutableMapping[str, bytes]:
        return DamagedRecords()


def test_facts_are_not_set_aside_when_it_is_the_store_that_is_damaged() -> None:
    entities = doing("anna")
    entities.lodge(DamagedShelves())
    take(entities, call("crm", 1))
    with pytest.raises(StoreDamaged):
        entities.owed()


def test_input_that_cannot_be_used_is_no_bug_however_much_of_it_comes() -> None:
    bugs = Bugs()
    for _ in range(3 * MOST_BUGS):
        bugs.met(InvalidRecord("no such day"))
    for _ in range(3):
        for _ in range(MOST_BUGS - 1):
            bugs.met(ValueError("a bug"))
        bugs.passed()
    assert bugs.in_a_row == 0


@pytest.mark.parametrize("flushes", [False, True])
@pytest.mark.parametrize("loud", [0, 1])
def test_what_only_quiet_facts_change_is_quiet_whatever_else_comes_with_them(loud: int, *, flushes: bool) -> None:
    won = DealChanged("f1", "crm", NOON, "d1", owner="anna", stage="won", quiet=loud == 0)
    note = DealChanged("f2", "crm", NOON, "d1", account="acme", quiet=loud == 1)
    entities, said = stage(deals.KIND, "d1"), list[Outgoing]()
    for fact in (won, note):
        take(entities, fact)
        said += entities.owed() if flushes else []
    said += entities.owed()
    assert {json.decode(each.value or b"", type=Credit).quiet for each in said} == {loud == 0}
