"""The topics as an AsyncAPI document: what each carries under which key, how long, and who sends and receives it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from streams import topics
from streams.json_schemas import DIALECT, messages
from streams.log import TopicSpec
from streams.topology import Arrow

Json = dict[str, Any]

ASYNCAPI = "3.0.0"
BINDING = "0.5.0"
"""The version of AsyncAPI's Kafka bindings."""
SCHEMA_FORMAT = f"application/schema+json;version=draft-{DIALECT.split('/')[4]}"
ABOUT = """
Every topic of QuotaFlow. Values are JSON; their schemas lie beside this document, in `json`.

A sharded topic has one partition per shard, a number that all of them share and that never changes. Producers of facts
use Kafka's default partitioner (murmur2 of the key). Ticks and plan markers (key `control`) go to every partition, and
nobody but the clock may send them. Nobody but QuotaFlow's shards may send `ActivitiesCorrected` (docs/adr/0011).
Readers read committed records only; consumers pass over fields they do not know.
""".strip()

KEYS: Mapping[str, str] = {
    topics.ACTIVITIES.name: "The performer; of what a shard says of corrections, its sender.",
    topics.MEETINGS.name: "The meeting.",
    topics.DEALS.name: "The deal.",
    topics.CONTROL.name: "`control`.",
    topics.PLAN.name: "`REVISION/KIND/ID`, the revision in eight digits.",
    topics.PROPOSALS.name: "The proposal's number.",
    topics.CREDITS.name: "`SENDER`; the partition is that of the scopes.",
    topics.STANDINGS.name: (
        "`SCOPE|PERIOD` of a standing, `SENDER|inputs`, `SCOPE|wins|DAY`, `baseline`; the partition is the scope's."
    ),
    topics.ALERTS.name: "`FINGERPRINT#NUMBER`; the partition is the scope's.",
    "quota.notifications.v1": "The idempotency key of the message; the partition is the recipient's.",
    topics.DEAD_LETTERS.name: "Where it came from: `TOPIC/PARTITION/OFFSET`, or `FILE:LINE`.",
}
"""What a record's key is. A topic that is not here says so."""

BESIDE: Mapping[str, tuple[str, tuple[TopicSpec, ...], tuple[TopicSpec, ...]]] = {
    "producers": ("Any system that says what was sold.", (), topics.SOURCES),
    "gateway": ("Takes facts over HTTP (openapi/gateway.json).", (), topics.SOURCES),
    "replay": ("Reads exports, and drives time until the log is live.", (), (*topics.SOURCES, topics.CONTROL)),
    "plan-apply": ("Puts a revision of the plan in force.", (topics.PLAN,), (topics.PLAN, topics.CONTROL)),
    "quota-proposals": ("Takes proposed quotas and answers.", (topics.PROPOSALS,), (topics.PROPOSALS,)),
    "dead-letter-replay": ("Sends again what was mended.", (topics.DEAD_LETTERS,), topics.SOURCES),
    "clockwork": ("Says what time it is, in one worker.", (), (topics.CONTROL,)),
    "clock": ("Copies ticks and markers into every source partition.", (topics.CONTROL,), topics.SOURCES),
    "corrections": ("Tells the other shards which activities were corrected in one.", (), (topics.ACTIVITIES,)),
    "quarantine": ("Sets aside what an agent cannot use.", (), (topics.DEAD_LETTERS,)),
    "plan-reader": ("Gives every worker the plan.", (topics.PLAN,), ()),
    "readers": (
        "Commands and services that show what stands.",
        (topics.PLAN, topics.STANDINGS, topics.ALERTS, topics.DEAD_LETTERS),
        (),
    ),
}
"""Who is no arrow of the topology: what it does, what it receives, what it sends."""


def asyncapi(arrows: Sequence[Arrow]) -> Json:
    """The document, given all agents' arrows."""
    return {
        "asyncapi": ASYNCAPI,
        "info": {"title": "QuotaFlow topics", "version": "1", "description": ABOUT},
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {"host": "{broker}", "protocol": "kafka", "variables": {"broker": {"default": "localhost:9092"}}}
        },
        "channels": {spec.name: _channel(spec) for spec in topics.ALL},
        "operations": dict(_operations(arrows)),
        "components": {"messages": {f"{spec.name}.{name}": _message(spec, name) for spec, name in _all_messages()}},
    }


def _all_messages() -> Iterator[tuple[TopicSpec, str]]:
    for spec in topics.ALL:
        for name in messages(spec.name):
            yield spec, name


def _channel(spec: TopicSpec) -> Json:
    carried = {name: {"$ref": f"#/components/messages/{spec.name}.{name}"} for name in messages(spec.name)}
    where = "One partition per shard." if spec.sharded else "One partition."
    return {
        "address": spec.name,
        "title": spec.about,
        "description": f"{where} {_kept(spec)}",
        "messages": carried,
        "bindings": {"kafka": _binding(spec)},
    }


def _kept(spec: TopicSpec) -> str:
    """What of a topic stays."""
    if spec.compact:
        days = spec.lag_ms // (24 * 3600 * 1000)
        return "Of every key the last record is kept" + (f", all of them for {days} days." if days else ".")
    days = spec.retention_ms // (24 * 3600 * 1000)
    return "Records are kept for good." if spec.retention_ms < 0 else f"Records are kept for {days} days."


def _binding(spec: TopicSpec) -> Json:
    settings: Json = {"cleanup.policy": ["compact" if spec.compact else "delete"], "retention.ms": spec.retention_ms}
    more: Json = {"min.compaction.lag.ms": spec.lag_ms} if spec.lag_ms else {}
    more |= {"message.timestamp.type": "LogAppendTime"} if spec.own_time else {}
    one = {} if spec.sharded else {"partitions": 1}
    return {"topic": spec.name, **one, "topicConfiguration": settings | more, "bindingVersion": BINDING}


def _message(spec: TopicSpec, name: str) -> Json:
    key = {"type": "string", "description": KEYS.get(spec.name, "See the topic.")}
    return {
        "name": name,
        "contentType": "application/json",
        "payload": {"schemaFormat": SCHEMA_FORMAT, "schema": {"$ref": f"json/{spec.name}.json#/$defs/{name}"}},
        "bindings": {"kafka": {"key": key, "bindingVersion": BINDING}},
    }


def _operations(arrows: Iterable[Arrow]) -> Iterator[tuple[str, Json]]:
    for arrow in arrows:
        kept = ", ".join(table.name for table in arrow.tables)
        about = f"The agent {arrow.name}" + (f", which keeps {kept}." if kept else ".")
        yield from _spoken(arrow.name, about, (arrow.reads,), arrow.publishes)
    for name, (about, receives, sends) in BESIDE.items():
        yield from _spoken(name, about, receives, sends)


def _spoken(
    name: str, about: str, receives: Iterable[TopicSpec], sends: Iterable[TopicSpec]
) -> Iterator[tuple[str, Json]]:
    for action, specs in (("receive", receives), ("send", sends)):
        for spec in specs:
            channel = {"$ref": f"#/channels/{spec.name}"}
            yield f"{name}.{action}.{spec.name}", {"action": action, "channel": channel, "summary": about}
