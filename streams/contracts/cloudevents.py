"""A CloudEvent as the gateway takes it, as a JSON Schema: an envelope for each kind of fact, made from the fact's."""

from streams.contracts.openapi import Json, ref
from streams.gateway.cloudevents import KINDS, Kind

ATTRIBUTES = ("type", "id", "source")
"""Fields of a fact that are the event's, whatever its data say."""


def schemas(facts: dict[str, Json]) -> dict[str, Json]:
    """The schemas of events and of their data, given those of the facts by name."""
    named = {_kind(schema): (name, schema) for name, schema in facts.items() if "type" in schema["properties"]}
    found: dict[str, Json] = {}
    for word, kind in KINDS.items():
        name, fact = named[kind.type]
        found[f"{name}Data"] = _data(name, kind, fact)
        found[f"{name}Event"] = _event(name, word, kind, fact)
    return found | {"CloudEvent": {"anyOf": [ref(f"{named[kind.type][0]}Event") for kind in KINDS.values()]}}


def _kind(fact: Json) -> str:
    return str(fact["properties"]["type"]["enum"][0])


def _needed(kind: Kind, fact: Json) -> list[str]:
    """What the data alone can say."""
    return [name for name in fact["required"] if name not in (*ATTRIBUTES, "occurred_at", kind.subject)]


def _data(name: str, kind: Kind, fact: Json) -> Json:
    said: Json = {
        "title": f"{name}Data",
        "description": f"The fields of a {name} that are no attributes of the event.",
        "type": "object",
        "properties": {field: schema for field, schema in fact["properties"].items() if field not in ATTRIBUTES},
    }
    return said | ({"required": needed} if (needed := _needed(kind, fact)) else {})


def _event(name: str, word: str, kind: Kind, fact: Json) -> Json:
    fields, needed = fact["properties"], _needed(kind, fact)
    data = ref(f"{name}Data")
    return {
        "title": f"{name}Event",
        "description": f"A CloudEvent 1.0 whose data are a {name}. Instead of `data` there may be `data_base64`.",
        "type": "object",
        "required": ["specversion", "type", "source", "id", *(["data"] if needed else [])],
        "properties": {
            "specversion": {"const": "1.0"},
            "type": {"type": "string", "pattern": rf"^(com\.quotaflow|.+\.sales)\.{word}\.v1$"},
            "source": fields["source"],
            "id": fields["id"],
            "subject": _nullable(fields[kind.subject]),
            "time": _nullable(fields["occurred_at"]),
            "datacontenttype": {"enum": ["application/json", "text/json", None]},
            "data": data if needed else {"anyOf": [data, {"type": "null"}]},
        },
        "allOf": [_either("time", "occurred_at"), _either("subject", kind.subject)],
    }


def _nullable(schema: Json) -> Json:
    return {"anyOf": [schema, {"type": "null"}]}


def _either(attribute: str, field: str) -> Json:
    """The one is said, or the other."""
    in_data = {"type": "object", "required": [field]}
    return {
        "anyOf": [
            {"required": [attribute], "properties": {attribute: {"type": "string"}}},
            {"required": ["data"], "properties": {"data": in_data}},
        ]
    }
