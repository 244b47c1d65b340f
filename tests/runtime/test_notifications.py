"""Transitions into messages: which bytes are quiet, and that every message is said once whatever happens."""

from hypothesis import given
from msgspec import json

from schemas.alerts import Transition
from schemas.notifications import Notification
from schemas.plan import Route
from streams import topics
from streams.log import Record
from streams.stages.notifications import Notifications
from streams.stages.stage import Place
from tests.runtime.chaos import schedule
from tests.runtime.history import Past
from tests.runtime.outcome import Outcome
from tests.runtime.world import calm
from tests.unit.floor import a_plan
from tests.unit.news import transition, transitions

HERE = Place("notifications", 1, 2, lambda key: len(key) % 2)


def stage() -> Notifications:
    made = Notifications(HERE)
    routes = (Route("all", "ann", "console"), Route("floor", "lobby", "hook", scopes=("team:dustin",)))
    made.install(a_plan(routes=routes), 3)
    return made


@given(transitions)
def test_a_transition_is_passed_over_by_its_bytes_if_and_only_if_it_is_quiet(said: Transition) -> None:
    found = stage().decode(json.encode(said))
    assert found == (None if said.quiet else said)


def test_each_message_goes_to_its_recipients_shard_under_its_key() -> None:
    made = stage()
    made.take(transition(), Record(topics.ALERTS.name, 1, 0, 0, b"", b""), 3)
    out = [*made.owed()]
    messages = [json.decode(each.value or b"", type=Notification) for each in out]
    assert [(each.topic, each.partition) for each in out] == [
        (topics.NOTIFICATIONS.name, HERE.shard_of(each.recipient)) for each in messages
    ]
    assert [each.key for each in out] == [each.idempotency_key.encode() for each in messages]
    assert {each.recipient for each in messages} == {"ann", "lobby"}
    assert [*made.owed()] == []


def test_every_loud_transition_is_told_once_over_each_route_whatever_becomes_of_workers() -> None:
    told = 0
    for seed in range(12):
        history = Past(f"past {seed}").history()
        for outcome in (calm(history, each=True), schedule(history, f"{seed}/told", trouble=True)[0]):
            keys, expected = _over_all(outcome)
            assert keys == expected, f"past {seed}"
            told += len(keys)
    assert told > 50


def _over_all(outcome: Outcome) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """What was told over the route without conditions, and what had to be."""
    messages = [json.decode(value, type=Notification) for values in outcome[3] for value in values]
    loud = [json.decode(value, type=Transition) for values in outcome[1] for value in values]
    news = [each for each in loud if not each.quiet and (each.kind, each.transition) != ("deal_won", "resolved")]
    told = [(each.cause.fingerprint, each.cause.number) for each in messages if each.route == "all"]
    return sorted(told), sorted((each.fingerprint, each.number) for each in news)
