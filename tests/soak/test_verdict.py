"""A verdict notices what it is there for."""

from typing import Any

from tests.e2e.cli import Json
from tests.soak.floor import RECIPIENTS, REPS, facts
from tests.soak.oracle import METRICS, Totals, totals, won
from tests.soak.verdict import of_messages, of_outbox, of_standings, of_transitions

FED = facts(2000, 1)
RIGHT: Totals = totals(FED, 2)
WON = won(FED, 2)


def standing(key: tuple[str, str], **other: int) -> Json:
    """What the oracle says, in the product's form, but for some numbers."""
    numbers = dict.fromkeys(METRICS, 0) | RIGHT[key] | other
    cents = numbers["revenue"]
    said = {name: {"value": str(number)} for name, number in numbers.items()}
    return {"scope": key[0], "period": key[1], "metrics": said | {"revenue": {"value": f"{cents / 100:.2f}"}}}


def message(deal: str, recipient: str, **other: Any) -> Json:
    return {"type": "alert.firing", "data": {"subject": deal, "recipient": recipient, **other}}


TOLD = [message(deal, recipient) for deal in sorted(WON) for recipient in RECIPIENTS]
IDS = [f"msg-{number}" for number in range(len(TOLD))]


def test_facts_are_the_same_for_the_same_seed_and_none_has_the_identity_of_another() -> None:
    assert facts(2000, 1) == FED != facts(2000, 2)
    assert len({fact["id"] for fact in FED}) == len(FED) == 2000


def test_the_floor_has_everybody_every_metric_and_numbers_that_each_plan_changes() -> None:
    assert {scope for scope, _ in RIGHT} >= {"company", "unassigned", "rep:rep-later", f"rep:rep-{REPS - 1}"}
    assert {metric for numbers in RIGHT.values() for metric in numbers} == {*METRICS}
    assert len({str(totals(FED, revision)) for revision in (1, 2, 3)}) == 3


def test_a_number_that_is_wrong_missing_or_there_twice_is_found() -> None:
    good = [standing(key) for key in RIGHT]
    assert [*of_standings(good, RIGHT)] == []
    key = next(iter(RIGHT))
    assert len([*of_standings([*good[1:], standing(key, calls_placed=10**6)], RIGHT)]) == 1
    assert [*of_standings(good[1:], RIGHT)] == [f"{key} is missing"]
    assert [*of_standings([*good, good[0]], RIGHT)] == [f"{key} stands twice"]


def test_a_transition_that_is_missing_or_comes_again_is_found() -> None:
    good = [{"subject": deal, "number": 1, "transition": "firing"} for deal in WON]
    over = {**good[0], "number": 2, "transition": "resolved"}
    assert [*of_transitions([*good, over], WON)] == []
    assert len([*of_transitions(good[1:], WON)]) == 1
    assert len([*of_transitions([*good, good[0]], WON)]) == 1
    assert len([*of_transitions(good, WON - {good[0]["subject"]})]) == 1


def test_a_message_that_is_missing_or_told_with_another_key_is_found_and_a_repeated_request_is_none() -> None:
    assert [*of_messages([*IDS, IDS[0]], [*TOLD, TOLD[0]], WON)] == []
    assert len([*of_messages([*IDS, "another"], [*TOLD, TOLD[0]], WON)]) == 1
    assert len([*of_messages(IDS[1:], TOLD[1:], WON)]) == 1
    assert len([*of_messages([*IDS, IDS[0]], [*TOLD, message("other", "floor")], WON)]) == 1
    assert len([*of_messages([*IDS, "another"], [*TOLD, message("other", "floor")], WON)]) == 1


def test_a_message_that_is_not_known_to_be_delivered_is_found() -> None:
    delivered = [{"id": name, "state": "delivered"} for name in IDS]
    assert [*of_outbox(delivered, IDS)] == []
    assert [*of_outbox([{**delivered[0], "state": "pending"}, *delivered[1:]], IDS)] == [f"message {IDS[0]} is pending"]
    assert [*of_outbox(delivered[1:], IDS)] == [f"message {IDS[0]} is in no outbox"]
