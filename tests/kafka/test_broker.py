"""The broker that other tests stand on: it keeps its word about addresses, data and versions."""

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.kafka import jars
from tests.kafka.broker import Broker, BrokerFailed


async def create_topic(address: str) -> str:
    name = f"broker-test-{uuid.uuid4().hex}"
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()
    return name


async def send(address: str, topic: str, value: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=address, enable_idempotence=True) as producer:
        await producer.send_and_wait(topic, value)


async def first(address: str, topic: str) -> bytes | None:
    async with AIOKafkaConsumer(bootstrap_servers=address, isolation_level="read_committed") as consumer:
        consumer.assign([TopicPartition(topic, 0)])
        await consumer.seek_to_beginning()
        value: bytes | None = (await consumer.getone()).value
        return value


async def test_a_record_sent_to_the_broker_is_read_back(kafka: str) -> None:
    topic = await create_topic(kafka)
    await send(kafka, topic, b"a fact")
    assert await first(kafka, topic) == b"a fact"


async def test_what_was_acknowledged_survives_the_kill_of_the_broker(own_broker: Callable[[], Broker]) -> None:
    broker = own_broker()
    topic = await create_topic(broker.address)
    await send(broker.address, topic, b"before")
    broker.kill()
    broker.start()
    assert await first(broker.address, topic) == b"before"


async def test_a_topic_that_nobody_declared_is_not_invented(kafka: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        described = await admin.describe_topics(["broker-test-undeclared"])
        assert [topic["error_code"] for topic in described] == [3]
        assert "broker-test-undeclared" not in await admin.list_topics()
    finally:
        await admin.close()


def test_settings_that_kafka_refuses_are_reported_with_its_own_words(tmp_path: Path) -> None:
    broker = Broker(tmp_path, settings={"process.roles": "spectator"})
    with pytest.raises(BrokerFailed, match=r"(?s)could not format.*spectator"):
        broker.start()


def test_a_broker_that_ends_while_starting_is_reported_with_its_log(tmp_path: Path) -> None:
    broker = Broker(tmp_path, heap="1k")
    with pytest.raises(BrokerFailed, match=r"(?s)ended with code 1 while starting.*Too small maximum heap"):
        broker.start()


def test_without_java_the_reason_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(jars.NoKafka, match="java is not installed: apt-get install"):
        jars.jars()


def test_jars_that_are_cached_need_no_maven(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "java").write_text("#!/bin/sh\n")
    (tmp_path / "java").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert jars.missing() == "mvn is not installed and Kafka's jars are not cached: apt-get install maven"
    jars.cache().mkdir(parents=True)
    assert jars.jars() == jars.cache()


def test_jars_that_maven_cannot_resolve_leave_no_cache_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for tool in ("java", "mvn"):
        (tmp_path / tool).write_text("#!/bin/sh\necho no such artifact; exit 1\n")
        (tmp_path / tool).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(jars.NoKafka, match="no such artifact"):
        jars.jars()
    assert not jars.cache().exists()
