"""The protocol with one rule broken each: what the property must find."""

from collections.abc import Sequence
from typing import Any, TypeVar

from msgspec.structs import replace

from schemas.control import PlanMarker, Tick
from schemas.marks import Mark
from streams import tables
from streams.batches import Fetched
from streams.hop import Hop
from streams.log import Log, Outgoing, Spot
from streams.stages.held import Held, Version
from tests.runtime.fake_log import FakeLog
from tests.runtime.world import Owner, Worker

T = TypeVar("T")
TABLES = {table.name for table in tables.ALL} - {tables.MARKS.name}


class CountsAsItComes(Held[T]):
    """A value counts for the next tick, whatever its sender has passed."""

    now = -1

    def install(self, tick: int) -> None:
        self.now = tick
        super().install(tick)

    def say(self, key: str, epoch: int, value: T) -> None:
        super().say(key, self.now, value)

    def come(self, last: int, tick: int) -> list[tuple[str, T | None, T | None]]:
        self.now = tick
        return super().come(last, tick)


class HeldInMemoryOnly(Held[T]):
    """A new owner knows what was said last, but not what an open tick has to see."""

    def load(self, key: str, versions: list[Version[T]]) -> None:
        super().load(key, versions[-1:])


class AtTheEndOfItsBatch(Hop):
    """A tick counts behind everything that was read with it."""

    _behind: tuple[Tick, ...] = ()

    def read(self, records: Sequence[Fetched]) -> int:
        count = super().read(records)
        ticks, self._behind = self._behind, ()
        for tick in ticks:
            super()._take(tick)
        return count

    def _take(self, said: Tick | PlanMarker) -> None:
        if isinstance(said, Tick):
            self._behind += (said,)
        else:
            super()._take(said)


class StartsUnderTheNewestPlan(Hop):
    """A new owner computes under the newest plan that it knows."""

    def __init__(self, place: Any, flow: Any, stage: Any, mark: Mark, plan_of: Any) -> None:
        newest = max((revision for revision in range(1, 4) if plan_of(revision)), default=0)
        if newest > mark.revision:
            stage.install(plan_of(newest), mark.tick)
        super().__init__(place, flow, stage, replace(mark, revision=newest), plan_of)


class ForgetsItsTables(Hop):
    """A flush stores what was said and where the reader stands, but no table records."""

    def flush(self) -> list[Outgoing]:
        return [record for record in super().flush() if record.topic not in TABLES]


class SaysItWithTheNextFlush(Hop):
    """A flush stores its records, and says what they imply one flush later."""

    _unsaid: tuple[Outgoing, ...] = ()

    def flush(self) -> list[Outgoing]:
        out = super().flush()
        stored = [record for record in out if record.topic in TABLES or record.topic == tables.MARKS.name]
        unsaid, self._unsaid = self._unsaid, tuple(record for record in out if record not in stored)
        self.changed = bool(self._unsaid)
        return [*unsaid, *stored]


class WaitsForThoseItHeardOf(Hop):
    """A tick is complete once every sender that was heard of has passed it."""

    def _take_tick(self, tick: Tick) -> None:
        self.flow = self.flow._replace(senders=tuple({*self.passed, tick.sender}))
        super()._take_tick(tick)


class WaitsForOneTopic(Hop):
    """A tick is complete once every partition of one upstream topic has passed it."""

    def _take_tick(self, tick: Tick) -> None:
        agent = self.flow.senders[0].split("/")[0]
        senders = tuple(sender for sender in self.flow.senders if sender.split("/")[0] == agent)
        self.flow = self.flow._replace(senders=senders)
        super()._take_tick(tick)


class SwitchesAtTheFirstMarker(Hop):
    """An internal hop is under the highest revision that any sender has reached."""

    def _target(self, number: int) -> int:
        said = [version for versions in self.revisions.values() for version in versions]
        return max((revision for epoch, revision in said if epoch < number), default=0)


class EvaluatesTicksAsOne(Hop):
    """Of several ticks that become complete at once, only the last is evaluated."""

    def _complete(self, tick: Tick) -> None:
        reached = min(self.passed.get(sender, -1) for sender in self.flow.senders)
        if not any(number <= reached for number in self.open):
            super()._complete(tick)


class SaysTheTickFirst(Hop):
    """The tick goes out in the same flush as what is owed before it, but in front."""

    def _complete(self, tick: Tick) -> None:
        start = len(self.out)
        super()._complete(tick)
        self.out[start:] = sorted(self.out[start:], key=lambda record: record.key != self.place.sender.encode())


class SaysTheMarkerLast(Hop):
    """What is found under a new plan goes out before the marker of that plan."""

    def _complete(self, tick: Tick) -> None:
        start = len(self.out)
        super()._complete(tick)
        late = [b'{"type":"tick"', b'{"type":"plan_marker"']
        self.out[start:] = sorted(
            self.out[start:], key=lambda record: [(record.value or b"").startswith(m) for m in late]
        )


class TakesTicksAgain(Hop):
    """A late or repeated tick counts like a new one."""

    def _take_tick(self, tick: Tick) -> None:
        self.passed.pop(tick.sender, None)
        self.tick = min(self.tick, tick.number - 1)
        super()._take_tick(tick)


class OpenToEverybody(FakeLog):
    """A writer is never shut out."""

    def check(self, name: str, epoch: int) -> None:
        pass


class Torn(FakeLog):
    """What an aborted flush said is there, though its positions and table records are not."""

    def abort(self, records: Sequence[Outgoing]) -> None:
        known = TABLES | {tables.MARKS.name}
        self.write([record for record in records if record.topic not in known])


async def entries_with_what_was_deleted(log: Log, table: Spot, _: object) -> dict[bytes, bytes]:
    """A takeover passes over deletions, so that earlier values come back."""
    found = [record async for chunk in log.read(table) for record in chunk]
    return {record.key: record.value for record in found if record.key is not None and record.value is not None}


def keeps_its_memory(worker: Worker, owner: Owner) -> None:
    """A worker goes on with a shard though it is not known that its flush was committed."""
