"""Batches on a real Kafka: exactly from the opened position, in order, committed records only."""

import asyncio
import random
from functools import partial

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from faust.types import TP

from streams.batches import Batch
from streams.kafka.log import KafkaLog
from streams.log import LogError, Outgoing, Spot, TopicSpec
from tests.streams.kafka.members import Member, member, until


@pytest.fixture
async def topic(log: KafkaLog, unique: str) -> str:
    spec = TopicSpec(f"{unique}.facts", "facts")
    await log.declare([spec], 2)
    return spec.name


async def fill(log: KafkaLog, topic: str, count: int, partitions: int = 2) -> None:
    await log.append([Outgoing(topic, p, b"k", b"%d" % i) for p in range(partitions) for i in range(count)])


async def delete_before(kafka: str, topic: str, offset: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.delete_records({TopicPartition(topic, 0): RecordsToDelete(before_offset=offset)})
    await admin.close()


async def test_batches_begin_exactly_at_the_opened_position(log: KafkaLog, kafka: str, unique: str, topic: str) -> None:
    await fill(log, topic, 5000)
    async with member(kafka, unique, [topic]) as worker:
        await worker.flowing(2)
        await worker.consumer.open_partitions({TP(topic, 0): 1234}, 7)
        await until(lambda: len(worker.offsets(TP(topic, 0), 7)) >= 3766)
        await fill(log, topic, 10)
        await until(lambda: len(worker.offsets(TP(topic, 0), 7)) >= 3776)
    assert worker.offsets(TP(topic, 0), 7) == list(range(1234, 5010))
    assert {b.partition for b in worker.batches} == {0}  # the other was not opened
    assert max(len(b.records) for b in worker.batches) == 2000


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
async def test_what_others_compressed_by_any_codec_is_read(
    log: KafkaLog, kafka: str, unique: str, topic: str, codec: str
) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka, compression_type=codec, max_batch_size=100_000)
    await producer.start()
    batch = producer.create_batch()
    for n in range(1000):
        batch.append(key=b"k", value=b"fact %d" % n, timestamp=None)
    await (await producer.send_batch(batch, topic, partition=0))
    await producer.stop()
    async with member(kafka, unique, [topic]) as worker:
        await worker.flowing(2)
        await worker.consumer.open_partitions({TP(topic, 0): 0}, 1)
        await until(lambda: len(worker.offsets(TP(topic, 0), 1)) >= 1000)
    assert [r.value for b in worker.batches for r in b.records] == [b"fact %d" % n for n in range(1000)]


async def test_a_partition_opened_again_starts_anew_and_the_other_goes_on(
    log: KafkaLog, kafka: str, unique: str, topic: str
) -> None:
    await fill(log, topic, 30_000)
    zero, one = TP(topic, 0), TP(topic, 1)
    async with member(kafka, unique, [topic]) as worker:
        await worker.flowing(2)
        await worker.consumer.open_partitions({zero: 0, one: 0}, 1)
        for opening, position in ((2, 500), (3, 20_000), (4, 3)):
            await until(partial(has_begun, worker, zero, opening - 1))
            await worker.consumer.open_partitions({zero: position}, opening)
        await until(lambda: len(worker.offsets(zero, 4)) == 29_997 and len(worker.offsets(one, 1)) == 30_000)
    for opening, position in ((1, 0), (2, 500), (3, 20_000)):
        seen = worker.offsets(zero, opening)
        assert seen == list(range(position, position + len(seen)))
    assert worker.offsets(zero, 4) == list(range(3, 30_000))
    assert worker.offsets(one, 1) == list(range(30_000))


async def test_a_held_partition_waits_and_goes_on_where_it_was(
    log: KafkaLog, kafka: str, unique: str, topic: str
) -> None:
    await fill(log, topic, 60_000)
    zero, one = TP(topic, 0), TP(topic, 1)
    holds: list[int] = []

    def hold(batch: Batch) -> None:
        if batch.partition == 0:
            worker.consumer.hold_partitions({zero})
            holds.append(batch.records[-1].offset)

    async with member(kafka, unique, [topic]) as worker:
        await worker.flowing(2)
        worker.react = hold
        await worker.consumer.open_partitions({zero: 0, one: 0}, 1)
        await until(lambda: len(worker.offsets(one, 1)) == 60_000 and has_begun(worker, zero, 1))
        assert len(worker.offsets(zero, 1)) <= 9 * 2000  # no more than the agent and its queue held by then
        while len(worker.offsets(zero, 1)) < 60_000:
            seen = len(holds)
            worker.consumer.release_partitions({zero, TP("unknown", 0)})
            await until(partial(grown, holds, seen))
        assert len(holds) > 3
        await fill(log, topic, 100)
        await until(lambda: len(worker.offsets(one, 1)) == 60_100)
        assert len(worker.offsets(zero, 1)) == 60_000
        worker.consumer.release_partitions({zero})
        await until(lambda: len(worker.offsets(zero, 1)) == 60_100)
    assert worker.offsets(zero, 1) == list(range(60_100))
    assert worker.offsets(one, 1) == list(range(60_100))


def has_begun(worker: Member, tp: TP, opening: int) -> bool:
    return bool(worker.offsets(tp, opening))


def grown(values: list[int], length: int) -> bool:
    return len(values) > length


async def test_a_closed_partition_gives_nothing_more(log: KafkaLog, kafka: str, unique: str, topic: str) -> None:
    await fill(log, topic, 100)
    zero, one = TP(topic, 0), TP(topic, 1)
    async with member(kafka, unique, [topic]) as worker:
        await worker.flowing(2)
        await worker.consumer.open_partitions({zero: 0, one: 0}, 1)
        await until(lambda: len(worker.offsets(zero, 1)) == 100)
        worker.consumer.close_partitions({zero})
        worker.consumer.release_partitions({zero})
        await fill(log, topic, 100)
        await until(lambda: len(worker.offsets(one, 1)) == 200)
        assert len(worker.offsets(zero, 1)) == 100


async def test_records_of_aborted_and_of_open_transactions_are_not_handed_out(
    log: KafkaLog, kafka: str, unique: str, topic: str
) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=f"{unique}-x")
    await producer.start()
    async with member(kafka, unique, [topic]) as worker:
        await worker.flowing(2)
        await worker.consumer.open_partitions({TP(topic, 0): 0, TP(topic, 1): 0}, 1)
        for value, committed in ((b"a", True), (b"b", False), (b"c", True), (b"d", False)):
            await producer.begin_transaction()
            await producer.send_and_wait(topic, value, partition=0)
            await (producer.commit_transaction() if committed else producer.abort_transaction())
        await producer.begin_transaction()
        await producer.send_and_wait(topic, b"open", partition=0)
        await log.append([Outgoing(topic, 1, None, b"plain")])
        await until(lambda: worker.values(TP(topic, 0)) == [b"a", b"c"] and worker.values(TP(topic, 1)) == [b"plain"])
        await producer.commit_transaction()
        await until(lambda: worker.values(TP(topic, 0)) == [b"a", b"c", b"open"])
    await producer.stop()
    assert worker.offsets(TP(topic, 0), 1) == [0, 4, 8]


async def test_a_position_that_the_log_does_not_hold_is_refused_loudly(
    log: KafkaLog, kafka: str, unique: str, topic: str
) -> None:
    await fill(log, topic, 100)
    await delete_before(kafka, topic, 40)
    async with member(kafka, unique, [topic]) as worker:
        await worker.flowing(2)
        with pytest.raises(LogError, match=r"\[0\] holds 40 to 100, but 39 is to be read next: older records were"):
            await worker.consumer.open_partitions({TP(topic, 0): 39}, 1)
        with pytest.raises(LogError, match=r"\[1\] holds 0 to 100, but 101 is to be read next: the topic was created"):
            await worker.consumer.open_partitions({TP(topic, 1): 101}, 1)
        await worker.consumer.open_partitions({TP(topic, 0): 40, TP(topic, 1): 100}, 2)
        await until(lambda: len(worker.offsets(TP(topic, 0), 2)) == 60)
    assert {b.opening for b in worker.batches} == {2}


async def test_faust_commits_nothing(log: KafkaLog, kafka: str, unique: str, topic: str) -> None:
    await fill(log, topic, 5000)
    async with member(kafka, unique, [topic]) as worker:
        await worker.flowing(2)
        await worker.consumer.open_partitions({TP(topic, 0): 0, TP(topic, 1): 0}, 1)
        await until(lambda: sum(len(b.records) for b in worker.batches) == 10_000)
        assert not await worker.consumer.commit()
        assert not any(worker.consumer._acked.values())  # what agents acknowledged is forgotten, it would only grow
    assert await log.committed([Spot(topic, 0), Spot(topic, 1)]) == {}


async def test_what_is_not_assigned_is_ignored(log: KafkaLog, kafka: str, unique: str, topic: str) -> None:
    await fill(log, topic, 10)
    async with member(kafka, unique, [topic]) as worker:
        await worker.flowing(2)
        await worker.consumer.open_partitions({TP("elsewhere", 0): 5, TP(topic, 9): 5, TP(topic, 1): 5}, 1)
        await until(lambda: worker.offsets(TP(topic, 1), 1) == [5, 6, 7, 8, 9])


async def test_a_log_that_lost_what_is_to_be_read_next_ends_the_worker(
    log: KafkaLog, kafka: str, unique: str, topic: str
) -> None:
    await fill(log, topic, 100)
    async with member(kafka, unique, [topic]) as worker:
        await worker.flowing(2)
        await worker.consumer.open_partitions({TP(topic, 0): 0, TP(topic, 1): 0}, 1)
        await until(lambda: len(worker.offsets(TP(topic, 0), 1)) == 100)
        await delete_before(kafka, topic, 40)
        # As if the records had been deleted just after the position was found to be good.
        await worker.consumer._thread.open({TP(topic, 0): (10, worker.consumer._openings[TP(topic, 0)].serial)})
        await until(lambda: bool(worker.app.crashed))
    assert worker.offsets(TP(topic, 0), 1) == list(range(100))


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_is_opened_held_and_closed_every_opening_is_gapless(
    log: KafkaLog, kafka: str, unique: str, topic: str, seed: int
) -> None:
    await fill(log, topic, 40_000)
    draw, tps = random.Random(seed), [TP(topic, 0), TP(topic, 1)]
    opened: dict[tuple[TP, int], int] = {}
    async with member(kafka, unique, [topic]) as worker:
        await worker.flowing(2)
        flow = worker.consumer
        for number in range(1, 80):
            tp = draw.choice(tps)
            match draw.choice(("open", "hold", "release", "close")):
                case "open":
                    opened[tp, number] = draw.randrange(40_000)
                    await flow.open_partitions({tp: opened[tp, number]}, number)
                    if draw.random() < 0.5:
                        await until(partial(has_begun, worker, tp, number))
                case "hold":
                    flow.hold_partitions({tp})
                case "release":
                    flow.release_partitions({tp})
                case "close":
                    flow.close_partitions({tp})
            for _ in range(draw.randrange(300)):  # lets some of it happen
                await asyncio.sleep(0)
        await flow.open_partitions(dict.fromkeys(tps, 100), 99)
        await until(lambda: all(len(worker.offsets(tp, 99)) == 39_900 for tp in tps))
    opened |= {(tp, 99): 100 for tp in tps}
    for (tp, number), position in opened.items():
        seen = worker.offsets(tp, number)
        assert seen == list(range(position, position + len(seen)))
    for partition in (0, 1):
        numbers = [batch.opening for batch in worker.batches if batch.partition == partition]
        assert numbers == sorted(numbers)
    assert len({batch.opening for batch in worker.batches}) > 3
