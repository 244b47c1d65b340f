"""Cells into standings: the stage of the credits topic, which computes only when a tick is complete."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from itertools import repeat

from msgspec import json, msgpack
from msgspec.structs import replace

from quota.calendars import WorkCalendar
from quota.cells import add, put
from quota.plans import PlanIndex
from quota.standings import Assessments
from schemas.control import PlanMarker, Tick
from schemas.credits import Credit, HeldCredit, Parts
from schemas.standings import Attained, Outlook
from streams import tables, topics
from streams.batches import Fetched
from streams.log import Outgoing, Spot
from streams.stages.frozen import Derived, Stored
from streams.stages.held import Held, Version, seen
from streams.stages.outlooks import inputs, lessons, outlooks, wins
from streams.stages.passing import is_due
from streams.stages.stage import Moment, Place, Shelves
from streams.stages.sums import Sums, period_named

TABLES = (tables.REP_QUOTAS.name, tables.TEAM_QUOTAS.name)


class Standings:
    """The cells of one shard's scopes by sender, and their sums by scope and period."""

    def __init__(self, place: Place, baseline_to: Iterable[Spot]) -> None:
        """`baseline_to` is where the baseline is said: to every shard if this one owns `company`, else nowhere."""
        self.place = place
        self.held: Held[tuple[Parts, bool]] = Held()
        self.sums = Sums()
        self._plan: PlanIndex | None = None
        self._tick = -1
        self._replaced: PlanIndex | None = None
        """The plan before, until everything is said under the present one."""
        self._later: dict[tuple[str, str], tuple[datetime, bool]] = {}
        self._mine: tuple[PlanIndex | None, list[str]] = None, []
        """The scopes of this shard under a plan."""
        self._baseline_to = tuple(baseline_to)
        self._decode = json.Decoder(Credit | Tick | PlanMarker).decode
        self._load = json.Decoder(HeldCredit).decode

    def decode(self, value: bytes) -> object:
        """A credit, tick or marker."""
        return self._decode(value)

    def sender_of(self, said: object) -> str:
        """Each credit names its sender."""
        return said.sender if isinstance(said, Credit) else ""

    def load(self, table: str, key: bytes, value: bytes) -> None:
        """Takes back one sender's cell."""
        self.held.load(key.decode(), self._versions(value))

    def install(self, plan: PlanIndex | None, tick: int) -> None:
        """Recomputes every sum as of the last complete tick."""
        deque(self.installing(plan, tick), maxlen=0)

    def installing(self, plan: PlanIndex | None, tick: int) -> Iterator[None]:
        """Recomputes the sums cell by cell."""
        self._plan, self._tick = plan, tick
        self.sums = Sums()
        merged: dict[str, dict[str, Parts]] = {}
        for key, versions in self.held.installing(tick):
            if cell := seen(versions, tick):
                _, scope, day = key.split("|")
                put(merged.setdefault(scope, {}), day, cell[0])
            yield
        if plan is not None:
            for scope, days in merged.items():
                self.sums.fill(scope, days, plan)
                yield from repeat(None, len(days))

    def lodge(self, shelves: Shelves) -> None:
        """Keeps the cells on disk."""
        self.held.versions = shelves.records(TABLES, self._versions, _table)

    def derived(self) -> Derived:
        """What is still to come, and the sums."""
        return Derived(msgpack.encode(self.held.coming), self.sums.derived())

    def restore(self, few: bytes, stored: Stored, plan: PlanIndex | None, tick: int) -> None:
        """Takes back what is still to come, and the sums."""
        self._plan, self._tick, self.sums = plan, tick, Sums()
        self.held.coming = msgpack.decode(few, type=dict[int, set[str]])
        self.sums.restore(stored)

    def _versions(self, value: bytes) -> list[Version[tuple[Parts, bool]]]:
        return [Version(epoch, (parts, quiet)) for epoch, parts, quiet in self._load(value).versions]

    def take(self, said: object, record: Fetched, epoch: int) -> None:
        """Notes a sender's cells of a scope; they count for the next tick of that sender."""
        if not isinstance(said, Credit):
            return
        for scope, days in said.cells.items():
            for day, parts in days.items():
                key = f"{said.sender}|{scope}|{day}"
                before = self.held.versions.get(key) if said.quiet else None
                # A later quiet change of the same tick must not hush an earlier one.
                quiet = said.quiet and (not before or before[-1].epoch != epoch or before[-1].value[1])
                self.held.say(key, epoch, (parts, quiet))

    def owed(self) -> Iterable[Outgoing]:
        """The standings that could wait, each as of the last tick that changed it."""
        later, self._later = self._later, {}
        if self._plan is None:
            return []
        known = {at: Assessments(self._plan, at) for at, _ in later.values()}
        return [self._standing(key, quiet, known[at]) for key, (at, quiet) in sorted(later.items())]

    def complete(self, moment: Moment) -> Iterable[Outgoing]:
        """What rules look at, as far as it changed; standings that changed or are due can mostly wait for the flush."""
        self._come(moment.tick.number)
        self._tick = moment.tick.number
        if self._plan is None or moment.at is None:
            self.sums.settle()
            return []
        if self._replaced or (moment.evaluates and moment.before is None):
            self._say_everything(self._plan, moment)
        wanted = self._wanted(self._plan, moment, moment.at)
        said = [*self._at_once(self._plan, wanted, moment.at), *wins(self.sums, self.place)]
        day = self._ended_day(self._plan, moment)
        said += inputs(self._looked_at(self._plan, wanted, day), self.place)
        if day is not None:
            said += lessons(self.sums, day, self._plan, self.place, self._baseline_to)
        self.sums.settle()
        return said

    def _say_everything(self, plan: PlanIndex, moment: Moment) -> None:
        """Also what was current in a calendar that the plan has replaced: it may have ended, or not begun."""
        before, self._replaced = self._replaced, None
        scopes = self._scopes(plan)
        if before is not None and moment.before is not None:
            for scope in scopes:
                self.sums.touch(scope, before.calendar(scope).local_day(moment.before), plan)
        self.sums.touch_all(scopes)

    def _come(self, tick: int) -> None:
        """Adds up what the tick sees for the first time: once for each day of a scope, whoever said it."""
        changes: dict[bool, dict[str, dict[str, Parts]]] = {True: {}, False: {}}
        for key, before, now in self.held.come(self._tick, tick):
            change = dict(now[0]) if now else {}
            if before:
                add(change, before[0], -1)
            if change:
                _, scope, day = key.split("|")
                days = changes[bool(now and now[1])].setdefault(scope, {})
                if day in days:
                    add(days[day], change)
                else:
                    days[day] = change
            if now is not None and not now[0] and len(self.held.versions[key]) == 1:
                self.held.drop(key)
        if self._plan is not None:
            for quiet, scopes in changes.items():
                for scope, days in scopes.items():
                    self.sums.add(scope, days, self._plan, quiet=quiet)

    def _wanted(self, plan: PlanIndex, moment: Moment, at: datetime) -> dict[tuple[str, str], bool]:
        due = moment.evaluates and is_due(moment.before, at)
        return self.sums.wanted(plan, self._scopes(plan), moment.before, at, due=due)

    def _at_once(self, plan: PlanIndex, wanted: Mapping[tuple[str, str], bool], at: datetime) -> Iterator[Outgoing]:
        """Leaves standings to the flush, if they stay current till then; says the others."""
        known, today = Assessments(plan, at), dict[WorkCalendar, date]()
        for key, quiet in wanted.items():
            calendar = plan.calendar(key[0])
            day = today.get(calendar) or today.setdefault(calendar, calendar.local_day(at))
            # Every later change of what a current standing shows is sure to be said.
            if period_named(key, plan).start <= day and key[0] != "unassigned":
                self._later[key] = at, quiet
            else:
                yield self._standing(key, quiet, known)

    def _looked_at(
        self, plan: PlanIndex, wanted: Mapping[tuple[str, str], bool], day: date | None
    ) -> Iterator[Attained | Outlook]:
        """What rules look at, as far as this tick changed it; `day` is the working day that it ended."""
        for key, quiet in wanted.items():
            metrics = self.sums.attained(key, plan)
            if metrics is not None:
                yield Attained(*key, metrics, quiet)
        if day is not None:
            yield from outlooks(self.sums, self._scopes(plan), day, plan)

    def _standing(self, key: tuple[str, str], quiet: bool, known: Assessments) -> Outgoing:  # noqa: FBT001
        found = self.sums.standing(key, known)
        said = replace(found, sender=self.place.sender, quiet=quiet)
        return Outgoing(topics.STANDINGS.name, self.place.shard, "|".join(key).encode(), json.encode(said))

    def _scopes(self, plan: PlanIndex) -> list[str]:
        if self._mine[0] is not plan:
            shard = self.place.shard
            self._mine = plan, [scope for scope in plan.scopes if self.place.shard_of(scope) == shard]
        return [scope for scope in self._mine[1] if scope != "unassigned" or self.sums.days.get(scope)]

    def _ended_day(self, plan: PlanIndex, moment: Moment) -> date | None:
        """The working day whose end asks for outlooks, if this tick brings one."""
        if not moment.evaluates or moment.at is None or not plan.rules("early_stage_shortage"):
            return None
        return plan.calendar("company").ended_working_day(moment.before, moment.at)

    def switch(self, plan: PlanIndex) -> Iterable[Outgoing]:
        """Says what is owed under the old plan and sums up anew; the tick that brought the switch says it all."""
        owed, before = self.owed(), self._plan
        self.install(plan, self._tick)
        self._replaced = before or plan
        return owed

    def stored(self) -> list[Outgoing]:
        """The cells that changed, in the table of their scope."""
        changed, self.held.changed = self.held.changed, set()
        return [self._record(key, self.held.versions.get(key)) for key in sorted(changed)]

    def _record(self, key: str, versions: list[Version[tuple[Parts, bool]]] | None) -> Outgoing:
        value = None if versions is None else json.encode(HeldCredit([(v.epoch, *v.value) for v in versions]))
        return Outgoing(_table(key), self.place.shard, key.encode(), value)


def _table(key: str) -> str:
    return TABLES[0] if key.split("|", 2)[1].startswith("rep:") else TABLES[1]
