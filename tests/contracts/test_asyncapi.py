"""The AsyncAPI document is one by the specification's own schema, and says of topics what the code does."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from agents.contracts import documents
from agents.worker import ARROWS
from streams import topics
from streams.json_schemas import CARRIED
from streams.kafka.declaring import configuration

Json = dict[str, Any]


@pytest.fixture(scope="module")
def document() -> Json:
    return documents()["asyncapi.json"]


@pytest.fixture(scope="module")
def validator() -> Draft7Validator:
    return Draft7Validator(json.loads((Path(__file__).parent / "published" / "asyncapi-3.0.0.json").read_text()))


def speakers(document: Json, action: str, topic: str) -> set[str]:
    return {
        name.split(".")[0]
        for name, operation in document["operations"].items()
        if operation["action"] == action and operation["channel"] == {"$ref": f"#/channels/{topic}"}
    }


def test_it_is_an_asyncapi_document(document: Json, validator: Draft7Validator) -> None:
    assert [error.message for error in validator.iter_errors(document)] == []


@pytest.mark.parametrize(
    "broken", [{"channels": []}, {"operations": {"a": {"action": "shout"}}}, {"asyncapi": "2.6.0"}]
)
def test_the_published_schema_refuses_what_is_none(document: Json, broken: Json, validator: Draft7Validator) -> None:
    assert not validator.is_valid(document | broken)


def test_every_topic_is_a_channel_with_its_key_a_sender_and_a_receiver(document: Json) -> None:
    assert list(document["channels"]) == [spec.name for spec in topics.ALL]
    for spec in topics.ALL:
        assert speakers(document, "send", spec.name), spec.name
        assert speakers(document, "receive", spec.name), spec.name
        for message in document["channels"][spec.name]["messages"].values():
            name = message["$ref"].removeprefix("#/components/messages/")
            key = document["components"]["messages"][name]["bindings"]["kafka"]["key"]
            assert key["description"] != "See the topic."


def test_what_agents_read_and_publish_is_what_their_arrows_say(document: Json) -> None:
    for arrow in ARROWS:
        assert arrow.name in speakers(document, "receive", arrow.reads.name)
        assert all(arrow.name in speakers(document, "send", spec.name) for spec in arrow.publishes)
    assert speakers(document, "send", topics.CREDITS.name) == {"activities", "deals", "meetings"}


@pytest.mark.parametrize("spec", topics.ALL, ids=lambda spec: spec.name)
def test_topics_are_created_as_they_are_described(document: Json, spec: Any) -> None:
    binding = document["channels"][spec.name]["bindings"]["kafka"]
    told = {name: str(value) for name, value in binding["topicConfiguration"].items() if name != "cleanup.policy"}
    created = configuration(spec)
    assert binding["topicConfiguration"]["cleanup.policy"] == [created.pop("cleanup.policy")]
    assert told.items() <= created.items()
    assert {name for name, value in created.items() if value != "0"} <= told.keys()
    assert binding.get("partitions") == (None if spec.sharded else 1)


def test_every_value_that_a_topic_may_carry_is_a_message_of_it(document: Json) -> None:
    for spec in topics.ALL:
        named = [kind.__name__ for kind in getattr(CARRIED[spec.name], "__args__", (CARRIED[spec.name],))]
        assert list(document["channels"][spec.name]["messages"]) == named
