"""The embedded log does what the log in memory does, whatever is asked of both."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.embedded.log import EmbeddedLog
from streams.log import Log, LogError, Outgoing, ShutOut, Spot, TopicSpec, Writer
from tests.runtime.fake_log import FakeLog

SPECS = (
    TopicSpec("facts", "facts"),
    TopicSpec("one", "one partition", sharded=False),
    TopicSpec("table", "a table", compact=True),
    TopicSpec("late", "compacted later", compact=True, lag_ms=1),
)
SPOTS = [Spot("facts", 0), Spot("facts", 1), Spot("one", 0), Spot("table", 0), Spot("table", 1), Spot("late", 0)]
NAMES = ("shard-0", "shard-1")

records = st.builds(
    lambda spot, key, value: Outgoing(spot.topic, spot.partition, key, value),
    st.sampled_from(SPOTS),
    st.sampled_from([b"a", b"b"]),
    st.sampled_from([b"1", b"2", None]),
)
positions = st.dictionaries(st.sampled_from(SPOTS), st.integers(0, 9), max_size=2)
appends = st.tuples(st.just("append"), st.lists(records, max_size=6))
takes = st.tuples(st.just("take"), st.sampled_from(NAMES))
commits = st.tuples(st.just("commit"), st.integers(0, 3), st.lists(records, max_size=6), positions)
Step = tuple[str, list[Outgoing]] | tuple[str, str] | tuple[str, int, list[Outgoing], dict[Spot, int]]


class User:
    """Does the same to either log, and notes what comes of it."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._writers: list[Writer] = []
        self.noted: list[object] = []

    async def do(self, step: Step) -> None:
        match step:
            case "append", list(told):
                self.noted.append(await self._log.append(told))
            case "take", str(name):
                self._writers.append(await self._log.writer(name))
            case _, int(which), list(told), dict(places) if self._writers:
                self.noted.append(await self._commit(self._writers[which % len(self._writers)], told, places))

    async def _commit(self, writer: Writer, told: Sequence[Outgoing], places: Mapping[Spot, int]) -> str:
        try:
            await writer.commit(told, places)
        except ShutOut:
            return "shut out"
        return "done"

    async def everything(self) -> object:
        """All that can be read, with ends and positions."""
        # A table's records come in any order.
        read = [
            sorted(record[2:3] + record[4:] for record in chunk)
            for spot in SPOTS
            async for chunk in self._log.read(spot)
        ]
        return read, await self._log.ends(SPOTS), await self._log.committed(SPOTS), self.noted


@settings(max_examples=60, deadline=None)
@given(st.lists(appends | takes | commits, max_size=25))
def test_the_embedded_log_and_the_log_in_memory_never_differ(steps: list[Step]) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(compare(Path(folder) / "log.db", steps))


async def compare(path: Path, steps: list[Step]) -> None:
    embedded, memory = EmbeddedLog(path), FakeLog()
    await embedded.start()
    for log in (embedded, memory):
        assert await log.declare(SPECS, 2) == 2
    one, other = User(embedded), User(memory)
    for step in steps:
        await one.do(step)
        await other.do(step)
    assert await one.everything() == await other.everything()
    await embedded.stop()


def test_both_refuse_what_was_not_declared() -> None:
    async def refused(log: Log) -> None:
        await log.declare(SPECS, 2)
        writer = await log.writer("shard-0")
        with_unknown = [Outgoing("facts", 0, b"k", b"v"), Outgoing("unknown", 0, b"k", b"v")]
        try:
            await writer.commit(with_unknown, {})
        except LogError:
            assert await log.ends([Spot("facts", 0)]) == {Spot("facts", 0): 0}
            return
        raise AssertionError("an undeclared topic was written")

    async def both() -> None:
        with TemporaryDirectory() as folder:
            embedded = EmbeddedLog(Path(folder) / "log.db")
            await embedded.start()
            await refused(embedded)
            await embedded.stop()
        await refused(FakeLog())

    asyncio.run(both())
