"""Topics on Kafka: what a specification means to the broker, and what an existing topic must not contradict."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import NoError, TopicAlreadyExistsError, for_code

from streams.log import LogError, Spot, TopicSpec

POLL_SECONDS = 0.1
POLICY = "cleanup.policy"


Answered = Callable[[Sequence[Spot]], Awaitable[object]]
"""Returns once the leaders of these have answered for them."""


async def declare(
    admin: AIOKafkaAdminClient,
    specs: Sequence[TopicSpec],
    shards: int,
    replication: int,
    answered: Answered | None = None,
) -> int:
    """Creates what is missing and gives the number of shards; raises LogError where existing topics disagree."""
    by_name = {spec.name: spec for spec in specs}
    existing = {name: count for name, (count, _) in (await _partitions(admin, by_name)).items()}
    shards = _shards(by_name, existing, shards)
    await _check_policies(admin, [by_name[name] for name in existing])
    missing = [spec for spec in specs if spec.name not in existing]
    await _create(admin, missing, shards, replication)
    await _until_served(admin, by_name, shards)
    if answered is not None:
        # A broker is named as leader seconds before it is one where it has a thousand partitions to begin.
        await answered([Spot(spec.name, p) for spec in missing for p in range(shards if spec.sharded else 1)])
    return shards


def configuration(spec: TopicSpec) -> dict[str, str]:
    """The topic's settings on the broker."""
    return {
        POLICY: "compact" if spec.compact else "delete",
        "retention.ms": str(spec.retention_ms),
        "min.compaction.lag.ms": str(spec.lag_ms),
        **({"message.timestamp.type": "LogAppendTime"} if spec.own_time else {}),
    }


async def _partitions(admin: AIOKafkaAdminClient, names: Iterable[str]) -> dict[str, tuple[int, int]]:
    """How many partitions each topic has that exists, and how many of them have a leader at this moment."""
    found: dict[str, tuple[int, int]] = {}
    for topic in await admin.describe_topics(sorted(names)):
        if for_code(topic["error_code"]) is NoError:
            leaders = [partition["leader"] for partition in topic["partitions"]]
            found[topic["topic"]] = len(leaders), sum(1 for leader in leaders if leader >= 0)
    return found


def _shards(specs: Mapping[str, TopicSpec], existing: Mapping[str, int], wanted: int) -> int:
    for name, count in existing.items():
        if not specs[name].sharded and count != 1:
            raise LogError(f"topic {name} must have one partition but has {count}: delete it, or use another broker")
    counts = {name: count for name, count in existing.items() if specs[name].sharded}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
        raise LogError(
            f"topics must have equal numbers of partitions, one per shard, but have: {listed}. "
            "Delete those that are wrong, or use another broker"
        )
    return next(iter(counts.values()), wanted)


async def _check_policies(admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec]) -> None:
    """Raises LogError for a topic that forgets what it must keep, for example one that the broker created by itself."""
    if not specs:
        return
    asked = [ConfigResource(ConfigResourceType.TOPIC, spec.name, {POLICY: ""}) for spec in specs]
    policies = {
        name: dict(_named_values(settings)).get(POLICY, "")
        for response in await admin.describe_configs(asked)
        for _, _, _, name, settings in response.resources
    }
    for spec in specs:
        policy = policies.get(spec.name, "")
        if spec.compact != ("compact" in policy):
            wanted = configuration(spec)[POLICY]
            raise LogError(f"topic {spec.name} has {POLICY}={policy} but needs {wanted}: alter its configuration")


def _named_values(settings: Iterable[Sequence[Any]]) -> Iterable[tuple[str, str]]:
    return ((setting[0], setting[1]) for setting in settings)


async def _create(admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec], shards: int, replication: int) -> None:
    if not specs:
        return
    response = await admin.create_topics(
        [
            NewTopic(spec.name, shards if spec.sharded else 1, replication, topic_configs=configuration(spec))
            for spec in specs
        ]
    )
    for name, code, text in response.topic_errors:
        error = for_code(code)
        # Another process that starts at the same moment may have been first.
        if error not in {NoError, TopicAlreadyExistsError}:
            raise LogError(f"topic {name} could not be created: {text or error.__name__}")


async def _until_served(admin: AIOKafkaAdminClient, specs: Mapping[str, TopicSpec], shards: int) -> None:
    """Returns once every partition has a leader, so that the first record finds one."""
    while True:
        found = await _partitions(admin, specs)
        if _shards(specs, {name: count for name, (count, _) in found.items()}, shards) != shards:
            raise LogError(f"topics were created with another number of partitions than {shards} at this moment: retry")
        if len(found) == len(specs) and all(count == served for count, served in found.values()):
            return
        await asyncio.sleep(POLL_SECONDS)
