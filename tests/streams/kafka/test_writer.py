"""A flush on a real Kafka is all or nothing, and only the last owner's flushes count."""

import asyncio

import pytest

from streams.kafka.log import KafkaLog
from streams.log import FlushUnknown, LogError, Outgoing, Record, ShutOut, Spot, TopicSpec


@pytest.fixture
async def facts(log: KafkaLog, unique: str) -> str:
    topic = TopicSpec(f"{unique}.facts", "facts")
    await log.declare([topic], 4)
    return topic.name


async def values(log: KafkaLog, topic: str) -> list[bytes | None]:
    found: list[Record] = []
    for partition in range(4):
        found += [record async for chunk in log.read(Spot(topic, partition)) for record in chunk]
    return [record.value for record in found]


def flush(topic: str, name: str, count: int = 8) -> list[Outgoing]:
    return [Outgoing(topic, i % 4, b"k%d" % i, f"{name}-{i}".encode()) for i in range(count)]


async def test_a_flush_stores_records_and_positions_together(log: KafkaLog, facts: str) -> None:
    writer = await log.writer("0")
    spots = [Spot(facts, 0), Spot(facts, 3)]
    assert await log.committed(spots) == {}
    await writer.commit(flush(facts, "a", 2000), {spots[0]: 17})
    await writer.commit(flush(facts, "b"), {spots[0]: 19})
    assert len(await values(log, facts)) == 2008
    assert await log.committed(spots) == {spots[0]: 19}
    await writer.close()


async def test_a_flush_of_positions_alone_and_an_empty_one_are_fine(log: KafkaLog, facts: str) -> None:
    writer = await log.writer("0")
    await writer.commit([], {})
    await writer.commit([], {Spot(facts, 1): 5})
    await writer.close()
    assert await log.committed([Spot(facts, 1)]) == {Spot(facts, 1): 5}


async def test_a_flush_larger_than_a_batch_arrives_whole_and_in_order(log: KafkaLog, facts: str) -> None:
    writer = await log.writer("0")
    sent = [Outgoing(facts, 0, b"k", b"%06d" % i + b"x" * 1000) for i in range(3000)]
    await writer.commit(sent, {})
    await writer.close()
    assert await values(log, facts) == [r.value for r in sent]


async def test_a_later_writer_shuts_the_earlier_one_out_and_nothing_of_it_is_seen(log: KafkaLog, facts: str) -> None:
    first = await log.writer("0")
    await first.commit(flush(facts, "first"), {Spot(facts, 0): 1})
    second = await log.writer("0")
    with pytest.raises(ShutOut):
        await first.commit(flush(facts, "zombie"), {Spot(facts, 0): 99})
    await second.commit(flush(facts, "second"), {})
    found = {(value or b"").split(b"-")[0] for value in await values(log, facts)}
    assert found == {b"first", b"second"}
    assert await log.committed([Spot(facts, 0)]) == {Spot(facts, 0): 1}
    with pytest.raises(FlushUnknown):
        await first.commit(flush(facts, "zombie"), {})
    await second.close()


async def test_a_writer_shut_out_in_the_middle_of_a_flush_leaves_nothing(log: KafkaLog, facts: str) -> None:
    first = await log.writer("0")
    await first._producer.begin_transaction()
    batch = first._producer.create_batch()
    batch.append(key=b"k", value=b"open", timestamp=None)
    await (await first._producer.send_batch(batch, facts, partition=0))
    second = await log.writer("0")
    await second.commit([Outgoing(facts, 0, b"k", b"second")], {})
    async with asyncio.timeout(20):
        assert await values(log, facts) == [b"second"]
    await first.close()
    await second.close()


async def test_a_flush_of_positions_alone_meets_the_later_writer_too(log: KafkaLog, facts: str) -> None:
    first = await log.writer("0")
    second = await log.writer("0")
    with pytest.raises(ShutOut):
        await first.commit([], {Spot(facts, 0): 9})
    await second.close()
    assert await log.committed([Spot(facts, 0)]) == {}


async def test_writers_of_different_shards_do_not_disturb_one_another(log: KafkaLog, facts: str) -> None:
    writers = [await log.writer(str(n)) for n in range(4)]
    await asyncio.gather(*(w.commit(flush(facts, f"w{n}"), {Spot(facts, n): n}) for n, w in enumerate(writers)))
    await asyncio.gather(*(w.close() for w in writers))
    assert len(await values(log, facts)) == 32
    assert await log.committed(Spot(facts, n) for n in range(4)) == {Spot(facts, n): n for n in range(4)}


async def test_one_refused_batch_aborts_all_of_the_flush(log: KafkaLog, kafka: str, facts: str, unique: str) -> None:
    # Declared through another log, so that only the broker can refuse the record without a key.
    table = TopicSpec(f"{unique}.table", "table", compact=True)
    other = KafkaLog(kafka, unique)
    await other.start()
    await other.declare([table], 4)
    await other.stop()
    writer = await log.writer("0")
    with pytest.raises(FlushUnknown):
        await writer.commit([*flush(facts, "doomed"), Outgoing(table.name, 0, None, b"v")], {Spot(facts, 0): 3})
    async with asyncio.timeout(5):  # at once, not when the broker times the transaction out
        assert await values(log, facts) == []
    assert await log.committed([Spot(facts, 0)]) == {}
    with pytest.raises(FlushUnknown, match="is of no use since"):
        await writer.commit(flush(facts, "later"), {})


async def test_what_cannot_be_sent_is_refused_before_and_the_writer_stays_good(
    log: KafkaLog, facts: str, unique: str
) -> None:
    table = TopicSpec(f"{unique}.table", "table", compact=True)
    await log.declare([table], 4)
    writer = await log.writer("0")
    for bad in (Outgoing(table.name, 0, None, b"v"), Outgoing(facts, 0, b"k", b"v" * 3_000_000)):
        with pytest.raises(LogError) as raised:
            await writer.commit([*flush(facts, "x"), bad], {})
        assert type(raised.value) is LogError
    await writer.commit(flush(facts, "good"), {})
    await writer.close()
    assert len(await values(log, facts)) == 8


async def test_a_cancelled_flush_is_unknown_and_its_writer_void(log: KafkaLog, facts: str) -> None:
    writer = await log.writer("0")
    await writer.commit(flush(facts, "before"), {})
    flushing = asyncio.create_task(writer.commit(flush(facts, "cancelled", 40_000), {Spot(facts, 0): 7}))
    await asyncio.wait({flushing}, timeout=0.02)  # long enough to begin, too short for 40,000 records
    flushing.cancel()
    with pytest.raises(FlushUnknown):
        await flushing
    with pytest.raises(FlushUnknown):
        await writer.commit(flush(facts, "after"), {})
    successor = await log.writer("0")
    async with asyncio.timeout(10):
        found = await values(log, facts)
    assert len(found) in {8, 40_008}  # all or nothing
    assert await log.committed([Spot(facts, 0)]) == ({} if len(found) == 8 else {Spot(facts, 0): 7})
    await successor.close()


async def test_closing_shuts_nobody_out(log: KafkaLog, facts: str) -> None:
    first = await log.writer("0")
    second = await log.writer("0")
    await first.close()
    await second.commit(flush(facts, "second"), {})
    await second.close()
    assert len(await values(log, facts)) == 8
