"""The log on a real Kafka: declared, appended to, read to the end and followed."""

import asyncio
import time
from contextlib import aclosing

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from streams.kafka.log import KafkaLog
from streams.log import LogError, Outgoing, Record, Spot, TopicSpec


async def all_of(log: KafkaLog, spot: Spot, start: int = 0, end: int | None = None) -> list[Record]:
    return [record async for chunk in log.read(spot, start, end) for record in chunk]


async def create(kafka: str, name: str, partitions: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(name, partitions, 1)])
    await admin.close()


async def test_declared_topics_have_their_partitions_and_a_second_declaration_changes_nothing(
    log: KafkaLog, unique: str
) -> None:
    specs = [TopicSpec(f"{unique}.facts", "facts"), TopicSpec(f"{unique}.control", "control", sharded=False)]
    assert await log.declare(specs, 3) == 3
    assert await log.declare(specs, 8) == 3
    assert await log.ends([Spot(specs[0].name, p) for p in range(3)]) == {Spot(specs[0].name, p): 0 for p in range(3)}
    assert await log.append([Outgoing(specs[1].name, 0, None, b"tick")]) == [0]
    with pytest.raises(LogError, match="has 1 partitions, but records are for"):
        await log.append([Outgoing(specs[1].name, 1, None, b"tick")])


async def test_topics_of_unequal_partition_counts_are_refused_by_name(log: KafkaLog, kafka: str, unique: str) -> None:
    await create(kafka, f"{unique}.a", 2)
    await create(kafka, f"{unique}.b", 5)
    with pytest.raises(LogError, match=rf"{unique}\.a 2, {unique}\.b 5"):
        await log.declare([TopicSpec(f"{unique}.a", ""), TopicSpec(f"{unique}.b", "")], 2)


async def test_an_unsharded_topic_with_several_partitions_is_refused(log: KafkaLog, kafka: str, unique: str) -> None:
    await create(kafka, f"{unique}.control", 2)
    with pytest.raises(LogError, match="must have one partition but has 2"):
        await log.declare([TopicSpec(f"{unique}.control", "", sharded=False)], 2)


async def test_a_table_on_a_topic_that_forgets_is_refused(log: KafkaLog, kafka: str, unique: str) -> None:
    await create(kafka, f"{unique}.table", 2)
    with pytest.raises(LogError, match=r"has cleanup\.policy=delete but needs compact"):
        await log.declare([TopicSpec(f"{unique}.table", "", compact=True)], 2)


async def test_appended_records_are_read_in_order_with_their_offsets(log: KafkaLog, unique: str) -> None:
    topic = TopicSpec(f"{unique}.facts", "facts")
    await log.declare([topic], 2)
    sent = [Outgoing(topic.name, i % 2, b"k%d" % i, b"v" * (i % 50)) for i in range(5000)]
    offsets = await log.append(sent)
    assert offsets == [i // 2 for i in range(5000)]
    read = await all_of(log, Spot(topic.name, 1))
    assert [(r.offset, r.key, r.value) for r in read] == [
        (i // 2, b"k%d" % i, b"v" * (i % 50)) for i in range(1, 5000, 2)
    ]
    middle = await all_of(log, Spot(topic.name, 1), 100, 103)
    assert middle == read[100:103]
    assert await all_of(log, Spot(topic.name, 1), 2500) == []


async def test_of_a_topic_with_its_own_time_the_broker_says_when_it_took_a_record_not_the_producer(
    log: KafkaLog, kafka: str, unique: str
) -> None:
    specs = [TopicSpec(f"{unique}.facts", "facts", own_time=True), TopicSpec(f"{unique}.others", "others")]
    await log.declare(specs, 1)
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    for spec in specs:
        await producer.send_and_wait(spec.name, b"{}", partition=0, timestamp_ms=5)
    await producer.stop()
    (ours,), (theirs,) = [await all_of(log, Spot(spec.name, 0)) for spec in specs]
    assert ours.timestamp > 10**12
    assert theirs.timestamp == 5


async def test_two_appends_at_once_keep_each_its_order(log: KafkaLog, unique: str) -> None:
    topic = TopicSpec(f"{unique}.facts", "facts")
    await log.declare([topic], 1)
    batches = [[Outgoing(topic.name, 0, b"%d" % n, b"%d" % i) for i in range(300)] for n in range(4)]
    offsets = await asyncio.gather(*(log.append(batch) for batch in batches))
    read = {r.offset: r for r in await all_of(log, Spot(topic.name, 0))}
    assert sorted(read) == list(range(1200))
    for batch, found in zip(batches, offsets, strict=True):
        assert [(read[o].key, read[o].value) for o in found] == [(r.key, r.value) for r in batch]


async def test_appending_takes_a_hundred_thousand_small_records_a_second_of_processor_time(
    log: KafkaLog, unique: str
) -> None:
    topic = TopicSpec(f"{unique}.facts", "facts")
    await log.declare([topic], 4)
    records = [Outgoing(topic.name, i % 4, b"deal-%d" % i, b"x" * 100) for i in range(100_000)]
    await log.append(records[:100])
    fastest = 0.0
    for _ in range(3):
        began = time.process_time()  # the clock on the wall also counts the broker and whatever else runs here
        await log.append(records)
        fastest = max(fastest, len(records) / (time.process_time() - began))
    print(f"{fastest:,.0f} records/s")
    assert fastest > 100_000


async def test_an_oversized_record_and_a_missing_key_are_refused_before_anything_is_sent(
    log: KafkaLog, unique: str
) -> None:
    table = TopicSpec(f"{unique}.table", "table", compact=True)
    await log.declare([table], 1)
    good = Outgoing(table.name, 0, b"k", b"v")
    with pytest.raises(LogError, match="has no key, but the topic is compacted"):
        await log.append([good, Outgoing(table.name, 0, None, b"v")])
    with pytest.raises(LogError, match="a record of 2000001 bytes"):
        await log.append([good, Outgoing(table.name, 0, b"k", b"v" * 2_000_000)])
    assert await log.ends([Spot(table.name, 0)]) == {Spot(table.name, 0): 0}


async def test_a_topic_that_is_not_there_is_told(log: KafkaLog, unique: str) -> None:
    with pytest.raises(LogError, match=r"does not know the topic .*absent: declare it first"):
        await log.append([Outgoing(f"{unique}.absent", 0, b"k", b"v")])


async def test_a_failed_append_does_not_spoil_the_next(log: KafkaLog, kafka: str, unique: str) -> None:
    # Not declared here, so that only the broker knows that it is compacted and refuses the record.
    table = TopicSpec(f"{unique}.table", "table", compact=True)
    other = KafkaLog(kafka, unique)
    await other.start()
    await other.declare([table], 1)
    await other.stop()
    with pytest.raises(LogError, match="appending records failed"):
        await log.append([Outgoing(table.name, 0, None, b"v")])
    assert await log.append([Outgoing(table.name, 0, b"k", b"v")]) == [0]


async def test_a_tail_gives_what_is_there_and_what_comes(log: KafkaLog, unique: str) -> None:
    topic = TopicSpec(f"{unique}.facts", "facts")
    await log.declare([topic], 2)
    await log.append([Outgoing(topic.name, p, b"old", b"%d" % i) for p in (0, 1) for i in range(3)])
    seen: list[tuple[int, int, bytes | None]] = []
    async with asyncio.timeout(20), aclosing(log.tail({Spot(topic.name, 0): 1, Spot(topic.name, 1): 0})) as chunks:
        async for chunk in chunks:
            seen += [(r.partition, r.offset, r.key) for r in chunk]
            if len(seen) == 5:
                await log.append([Outgoing(topic.name, 0, b"new", b"3")])
            if len(seen) == 6:
                break
    assert sorted(seen) == [
        (0, 1, b"old"),
        (0, 2, b"old"),
        (0, 3, b"new"),
        (1, 0, b"old"),
        (1, 1, b"old"),
        (1, 2, b"old"),
    ]


async def test_a_read_ends_behind_transaction_markers_and_skips_what_was_aborted(
    log: KafkaLog, kafka: str, unique: str
) -> None:
    topic = TopicSpec(f"{unique}.facts", "facts")
    await log.declare([topic], 1)
    spot = Spot(topic.name, 0)
    producer = AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=f"{unique}-x")
    await producer.start()
    for value, committed in ((b"a", True), (b"b", False), (b"c", True), (b"d", False)):
        await producer.begin_transaction()
        await producer.send_and_wait(topic.name, value, partition=0)
        await (producer.commit_transaction() if committed else producer.abort_transaction())
    await producer.begin_transaction()
    await producer.send_and_wait(topic.name, b"open", partition=0)
    async with asyncio.timeout(20):
        assert [r.value for r in await all_of(log, spot)] == [b"a", b"c"]
        assert await all_of(log, spot, 7) == []  # the last marker alone
        assert await log.ends([spot]) == {spot: 8}  # before the open transaction
    await producer.abort_transaction()
    await producer.stop()


async def test_no_broker_is_told_with_what_to_do() -> None:
    with pytest.raises(LogError, match="Start a broker there, or work without one") as raised:
        await KafkaLog("127.0.0.1:1", "nobody").start()
    assert str(raised.value).count("KafkaConnectionError") == 1


async def test_read_and_tail_begin_at_what_is_still_there(log: KafkaLog, kafka: str, unique: str) -> None:
    topic = TopicSpec(f"{unique}.facts", "facts")
    await log.declare([topic], 1)
    spot = Spot(topic.name, 0)
    await log.append([Outgoing(topic.name, 0, b"k", b"%d" % i) for i in range(10)])
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.delete_records({TopicPartition(topic.name, 0): RecordsToDelete(before_offset=7)})
    await admin.close()
    assert await log.starts([spot]) == {spot: 7}
    assert [r.offset for r in await all_of(log, spot)] == [7, 8, 9]
    async with asyncio.timeout(20), aclosing(log.tail({spot: 0})) as chunks:
        assert [r.offset for r in await anext(chunks)] == [7, 8, 9]


async def test_two_workers_may_declare_at_the_same_moment(log: KafkaLog, kafka: str, unique: str) -> None:
    specs = [TopicSpec(f"{unique}.{n}", "", compact=n % 2 == 0) for n in range(12)]
    other = KafkaLog(kafka, unique)
    declared = await asyncio.gather(log.declare(specs, 3), other.declare(specs, 3))
    assert list(declared) == [3, 3]


async def test_a_topic_keeps_what_its_specification_says(log: KafkaLog, kafka: str, unique: str) -> None:
    spec = TopicSpec(f"{unique}.standings", "", compact=True, retention_ms=5000, lag_ms=604_800_000)
    await log.declare([spec], 2)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, spec.name)])
    await admin.close()
    found = {setting[0]: setting[1] for setting in answer.resources[0][4]}
    assert found["cleanup.policy"] == "compact"
    assert (found["retention.ms"], found["min.compaction.lag.ms"]) == ("5000", "604800000")
