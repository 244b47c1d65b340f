"""How ticks, plan markers and what is said between them pass through one agent of one shard (docs/adr/0005)."""

from collections.abc import Callable, Sequence
from math import inf
from typing import Any, NamedTuple

from msgspec import DecodeError, json

from quota.errors import InvalidRecord
from quota.facts import doubtful_year, require_near
from quota.plans import PlanIndex
from schemas.activities import Activity
from schemas.control import PlanMarker, Tick
from schemas.deals import DealChanged
from schemas.marks import Mark
from schemas.meetings import MeetingChanged
from streams import tables
from streams.batches import Fetched
from streams.config import HORIZON_DAYS
from streams.log import Outgoing, Spot
from streams.quarantine import LARGEST_FACT, dead_letter, misuse, why
from streams.stages.stage import Moment, Place, Stage

CONTROLS = frozenset({Tick, PlanMarker})
FACTS = frozenset({Activity, MeetingChanged, DealChanged})
AHEAD = 200
"""How many ticks a source may be ahead of what its own shard's credits have completed."""


class Flow(NamedTuple):
    """Where a hop reads and who speaks there, and where it passes ticks and markers on.

    `outside` topics carry facts of others: what cannot be used there is quarantined, elsewhere it is a bug. `at_once`
    means that a change of the plan counts where its marker stands, for there is one sender; else it waits for all.
    """

    topic: str
    senders: tuple[str, ...]
    targets: tuple[Spot, ...]
    outside: bool
    at_once: bool


class Hop:
    """One agent's reader of one partition: it decides what counts for which tick, and under which plan."""

    def __init__(
        self, place: Place, flow: Flow, stage: Stage, mark: Mark, plan_of: Callable[[int], PlanIndex | None]
    ) -> None:
        """`plan_of` gives a revision's plan, or None while the plan reader does not have it."""
        self.place, self.flow, self.stage, self._plan_of = place, flow, stage, plan_of
        self.position, self.revision, self.tick, self.at = mark.position, mark.revision, mark.tick, mark.at
        self.passed = dict(mark.passed)
        self._hindmost: set[str] = set()
        """Some of the senders that are furthest behind: while there are any, no further tick is complete."""
        self.open = {tick.number: tick for tick in mark.open}
        self.revisions = {sender: list(said) for sender, said in mark.revisions.items()}
        self._newest = max((revision for said in self.revisions.values() for _, revision in said), default=0)
        """The newest revision that any sender has told of."""
        self.out: list[Outgoing] = []
        self.changed = self.urgent = self.silent = False
        self.facts = 0
        self.limit: Callable[[], float] = lambda: inf
        self.horizon = HORIZON_DAYS
        """Days: facts of others may lie so long after the log took them."""
        self._taken = self._doubtful = 0

    @property
    def mark(self) -> Mark:
        """Where this hop stands."""
        return Mark(
            topic=self.flow.topic,
            position=self.position,
            revision=self.revision,
            tick=self.tick,
            at=self.at,
            passed=self.passed,
            open=[*self.open.values()],
            revisions=self.revisions,
        )

    def read(self, records: Sequence[Fetched]) -> int:
        """Reads records in order and gives how many; fewer than all when the next one has to wait."""
        take, position, facts, took = self.stage.take, self.position, 0, False
        decode = self._outside if self.flow.outside else self._inside
        try:
            for count, record in enumerate(records):
                offset = record.offset
                if offset < position:
                    continue
                said = decode(record)
                kind = type(said)
                if kind in FACTS:
                    take(said, record, -1)
                    facts += 1
                elif kind in CONTROLS:
                    if self._must_wait(said):
                        return count
                    self._take(said)
                elif said is not None:
                    took = True
                    take(said, record, -1 if self.flow.outside else self._epoch(said))
                position = offset + 1
            return len(records)
        finally:
            self.silent = (self.silent or not self.changed) and not (facts or took or self.out)
            self.changed = self.changed or position != self.position
            self.position = position
            self.facts += facts

    def _epoch(self, said: object) -> int:
        return self.passed.get(self.stage.sender_of(said), -1)

    def _inside(self, record: Fetched) -> Any:
        """What an agent said."""
        value = record.value
        if not value:
            misuse(value, outside=False)
        return self.stage.decode(value or b"")

    def _outside(self, record: Fetched) -> Any:
        """What others or the clock said; None for a record that is set aside."""
        value = record.value or b""
        try:
            if not value or len(value) > LARGEST_FACT:
                misuse(value, outside=True)
            said: Any = self.stage.decode(value)
            if not value.isascii():
                value.decode()  # the decoder looks only at what it keeps
            kind = type(said)
            if kind in FACTS:
                if record.timestamp != self._taken:
                    self._taken = record.timestamp
                    self._doubtful = doubtful_year(self._taken, self.horizon)
                # What nearly every fact passes costs no call; a deal has a second moment.
                if kind is DealChanged or said.occurred_at.year >= self._doubtful:
                    require_near(said, record.timestamp, self.horizon)
            elif kind in CONTROLS:
                self._require_clock(said)
        except (DecodeError, ValueError, RecursionError, InvalidRecord) as error:  # ValueError: not UTF-8
            self.out.append(dead_letter(Spot(self.flow.topic, self.place.shard), record, why(value, error)))
            return None
        return said

    def _require_clock(self, said: Tick | PlanMarker) -> None:
        if said.sender not in self.flow.senders:
            raise ValueError("only the clock sends ticks and plan markers: send facts")

    def _must_wait(self, said: Tick | PlanMarker) -> bool:
        if isinstance(said, PlanMarker):
            return self._plan_of(said.revision) is None
        return said.number > self.limit()

    def _take(self, said: Tick | PlanMarker) -> None:
        if isinstance(said, Tick):
            self._take_tick(said)
        else:
            self._take_marker(said)

    def _take_tick(self, tick: Tick) -> None:
        if tick.number <= self.passed.get(tick.sender, -1):
            return
        self.passed[tick.sender] = tick.number
        if tick.number > self.tick:
            self.open[tick.number] = tick
        # Each of dozens of shards' senders says every tick: all are looked at only once the last one has moved.
        self._hindmost.discard(tick.sender)
        if self._hindmost:
            return
        reached = min(self.passed.get(sender, -1) for sender in self.flow.senders)
        self._hindmost = {sender for sender in self.flow.senders if self.passed.get(sender, -1) == reached}
        for number in sorted(number for number in self.open if number <= reached):
            self._complete(self.open.pop(number))

    def _take_marker(self, marker: PlanMarker) -> None:
        said = self.revisions.setdefault(marker.sender, [])
        if marker.revision > max((revision for _, revision in said), default=0):
            said.append((self.passed.get(marker.sender, -1), marker.revision))
            self._newest = max(self._newest, marker.revision)
            if self.flow.at_once:
                self._switch(self._target(marker.number))

    def _target(self, number: int) -> int:
        """The revision that all senders had reached before the tick of this number."""
        said = (self.revisions.get(sender, ()) for sender in self.flow.senders)
        return min(max((revision for epoch, revision in versions if epoch < number), default=0) for versions in said)

    def _switch(self, revision: int) -> bool:
        if revision <= self.revision:
            return False
        plan = self._plan_of(revision)
        if plan is None:
            message = f"revision {revision} of the plan is due in {self.place.sender} but unknown"
            raise LookupError(message)
        self.out += self.stage.switch(plan)
        self.revision = revision
        for sender, said in self.revisions.items():
            self.revisions[sender] = [version for version in said if version[1] >= revision] or said[-1:]
        if self.flow.at_once:
            self._pass_on(PlanMarker(revision, self.tick, self.place.sender))
        return True

    def _complete(self, tick: Tick) -> None:
        switched = self._newest > self.revision and self._switch(self._target(tick.number))
        before, evaluates = self.at, tick.at is not None and (self.at is None or tick.at > self.at)
        self.at = tick.at if evaluates else self.at
        if switched and not self.flow.at_once:
            # Before what is found under the new plan, for who reads that may have to know its plan.
            self._pass_on(PlanMarker(self.revision, tick.number, self.place.sender))
        self.out += self.stage.complete(Moment(tick, self.at, before, evaluates))
        self._pass_on(Tick(tick.at, tick.number, self.place.sender, tick.quiet))
        # Somebody waits for a tick that does nothing but pass.
        self.urgent = self.urgent or tick.at is None
        self.tick = tick.number

    def _pass_on(self, record: Tick | PlanMarker) -> None:
        key, value = self.place.sender.encode(), json.encode(record)
        self.out += [Outgoing(*target, key, value) for target in self.flow.targets]

    def flush(self) -> list[Outgoing]:
        """Everything to be written since the last flush: what was said, then table records and the mark."""
        self.out += self.stage.owed()
        out, self.out, self.changed, self.urgent = self.out, [], False, False
        mark = Outgoing(tables.MARKS.name, self.place.shard, self.flow.topic.encode(), json.encode(self.mark))
        return [*out, *self.stage.stored(), mark]
