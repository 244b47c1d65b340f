"""A fact as requests say it, one function for each form: headers and body."""

import base64
import json
from typing import Any
from urllib.parse import quote

Request = tuple[list[tuple[str, str]], bytes]

TYPES = {
    "activity": ("com.quotaflow.activity.v1", "performer"),
    "meeting_changed": ("com.quotaflow.meeting.v1", "meeting"),
    "deal_changed": ("com.quotaflow.deal.v1", "deal"),
}
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "type": "com.quotaflow.activity.v1",
    "id": "e-1",
    "source": "phone",
    "time": "2017-03-01T12:00:00+01:00",
    "subject": "anna",
    "data": {"activity": "call_placed"},
}
"""The same fact as an event."""


def request(content_type: str, said: Any, *headers: tuple[str, str]) -> Request:
    """What is said as JSON, or as the bytes that it is."""
    return [("Content-Type", content_type), *headers], said if isinstance(said, bytes) else json.dumps(said).encode()


def without(said: dict[str, Any], *names: str) -> dict[str, Any]:
    """The rest of it."""
    return {name: value for name, value in said.items() if name not in names}


def as_event(fact: dict[str, Any], *, attributes: bool) -> dict[str, Any]:
    """A fact as an event, its time and entity in `attributes` or in the data."""
    kind, subject = TYPES[fact["type"]]
    event = {"specversion": "1.0", "type": kind, "id": fact["id"], "source": fact["source"]}
    data = without(fact, "type", "id", "source")
    if attributes:
        event |= {"time": data.pop("occurred_at"), "subject": data.pop(subject)}
    return event | {"data": data}


def plain(fact: Any) -> Request:
    """One of our own facts, or a list of them."""
    return request("application/json", fact)


def lines(*facts: Any) -> Request:
    """Our own facts, one a line."""
    return request("application/x-ndjson", b"\n".join(json.dumps(fact).encode() for fact in facts))


def structured(event: Any) -> Request:
    """An event in the JSON format."""
    return request("application/cloudevents+json; charset=utf-8", event)


def in_base64(event: dict[str, Any]) -> Request:
    """The same with its data packed."""
    packed = base64.b64encode(json.dumps(event["data"]).encode()).decode()
    return structured(without(event, "data") | {"data_base64": packed})


def batch(*events: Any) -> Request:
    """Events in a list."""
    return request("application/cloudevents-batch+json", list(events))


def binary(event: dict[str, Any]) -> Request:
    """An event in headers, its data being the body."""
    headers = [(f"ce-{name}", quote(value, safe="")) for name, value in without(event, "data").items()]
    return request("application/json", event["data"], *headers)
