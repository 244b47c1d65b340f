"""Entity records that grow as bytes: the same as those that are folded anew from all facts, and so are their cells."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, json

from agents import deals, meetings
from quota.plans import PlanIndex
from quota.recount import Fact, credited, facts_of, recorded
from schemas.deals import DealChanged, DealRecord
from schemas.fields import Money, Origin
from schemas.meetings import MeetingChanged
from streams import topics
from streams.log import Outgoing, Record
from streams.stages import entities
from streams.stages.entities import Entities, Kind
from streams.stages.growing import encode, grown, may_hold
from streams.stages.stage import Place
from tests.runtime.history import plan
from tests.runtime.test_entities import NOON, cells

PLAN = PlanIndex(plan(1))
HERE = Origin("t", 0, 1)
keys = st.sampled_from(["x", "y", "[]", 'q"'])
ids = st.sampled_from(["1", "2", "3", "4", "5", 'a":[{"id":"1', "\\", "ü|"])
sources = st.sampled_from(["crm", 'c"rm', "c|r"])
moments = st.integers(0, 9).map(lambda hours: NOON + timedelta(hours=5 * hours))
unsaid = st.just(UNSET)
changes = st.builds(
    DealChanged,
    id=ids,
    source=sources,
    occurred_at=moments,
    deal=keys,
    owner=unsaid | st.sampled_from(["anna", "ben", None]),
    stage=unsaid | st.sampled_from(["prospecting", "engaging", "won", "lost", "odd"]),
    amount=unsaid | st.just(Money(500, "USD")),
    deleted=unsaid | st.booleans(),
    version=st.integers(0, 1),
    quiet=st.booleans(),
)
meets = st.builds(
    MeetingChanged,
    id=ids,
    source=sources,
    occurred_at=moments,
    meeting=keys,
    organizer=st.sampled_from(["anna", "ben", None]),
    state=st.sampled_from(["booked", "held", "no_show", None]),
    ends_at=st.none() | moments,
    lead=st.none() | st.just("acme"),
    version=st.integers(0, 1),
)


def stage(kind: Kind) -> Entities:
    made = Entities(kind, Place("agent", 0, 1, lambda _: 0))
    made.install(PLAN, -1)
    return made


@pytest.mark.parametrize("awake", [0, 1, 2000])
@given(facts=st.lists(changes, min_size=1, max_size=30) | st.lists(meets, min_size=1, max_size=30), data=st.data())
def test_records_and_cells_are_those_that_all_facts_make_at_once(
    awake: int, facts: list[Fact], data: st.DataObject
) -> None:
    kind = deals.KIND if isinstance(facts[0], DealChanged) else meetings.KIND
    grown_one, said, stored = stage(kind), list[Outgoing](), dict[bytes, bytes | None]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(entities, "AWAKE", awake)
        for offset, fact in enumerate(facts):
            grown_one.take(fact, Record(kind.topic.name, 0, offset, 0, b"", json.encode(fact)), -1)
            if data.draw(st.booleans()):
                said += grown_one.owed()
                stored |= {each.key or b"": each.value for each in grown_one.stored()}
        said += grown_one.owed()
        stored |= {each.key or b"": each.value for each in grown_one.stored()}
    plain = recorded((fact, Origin(kind.topic.name, 0, offset)) for offset, fact in enumerate(facts))
    assert {key.encode(): facts_of(record) for key, record in plain.items()} == {
        key: facts_of(json.decode(value or b"", type=kind.record)) for key, value in stored.items()
    }
    assert {key.encode(): encode(json.decode(value, type=kind.record)) for key, value in grown_one.records.items()} == (
        stored
    )
    assert {cell: parts for cell, parts in cells(said).items() if parts} == credited(plain.values(), PLAN)
    assert grown_one.cells == credited(plain.values(), PLAN)
    assert not any(each.topic == topics.DEAD_LETTERS.name for each in said)


@given(facts=st.lists(changes, min_size=1, max_size=9), one=changes)
def test_a_record_that_holds_a_change_is_never_said_not_to(facts: list[DealChanged], one: DealChanged) -> None:
    record = encode(DealRecord("d", [(deals.KIND.change_of(fact), HERE) for fact in facts]))
    entry = encode((deals.KIND.change_of(one), HERE))
    if any((fact.source, fact.id) == (one.source, one.id) for fact in facts):
        assert may_hold(record, entry)
    decoded = json.decode(grown(record, entry), type=DealRecord)
    assert [change for change, _ in decoded.changes] == [deals.KIND.change_of(fact) for fact in (*facts, one)]
