"""What the OpenAPI documents say is what the doors do: their statuses, their limits, their forms."""

import ast
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import schemathesis
from hypothesis import given
from jsonschema import Draft202012Validator

from agents.contracts import documents
from streams.gateway.reading import FORMS
from streams.replay import AnyFact
from tests.streams.any_facts import any_fact
from tests.streams.gateway.sending import EVENT, as_event, without

Json = dict[str, Any]
GATEWAY = documents()["openapi/gateway.json"]
EVENTS = GATEWAY["paths"]["/events"]["post"]


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(GATEWAY | {"$ref": f"#/components/schemas/{name}"})


FACT, CLOUD_EVENT = validator("Fact"), validator("CloudEvent")


@pytest.mark.parametrize("name", [name for name in documents() if name.startswith("openapi/")])
def test_it_is_an_openapi_document(name: str) -> None:
    schemathesis.openapi.from_dict(documents()[name]).validate()


def statuses(path: Path) -> set[str]:
    """Every status that a module answers with by number."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    told = [
        call
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id in {"problem", "answer", "Unreadable"}
    ]
    return {
        str(number.value)
        for call in told
        for number in ast.walk(call.args[0])
        if isinstance(number, ast.Constant) and isinstance(number.value, int)
    }


def test_every_status_of_the_gateway_is_described(root: Path) -> None:
    modules = ("gateway/server.py", "gateway/reading.py", "web/doors.py", "web/protocol.py")
    occurring = set.union(*(statuses(root / "streams" / module) for module in modules))
    described = {status for path in GATEWAY["paths"].values() for each in path.values() for status in each["responses"]}
    assert occurring == described
    page = (root / "docs" / "gateway.md").read_text()
    rows = set(re.findall(r"\b[2-5]\d\d\b", " ".join(re.findall(r"^\| (\d[\d, ]*) \|", page, flags=re.MULTILINE))))
    assert rows == {*EVENTS["responses"], "404", "405"}


def test_every_form_is_described() -> None:
    assert set(EVENTS["requestBody"]["content"]) == set(FORMS)


@given(said=any_fact)
def test_any_fact_of_ours_is_one_by_the_document(said: AnyFact) -> None:
    fact = msgspec.to_builtins(said)
    assert FACT.is_valid(fact)
    assert CLOUD_EVENT.is_valid(as_event(fact, attributes=True))
    assert CLOUD_EVENT.is_valid(as_event(fact, attributes=False))


@pytest.mark.parametrize("name", ["specversion", "type", "source", "id", "time", "subject", "data"])
def test_an_event_that_lacks_what_it_needs_is_none_by_the_document(name: str) -> None:
    assert CLOUD_EVENT.is_valid(EVENT)
    assert not CLOUD_EVENT.is_valid(without(EVENT, name))
    assert not CLOUD_EVENT.is_valid(EVENT | {name: None})
