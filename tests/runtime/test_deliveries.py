"""The outbox: what is pending stays so until an outcome is noted, and what is settled is forgotten in time."""

from datetime import datetime, timedelta

from msgspec import json

from quota.deliveries import KEPT, delivered, pending, retried, withdrawn
from quota.notifications import notifications
from schemas.control import Tick
from schemas.notifications import Notification
from schemas.plan import Route
from streams import tables, topics
from streams.log import Record
from streams.stages.deliveries import Deliveries
from streams.stages.stage import Moment, Place
from tests.unit.floor import a_plan, noon
from tests.unit.news import transition

HERE = Place("deliveries", 1, 2, len)
AT = noon("2026-03-05")
HOUR = timedelta(hours=1)


def message(number: int = 1, sink: str = "hook", route: str = "r", at: datetime = AT) -> Notification:
    (made,) = notifications(transition(number=number, at=at), a_plan(routes=(Route(route, "ann", sink),)))
    return made


def passed(stage: Deliveries, number: int, at: datetime, before: datetime | None) -> None:
    """A tick is complete."""
    stage.complete(Moment(Tick(at, number), at, before, evaluates=True))


def under(stage: Deliveries, revision: int, *routes: str) -> None:
    """A plan with these routes comes into force."""
    stage.switch(a_plan(revision=revision, routes=tuple(Route(name, "ann", "hook") for name in routes)))


def taken(*said: Notification) -> Deliveries:
    stage = Deliveries(HERE)
    for each in said:
        stage.take(stage.decode(json.encode(each)), Record(topics.NOTIFICATIONS.name, 1, 0, 0, b"", b""), -1)
    return stage


def test_a_message_is_pending_once_however_often_it_comes() -> None:
    one, other = message(1), message(2, "console")
    stage = taken(one, other, one)
    assert stage.pending == {
        "hook": {one.idempotency_key: pending(one)},
        "console": {other.idempotency_key: pending(other)},
    }
    assert len(stage.stored()) == 2


def test_what_was_given_to_no_flush_is_not_written() -> None:
    stage, key = taken(message()), message().idempotency_key
    assert not stage.is_written(key)
    (record,) = stage.stored()
    assert (record.topic, record.partition, record.key) == (tables.OUTBOX.name, 1, key.encode())
    assert stage.is_written(key)
    stage.note(retried(stage.records[key], AT, "answered 500", jitter=0))
    assert not stage.is_written(key)


def test_a_successor_knows_what_its_predecessor_has_stored() -> None:
    before, after = taken(message(1), message(2)), Deliveries(HERE)
    before.note(delivered(pending(message(1)), AT))
    for record in before.stored():
        after.load(record.topic, record.key or b"", record.value or b"")
    after.install(None, 3)
    assert after.records == before.records
    assert after.pending == before.pending
    assert after.stored() == []
    after.take(message(1), Record(topics.NOTIFICATIONS.name, 1, 0, 0, b"", b""), -1)
    assert list(after.pending["hook"]) == [message(2).idempotency_key]


def test_a_successor_goes_on_in_the_order_in_which_it_came_about() -> None:
    said = [message(number) for number in range(1, 9)]
    before, after = taken(*said), Deliveries(HERE)
    for record in before.stored():
        after.load(record.topic, record.key or b"", record.value or b"")
    after.install(None, 3)
    assert [*after.pending["hook"]] == [each.idempotency_key for each in said]


def test_a_message_whose_route_the_plan_leaves_out_has_failed_and_says_so() -> None:
    kept, gone = message(1), message(2, "console", "gone")
    before, after = taken(kept, gone), Deliveries(HERE)
    for record in before.stored():
        after.load(record.topic, record.key or b"", record.value or b"")
    after.install(a_plan(routes=(Route("r", "ann", "hook"),)), 3)
    passed(after, 4, AT + HOUR, AT)
    assert after.stored() == []  # as long as the plan stays
    under(after, 7, "r", "other")
    passed(after, 5, AT + 2 * HOUR, AT + HOUR)
    reason = "revision 7 of the plan has no route gone any more"
    assert after.records[gone.idempotency_key] == withdrawn(pending(gone), AT + 2 * HOUR, reason)
    assert [record.key for record in after.stored()] == [gone.idempotency_key.encode()]
    assert after.pending == {"hook": {kept.idempotency_key: pending(kept)}, "console": {}}
    passed(after, 6, AT + 2 * HOUR + KEPT + timedelta(seconds=1), AT + 2 * HOUR)
    assert [*after.records] == [kept.idempotency_key]


def test_what_other_shards_say_earlier_or_later_is_judged_by_when_it_was_found() -> None:
    stage = taken()
    under(stage, 2, "r")
    passed(stage, 4, AT + HOUR, AT)
    late, ahead = message(1, route="gone", at=AT), message(2, route="to-come", at=AT + 2 * HOUR)
    for each in (late, ahead):
        stage.take(each, Record(topics.NOTIFICATIONS.name, 1, 0, 0, b"", b""), -1)
    assert stage.records[late.idempotency_key].state == "failed"
    assert stage.records[ahead.idempotency_key].state == "pending"
    under(stage, 3, "r", "to-come")
    passed(stage, 5, AT + 3 * HOUR, AT + 2 * HOUR)
    assert stage.records[ahead.idempotency_key].state == "pending"
    under(stage, 4, "r")
    stage.complete(Moment(Tick(None, 6), AT + 3 * HOUR, AT + 3 * HOUR, evaluates=False))
    assert stage.records[ahead.idempotency_key].state == "failed"


def test_before_time_has_come_to_anything_no_message_is_given_up() -> None:
    stage = taken(message())
    under(stage, 1)
    stage.complete(Moment(Tick(None, 1), None, None, evaluates=False))
    assert [each.state for each in stage.records.values()] == ["pending"]
    passed(stage, 2, AT + HOUR, None)
    assert [each.state for each in stage.records.values()] == ["pending"]


def test_settled_messages_are_forgotten_by_the_time_of_ticks_and_pending_ones_never() -> None:
    stage = taken(message(1), message(2))
    settled = message(1).idempotency_key.encode()
    stage.note(delivered(pending(message(1)), AT))
    stage.stored()
    for passed, forgotten in ((KEPT, []), (KEPT + timedelta(seconds=1), [(settled, None)]), (2 * KEPT, [])):
        stage.complete(Moment(Tick(AT + passed, 1), AT + passed, None, evaluates=True))
        assert [(record.key, record.value) for record in stage.stored()] == forgotten
    assert [*stage.records] == [message(2).idempotency_key]
    assert len(stage.pending["hook"]) == 1
