"""Copying a log epoch by epoch: every fact stands between the same ticks and plan markers as before."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from msgspec import Struct, json
from msgspec.structs import replace

from schemas.activities import ActivitiesCorrected
from schemas.control import Live, PlanMarker, Tick
from schemas.marks import Mark
from streams import tables, topics
from streams.clock import latest
from streams.copying.epochs import Cursor, Old, Sum
from streams.log import Log, LogError, Outgoing, Spot, TopicSpec
from streams.partitioner import partition
from streams.serving.control import SPOT
from streams.serving.dead_letters import dead_letters
from streams.topology import CLOCK
from streams.verifying.look import letter_ids
from streams.verifying.sources import SOURCES, Reading

CHUNK = 2000
"""Records of one append."""
KEY = b"copy"
KEPT = (*topics.SOURCES, topics.CONTROL, topics.PLAN, topics.PROPOSALS, topics.DEAD_LETTERS)
"""What is true; all else follows from it."""
_decode = json.Decoder(Tick | PlanMarker | Live).decode
Told = Callable[[int], None]


class Copied(Struct):
    """What went into the other log."""

    shards: int
    facts: int = 0
    unusable: int = 0
    ticks: int = 0
    markers: int = 0
    letters: int = 0
    digest: str = ""


@dataclass
class Place:
    """A log and its number of shards."""

    log: Log
    shards: int

    def spots(self, *specs: TopicSpec) -> list[Spot]:
        """Every partition of these topics."""
        return [Spot(spec.name, p) for spec in specs for p in range(self.shards if spec.sharded else 1)]


async def require_empty(target: Place) -> None:
    """Raises LogError for a log in which anything was ever written or processed."""
    spots = target.spots(*topics.ALL, *tables.ALL)
    ends, done = await target.log.ends(spots), await target.log.committed(spots)
    for spot in spots:
        if ends.get(spot, 0) or done.get(spot, 0):
            raise LogError(
                f"the target is not empty: {spot.topic}[{spot.partition}] holds {ends.get(spot, 0)} records and was "
                f"processed up to {done.get(spot, 0)}; delete its topics (or its file), or name another target"
            )


@dataclass
class Copy:
    """One copy of a log, which must not grow meanwhile, into an empty one."""

    source: Place
    target: Place
    told: Told
    _found: Copied = field(default_factory=lambda: Copied(0))
    _out: list[Outgoing] = field(default_factory=list)
    _number: int = 0
    _at: datetime | None = None
    _live: bool = False

    async def run(self) -> Copied:
        """Copies and compares; the plan comes last, so that nobody can work on half a copy. Raises LogError."""
        await require_empty(self.target)
        self._found.shards = self.target.shards
        # Positions first: what was forwarded before them stands in what is read.
        positions = await self.source.log.committed(self.source.spots(*topics.SOURCES))
        ends = await self.source.log.ends(self.source.spots(*KEPT))
        cursors = await self._cursors(positions, ends)
        async for chunk in self.source.log.read(SPOT, 0, ends.get(SPOT, 0)):
            for record in chunk:
                await self._control(_decode(record.value or b""), record.offset, cursors)
        await self._facts(None, cursors)
        await self._letters()
        await self._flush()
        await self._compare(cursors)
        await self._require_still(ends)
        await self._open_up(ends)
        return self._found

    async def _cursors(self, positions: dict[Spot, int], ends: dict[Spot, int]) -> list[Cursor]:
        log, shards = self.source.log, self.source.shards
        rested = await letter_ids(log, shards) - (await dead_letters(log, shards)).keys()
        return [
            Cursor(
                log, source, Old(spot, shards, ends.get(spot, 0), positions.get(spot, 0)), self.target.shards, rested
            )
            for source in SOURCES
            for spot in self.source.spots(source.topic)
        ]

    async def _control(self, said: Tick | PlanMarker | Live, number: int, cursors: list[Cursor]) -> None:
        """A record of control, after all that lay before its copies, and its copies under its new number."""
        if isinstance(said, Live):
            self._live = True
        else:
            await self._facts(number, cursors)
            said = replace(said, quiet=True) if isinstance(said, Tick) else said
            if isinstance(said, Tick):
                self._at = latest(self._at, said.at)
            self._found.ticks += isinstance(said, Tick)
            self._found.markers += isinstance(said, PlanMarker)
            copy = json.encode(replace(said, number=self._number, sender=CLOCK))
            targets = self.target.spots(*topics.SOURCES)
            self._out += [Outgoing(*spot, CLOCK.encode(), copy) for spot in targets]
        self._out.append(Outgoing(*SPOT, KEY, json.encode(said)))
        self._number += 1
        if len(self._out) >= CHUNK:
            await self._flush()

    async def _facts(self, number: int | None, cursors: list[Cursor]) -> None:
        for cursor in cursors:
            async for moved in cursor.before(number):
                self._out.append(moved)
                if len(self._out) >= CHUNK:
                    await self._flush()

    async def _letters(self) -> None:
        """Dead letters of lines that never were in a topic; those of records are written again by who reads them."""
        for name, kept in (await dead_letters(self.source.log, self.source.shards)).items():
            if kept.letter.partition < 0:
                key = name.encode()
                where = Spot(topics.DEAD_LETTERS.name, partition(key, self.target.shards))
                self._out.append(Outgoing(*where, key, json.encode(kept.letter)))
                self._found.letters += 1

    async def _flush(self) -> None:
        out, self._out = self._out, []
        if not out:
            return
        offsets = await self.target.log.append(out)
        wrote = [at for at, record in zip(offsets, out, strict=True) if record.topic == SPOT.topic]
        if wrote and wrote != [*range(self._number - len(wrote), self._number)]:
            raise LogError("somebody else writes into the target: stop it, delete the target, and copy again")
        self.told(len(out))

    async def _compare(self, cursors: list[Cursor]) -> None:
        """Reads the target's facts; raises LogError if they are not those that were read."""
        read, written = _total(cursors), await self._written()
        if read != written:
            raise LogError(f"the target holds {written} where {read} was read: delete it and copy again")
        self._found.facts, self._found.unusable = read.facts, read.unusable
        self._found.digest = f"{read.digest:032x}"

    async def _written(self) -> Sum:
        found = Sum()
        for source in SOURCES:
            reading = Reading(source, self.target.shards, ())
            for spot in self.target.spots(source.topic):
                async for chunk in self.target.log.read(spot):
                    for record in chunk:
                        self._sum(found, reading, record.topic, record.value)
        return found

    def _sum(self, found: Sum, reading: Reading, topic: str, value: bytes | None) -> None:
        try:
            said = reading.said(value)
        except (ValueError, RecursionError):
            found.take(topic, value, usable=False)
        else:
            if not isinstance(said, Tick | PlanMarker | ActivitiesCorrected):
                found.take(topic, value, usable=True)

    async def _require_still(self, ends: dict[Spot, int]) -> None:
        now = await self.source.log.ends(self.source.spots(*KEPT))
        grown = sum(now.values()) - sum(ends.values())
        if grown:
            raise LogError(
                f"the log grew by {grown} records while it was copied, which the target does not have: stop workers, "
                "gateways and producers, delete the target, and copy again"
            )

    async def _open_up(self, ends: dict[Spot, int]) -> None:
        """The plan, proposals, and where the clock stands, at once: from here on the target can be worked on."""
        plan = [
            Outgoing(*spot, record.key, record.value)
            for spot in (Spot(topics.PROPOSALS.name, 0), Spot(topics.PLAN.name, 0))
            async for chunk in self.source.log.read(spot, 0, ends.get(spot, 0))
            for record in chunk
        ]
        mark = Mark(SPOT.topic, self._number, at=self._at, live=self._live)
        clock = Outgoing(tables.CLOCK_MARKS.name, 0, SPOT.topic.encode(), json.encode(mark))
        writer = await self.target.log.writer("copy")
        try:
            await writer.commit([clock, *plan], {SPOT: self._number})
        finally:
            await writer.close()


def _total(cursors: list[Cursor]) -> Sum:
    found = Sum()
    for cursor in cursors:
        found.facts += cursor.sum.facts
        found.unusable += cursor.sum.unusable
        found.digest = (found.digest + cursor.sum.digest) % (1 << 128)
    return found
