"""The embedded log as the protocol promises it, and what is its own: one file, several processes."""

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from streams.embedded.log import EmbeddedLog
from streams.log import LogError, Outgoing, Record, ShutOut, Spot, TopicSpec

FACTS = TopicSpec("facts", "facts")
ONE = TopicSpec("one", "one partition", sharded=False)
TABLE = TopicSpec("table", "a table", compact=True)
LATE = TopicSpec("late", "compacted later", compact=True, lag_ms=1000)
SPECS = (FACTS, ONE, TABLE, LATE)


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[EmbeddedLog]:
    made = EmbeddedLog(tmp_path / "log.db")
    await made.start()
    await made.declare(SPECS, 2)
    yield made
    await made.stop()


async def test_waiting_for_growth_ends_when_it_is_cancelled_in_the_moment_in_which_the_log_grows(
    log: EmbeddedLog,
) -> None:
    waiting = asyncio.create_task(log.growth(log.state))
    for _ in range(5):
        await asyncio.sleep(0)
    log.nudge()
    waiting.cancel()
    done, _ = await asyncio.wait({waiting}, timeout=2)
    assert done == {waiting}
    assert waiting.cancelled()


async def test_a_nudge_ends_a_wait_for_growth_also_when_it_comes_before_the_wait(log: EmbeddedLog) -> None:
    seen = log.state
    waiting = asyncio.create_task(log.growth(seen))
    await asyncio.sleep(0)
    log.nudge()
    async with asyncio.timeout(2):
        await waiting
        await log.growth(seen)


def facts(count: int, partition: int = 0, topic: str = "facts") -> list[Outgoing]:
    return [Outgoing(topic, partition, b"k%d" % (n % 3), b"%d" % n) for n in range(count)]


async def values(
    log: EmbeddedLog, spot: Spot, start: int = 0, end: int | None = None
) -> list[tuple[int, bytes | None]]:
    return [(record.offset, record.value) async for chunk in log.read(spot, start, end) for record in chunk]


async def test_records_come_back_in_the_order_of_their_offsets_in_chunks(log: EmbeddedLog) -> None:
    mixed = [record for pair in zip(facts(5000), facts(5000, 1), strict=True) for record in pair]
    assert await log.append(mixed) == [n // 2 for n in range(10_000)]
    for partition in range(2):
        assert await values(log, Spot("facts", partition)) == [(n, b"%d" % n) for n in range(5000)]
    assert await values(log, Spot("facts", 0), 4990, 4993) == [(n, b"%d" % n) for n in (4990, 4991, 4992)]
    sizes = [len(chunk) async for chunk in log.read(Spot("facts", 0))]
    assert max(sizes) <= 2000
    assert sum(sizes) == 5000


async def test_a_commit_is_all_or_nothing(log: EmbeddedLog) -> None:
    writer = await log.writer("shard-0")
    for records, positions in (
        ([*facts(3), Outgoing("unknown", 0, b"k", b"v")], {Spot("facts", 0): 3}),
        (facts(3), {Spot("facts", 0): 3, Spot("facts", 9): 1}),
        ([*facts(3), Outgoing("table", 0, None, b"v")], {Spot("facts", 0): 3}),
    ):
        with pytest.raises(LogError):
            await writer.commit(records, positions)
    spots = [Spot("facts", 0), Spot("table", 0)]
    assert await log.ends(spots) == dict.fromkeys(spots, 0)
    assert await log.committed(spots) == {}
    await writer.commit(facts(3), {Spot("facts", 0): 2})
    assert await log.committed(spots) == {Spot("facts", 0): 2}


async def test_a_writer_that_was_shut_out_writes_nothing(log: EmbeddedLog) -> None:
    first, other = await log.writer("shard-0"), await log.writer("shard-1")
    second = await log.writer("shard-0")
    with pytest.raises(ShutOut):
        await first.commit(facts(1), {Spot("facts", 0): 1})
    await other.commit(facts(1), {})
    await second.commit(facts(1), {})
    assert await log.ends([Spot("facts", 0)]) == {Spot("facts", 0): 2}
    assert await log.committed([Spot("facts", 0)]) == {}


async def test_a_table_keeps_the_last_value_of_every_key_and_a_late_one_keeps_all(log: EmbeddedLog) -> None:
    for topic in ("table", "late"):
        await log.append([Outgoing(topic, 0, key, value) for key, value in ((b"a", b"1"), (b"b", b"2"), (b"a", b"3"))])
        await log.append([Outgoing(topic, 0, b"b", None), Outgoing(topic, 0, b"c", b"4")])
    assert await values(log, Spot("table", 0)) == [(2, b"3"), (4, b"4")]
    assert await values(log, Spot("late", 0)) == [*enumerate([b"1", b"2", b"3", None, b"4"])]
    assert await log.ends([Spot("table", 0)]) == {Spot("table", 0): 5}


async def test_what_was_read_may_be_forgotten_and_nothing_else(log: EmbeddedLog) -> None:
    writer = await log.writer("shard-0")
    await writer.commit([*facts(9), *facts(9, topic="late"), *facts(9, 1)], {Spot("facts", 0): 6, Spot("late", 0): 6})
    await log.forget({"facts": False, "late": True})
    assert await values(log, Spot("facts", 0)) == [(n, b"%d" % n) for n in (6, 7, 8)]
    assert await values(log, Spot("facts", 1)) == [(n, b"%d" % n) for n in range(9)]  # nobody has read it
    assert await values(log, Spot("late", 0)) == [(n, b"%d" % n) for n in (6, 7, 8)]
    assert await log.starts([Spot("facts", 0), Spot("facts", 1)]) == {Spot("facts", 0): 6, Spot("facts", 1): 0}
    assert await log.ends([Spot("facts", 0)]) == {Spot("facts", 0): 9}


async def test_the_last_record_of_a_key_is_kept_where_only_superseded_ones_may_go(log: EmbeddedLog) -> None:
    writer = await log.writer("shard-0")
    records = [Outgoing("late", 0, key, b"%d" % n) for n, key in enumerate([b"a", b"b", b"a", b"c"])]
    await writer.commit(records, {Spot("late", 0): 4})
    await log.forget({"late": True})
    assert await values(log, Spot("late", 0)) == [(1, b"1"), (2, b"2"), (3, b"3")]


async def test_a_log_keeps_its_number_of_shards_and_everything_else_over_a_restart(log: EmbeddedLog) -> None:
    writer = await log.writer("shard-0")
    await writer.commit(facts(2, 1), {Spot("facts", 1): 1})
    await log.stop()
    again = EmbeddedLog(log.path)
    await again.start()
    later = TopicSpec("later", "new in this version")
    assert await again.declare([later, *SPECS], 7) == 2
    spots = [Spot(topic, shard) for topic in ("facts", "later") for shard in range(7)]
    assert (await again.ends(spots)).keys() == {Spot(topic, shard) for topic in ("facts", "later") for shard in (0, 1)}
    assert await again.committed(spots) == {Spot("facts", 1): 1}
    with pytest.raises(ShutOut):
        await _after(again, writer)
    await again.stop()


async def _after(log: EmbeddedLog, before: object) -> None:
    """A commit of a writer from before the restart, after a new one was made."""
    await log.writer("shard-0")
    name, epoch = getattr(before, "_owner")  # noqa: B009 - whose it was
    await log.transact(facts(1), {}, (name, epoch))


async def test_a_tail_gives_what_is_there_and_then_what_comes_from_whomever(log: EmbeddedLog) -> None:
    await log.append(facts(3))
    other = EmbeddedLog(log.path)
    await other.start()
    seen: list[Record] = []
    async with asyncio.timeout(20):
        async for chunk in log.tail({Spot("facts", 0): 1, Spot("facts", 1): 0}):
            seen += chunk
            if len(seen) == 2:
                await log.append(facts(1, 1))
            if len(seen) == 3:
                await other.append(facts(2, 1))
            if len(seen) == 5:
                break
    await other.stop()
    assert [(record.partition, record.offset) for record in seen] == [(0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]


async def test_two_processes_append_to_one_file_without_losing_or_mixing_anything(log: EmbeddedLog) -> None:
    code = f"""
import asyncio
import sqlite3
import sys
from streams.embedded.log import EmbeddedLog
from streams.log import Outgoing
async def main():
    log = EmbeddedLog({str(log.path)!r})
    await log.start()
    for n in range(60):
        await log.append([Outgoing("facts", 0, b"other", b"%d/%d" % (n, i)) for i in range(5)])
    await log.stop()
asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, cwd=Path(__file__).parents[2])
    own: list[int] = []
    while process.returncode is None and len(own) < 600:
        own += await log.append([Outgoing("facts", 0, b"own", b"%d" % len(own))])
        await asyncio.sleep(0)
    assert await asyncio.wait_for(process.wait(), 60) == 0
    records = [record async for chunk in log.read(Spot("facts", 0)) for record in chunk]
    assert [record.offset for record in records] == list(range(300 + len(own)))
    assert [record.offset for record in records if record.key == b"own"] == own
    others = [record for record in records if record.key == b"other"]
    assert [record.value for record in others] == [b"%d/%d" % (n, i) for n in range(60) for i in range(5)]
    starts = [record.offset for record in others[::5]]
    assert [record.offset for record in others] == [start + i for start in starts for i in range(5)]


def another_database(path: Path, statements: str) -> None:
    database = sqlite3.connect(path)
    database.executescript(statements)
    database.close()


@pytest.mark.parametrize(
    "statements",
    ["CREATE TABLE customers (name TEXT)", "PRAGMA user_version = 7", "CREATE TABLE a (b); PRAGMA user_version = 1"],
)
async def test_another_programs_database_is_refused_and_left_as_it_is(tmp_path: Path, statements: str) -> None:
    path = tmp_path / "other.db"
    another_database(path, statements)
    before = path.read_bytes()
    with pytest.raises(LogError, match=r"other\.db"):
        await EmbeddedLog(path).start()
    assert path.read_bytes() == before


async def test_a_log_of_another_layout_is_refused(log: EmbeddedLog) -> None:
    another_database(log.path, "PRAGMA user_version = 7")
    with pytest.raises(LogError, match="layout 7, this one reads 2"):
        await EmbeddedLog(log.path).start()


async def test_a_disk_without_room_is_told_and_nothing_of_the_transaction_stays(log: EmbeddedLog) -> None:
    await log.append(facts(3))
    pages = log._writer_store().db.execute("PRAGMA page_count").fetchone()[0]
    log._writer_store().db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(
        LogError, match=r"log\.db cannot be used \(database or disk is full\): see that its disk has room"
    ):
        await log.append([Outgoing("facts", 0, b"k", b"x" * 100_000)])
    assert len(await values(log, Spot("facts", 0))) == 3


async def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("to be kept\n" * 1000)
    with pytest.raises(LogError, match=r"notes\.txt is not a QuotaFlow log"):
        await EmbeddedLog(path).start()
    assert path.read_text() == "to be kept\n" * 1000


async def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"the folder of .*nowhere/log\.db does not exist"):
        await EmbeddedLog(tmp_path / "nowhere" / "log.db").start()


async def test_what_is_asked_of_a_log_that_is_not_open_is_refused(log: EmbeddedLog) -> None:
    closed = EmbeddedLog(log.path)
    with pytest.raises(LogError, match="has not been started"):
        await closed.ends([Spot("facts", 0)])
    await log.stop()
    with pytest.raises(LogError, match="has been closed"):
        await log.append(facts(1))


async def test_a_partition_that_nobody_declared_has_no_records(log: EmbeddedLog) -> None:
    for topic in ("facts", "table", "another"):
        assert [record async for chunk in log.read(Spot(topic, 999)) for record in chunk] == []


async def test_a_topic_that_nobody_declared_is_named(log: EmbeddedLog) -> None:
    with pytest.raises(LogError, match=r"no unknown\[3\]"):
        await log.append([Outgoing("unknown", 3, b"k", b"v")])
