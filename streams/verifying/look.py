"""A look at a whole log: everything recounted from the facts and compared with what is stored and served."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial

from msgspec import json

from quota.credits import Cells
from quota.plans import PlanIndex
from quota.recount import credited, recorded
from schemas.control import Live, PlanMarker, Tick
from streams import topics
from streams.log import Log, LogError, Spot
from streams.plan_reader import Plans
from streams.serving.control import SPOT
from streams.serving.explanations import plan_in_force
from streams.serving.standings import is_period
from streams.verifying import records
from streams.verifying.explained import Explained, by_scope
from streams.verifying.numbers import Frame, Standings
from streams.verifying.served import Served, served
from streams.verifying.sources import SOURCES, Heard, Held, Lying, Reading, Source
from streams.verifying.telling import Told
from streams.verifying.verdict import Difference, Verdict

_decode = json.Decoder(Tick | PlanMarker | Live).decode
Count = Callable[[int], None]


async def verdict(log: Log, shards: int, told: Count) -> Verdict:
    """What differs; `told` hears of every so many records that were read. Raises LogError without a plan.

    A difference that is gone, or another one, when the log is looked at again was work under way: it is left out.
    """
    found = await Look(log, shards, told).run()
    if found.differences:
        again = await Look(log, shards, told).run()
        known = {*found.differences}
        again.differences = [each for each in again.differences if each in known]
        return again
    return found


async def letter_ids(log: Log, shards: int) -> set[str]:
    """The ids of all dead letters that ever were, also of those laid to rest."""
    found: set[str] = set()
    for shard in range(shards):
        async for chunk in log.read(Spot(topics.DEAD_LETTERS.name, shard)):
            found.update((record.key or b"").decode(errors="replace") for record in chunk)
    return found


def _heard_before(tick: int, heard: Heard) -> bool:
    return heard.epoch < tick


class Look:
    """One look; what was read before a fact was, is judged by the facts before it alone."""

    def __init__(self, log: Log, shards: int, told: Count) -> None:
        self._log, self._shards, self._told = log, shards, told
        self._found = Verdict()
        self._unreadable = False
        self._positions: dict[Spot, int] = {}
        self._letters: set[str] = set()

    async def run(self) -> Verdict:
        """Served first, then stored, then received: whatever is served was received before."""
        plans = await self._plans()
        shards = [await served(self._log, shard) for shard in range(self._shards)]
        frames = await self._frames({each.tick for each in shards if each.tick >= 0}, plans)
        right: dict[int, dict[str, Cells]] = {tick: {} for tick in frames}
        # What an agent has set aside up to its position is a dead letter by then.
        self._positions = await self._log.committed(
            Spot(source.topic.name, shard) for source in SOURCES for shard in range(self._shards)
        )
        self._letters = await letter_ids(self._log, self._shards)
        for source in SOURCES:
            await self._source(source, frames, right)
        for each in shards:
            self._found.differences += each.unreadable
            self._standings(each, frames, right)
        await self._explained(shards)
        self._found.differences.sort()
        return self._found

    async def _plans(self) -> dict[int, PlanIndex]:
        plans = Plans(self._log)
        await plans.read()
        known = {number: plan for number in range(1, plans.newest + 1) if (plan := plans.get(number)) is not None}
        if not known:
            raise LogError("this log has no plan yet, so there are no numbers; apply one: quotaflow plan apply DIR")
        return known

    async def _frames(self, ticks: Iterable[int], plans: dict[int, PlanIndex]) -> dict[int, Frame]:
        """Where each of these ticks stands; one before any plan has nothing to be compared."""
        wanted, frames = sorted(ticks), dict[int, Frame]()
        revision, at = 0, None
        async for chunk in self._log.read(SPOT):
            for record in chunk:
                while wanted and record.offset > wanted[0]:
                    self._frame(frames, wanted.pop(0), revision, at, plans)
                said = _decode(record.value or b"")
                if isinstance(said, PlanMarker):
                    revision = max(revision, said.revision)
                elif isinstance(said, Tick) and said.at is not None:
                    at = said.at if at is None else max(at, said.at)
        for tick in wanted:
            self._frame(frames, tick, revision, at, plans)
        return frames

    def _frame(
        self, frames: dict[int, Frame], tick: int, revision: int, at: datetime | None, plans: dict[int, PlanIndex]
    ) -> None:
        if revision in plans:
            frames[tick] = Frame(plans[revision], plans, at)
            self._found.revision = max(self._found.revision, revision)

    async def _source(self, source: Source, frames: dict[int, Frame], right: dict[int, dict[str, Cells]]) -> None:
        spots = [Spot(source.topic.name, shard) for shard in range(self._shards)]
        astray, told = list[Lying](), Told()
        for spot in spots:
            stored = await records.table(self._log, source, spot.partition)
            held = await Reading(source, self._shards, self._letters).read(self._log, spot, self._told)
            position = self._positions.get(spot, 0)
            self._note(spot, held, position)
            compared = records.Shard(source, spot, self._shards, position)
            self._found.differences += compared.differences(stored, held)
            told.note(held, position)
            self._found.entities += len(stored)
            self._unreadable |= any(isinstance(record, str) for record in stored.values())
            astray += [lying for lying in held.astray if lying.origin.offset < position]
            self._add_up(held, f"{source.agent}/{spot.partition}", frames, right)
        self._found.differences += told.differences()
        if astray:
            raws = {spot.partition: await self._raws(spot) for spot in spots}
            self._found.differences += records.strays(astray, raws, source, self._shards)

    def _note(self, spot: Spot, held: Held, position: int) -> None:
        found, name = self._found, f"{spot.topic}[{spot.partition}]"
        found.facts += len(held.facts)
        found.set_aside += held.letters
        if held.start:
            cause = f"begins at offset {held.start}: what was before it is gone, and cannot be counted again"
            found.differences.append(Difference("partition", name, cause))
        for offset, why in held.unusable.items():
            if offset < position:
                cause = f"cannot be used ({why}), and no dead letter keeps it"
                found.differences.append(Difference("record", f"{name}@{offset}", cause))

    def _add_up(self, held: Held, sender: str, frames: dict[int, Frame], right: dict[int, dict[str, Cells]]) -> None:
        """What the facts before each tick add up to; nearly always it is the same for all of them."""
        done: dict[tuple[int, int, int], Cells] = {}
        newest = max(frames, default=-1)
        self._found.left_out += sum(lying.epoch >= newest for lying in held.facts) if frames else len(held.facts)
        for tick, frame in frames.items():
            before = [lying.received for lying in held.facts if lying.epoch < tick]
            corrected = held.corrected(partial(_heard_before, tick))
            key = len(before), sum(corrected.values()), frame.plan.revision
            if key not in done:
                done[key] = credited(recorded(before, corrected).values(), frame.plan)
            right[tick][sender] = done[key]

    async def _raws(self, spot: Spot) -> set[bytes]:
        return {record.value or b"" async for chunk in self._log.read(spot) for record in chunk}

    def _standings(self, shard: Served, frames: dict[int, Frame], right: dict[int, dict[str, Cells]]) -> None:
        found = self._found
        if shard.tick not in frames:
            found.idle += 1
            found.notes.append(f"shard {shard.shard} has completed no tick yet: it serves nothing")
            return
        compared = Standings(shard, right[shard.tick], frames[shard.tick], self._shards)
        found.differences += compared.differences()
        found.standings += len(compared.compared)
        found.scopes += len({scope for scope, _ in compared.compared})
        if shard.credits is None:
            found.notes.append(f"the credits of shard {shard.shard} were written all the time and not compared")
        else:
            found.credits += sum(len(cells) for cells in shard.credits.values())

    async def _explained(self, shards: list[Served]) -> None:
        plan = await plan_in_force(self._log, self._shards)
        if self._unreadable:
            self._found.notes.append("what `explain` says was not added up, for there are records that cannot be read")
            return
        explained = Explained(await by_scope(self._log, self._shards, plan), plan)
        keys = sorted(key for each in shards for key in each.standings if is_period(*key, plan))
        for scope, name in keys:
            if scope in plan.scopes:
                self._found.differences += explained.differences(scope, name)
        for scope in plan.scopes:
            self._found.differences += explained.stocks(scope)
        self._found.explained = explained.numbers
