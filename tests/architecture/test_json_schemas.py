"""The JSON Schemas that producers are given say what the decoders say."""

import json
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from streams import topics
from streams.json_schemas import CARRIED, document

DEAL: dict[str, Any] = {
    "type": "deal_changed",
    "id": "e-1",
    "source": "crm",
    "occurred_at": "2017-03-01T12:00:00+01:00",
    "deal": "d-1",
}
FACTS = {
    topics.ACTIVITIES.name: {
        "type": "activity",
        "id": "e-1",
        "source": "phone",
        "occurred_at": "2017-03-01T12:00:00Z",
        "performer": "ann",
        "activity": "call",
    },
    topics.DEALS.name: DEAL | {"stage": None, "amount": {"minor_units": 5000, "currency": "EUR"}},
    topics.MEETINGS.name: {
        "type": "meeting_changed",
        "id": "e-1",
        "source": "calendar",
        "occurred_at": "2017-03-01T12:00:00Z",
        "meeting": "m-1",
        "state": "held",
    },
}


def accepts(topic: str, value: object) -> bool:
    return bool(Draft202012Validator(document(topic)).is_valid(value))


def decodes(topic: str, value: object) -> bool:
    try:
        msgspec.json.decode(json.dumps(value), type=CARRIED[topic])
    except msgspec.ValidationError:
        return False
    return True


def test_every_declared_topic_has_a_schema() -> None:
    assert {spec.name for spec in topics.ALL} <= set(CARRIED)


@pytest.mark.parametrize("topic", CARRIED)
def test_a_schema_is_one_that_validators_understand(topic: str) -> None:
    Draft202012Validator.check_schema(document(topic))


@pytest.mark.parametrize("topic", FACTS)
def test_a_good_fact_is_good_for_schema_and_decoder(topic: str) -> None:
    assert accepts(topic, FACTS[topic])
    assert decodes(topic, FACTS[topic])


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": ""},
        {"deal": 7},
        {"amount": {"minor_units": 50.5, "currency": "EUR"}},
        {"amount": {"minor_units": 50, "currency": "euro"}},
        {"expected_close": "next week"},
        {"version": -1},
        {"deleted": "yes"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_bad_field_is_bad_for_schema_and_decoder(wrong: dict[str, Any]) -> None:
    assert not accepts(topics.DEALS.name, DEAL | wrong)
    assert not decodes(topics.DEALS.name, DEAL | wrong)


@pytest.mark.parametrize("field", ["id", "source", "occurred_at", "deal"])
def test_a_fact_without_its_identity_is_bad_for_schema_and_decoder(field: str) -> None:
    lacking = {name: value for name, value in DEAL.items() if name != field}
    assert not accepts(topics.DEALS.name, lacking)
    assert not decodes(topics.DEALS.name, lacking)


def test_a_field_that_nobody_knows_yet_is_let_through_by_schema_and_decoder() -> None:
    assert accepts(topics.DEALS.name, DEAL | {"territory": "north"})
    assert decodes(topics.DEALS.name, DEAL | {"territory": "north"})
