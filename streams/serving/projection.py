"""What stands and what fires, in memory: a reader without a group that follows the log, the source of every window."""

import asyncio
from collections.abc import Container, Iterator
from datetime import datetime

from msgspec import Struct, json

from quota.periods import period_of
from quota.plans import PlanIndex
from schemas.alerts import Transition
from schemas.fields import Moment
from schemas.standings import Standing
from streams import topics
from streams.log import Log, Record, Spot
from streams.partitioner import partition
from streams.plan_reader import Plans
from streams.serving.latest import KEPT_ALERTS, Latest, LatestAlerts, Said
from streams.serving.standings import STANDING
from streams.serving.transitions import FIRING, TRANSITION, still_open


class _Dated(Struct, tag="standing"):
    """The one field of a standing that is read from each."""

    as_of: Moment


_as_of = json.Decoder(_Dated).decode
_standing = json.Decoder(Standing).decode
_transition = json.Decoder(Transition).decode


class Projection:
    """The last standing of every scope and period, the last transition of alerts, and the newest plan.

    It holds what the log says, also of scopes that only an earlier or a later plan has; whoever asks, asks by the plan.
    """

    def __init__(self, log: Log, shards: int, kept: int = KEPT_ALERTS) -> None:
        """Knows nothing before it follows; `kept` is how many ends of alerts are remembered."""
        self.log, self.shards = log, shards
        self.caught_up = False
        self.plan: PlanIndex | None = None
        self.standings = [Latest() for _ in range(shards)]
        self.alerts = LatestAlerts(shards, kept)
        self._moments: list[datetime | None] = [None] * shards
        self._ends = {Spot(topic.name, p): 0 for topic in (topics.STANDINGS, topics.ALERTS) for p in range(shards)}

    @property
    def as_of(self) -> datetime | None:
        """The highest moment that any standing knows, or None before there is one."""
        return max((moment for moment in self._moments if moment is not None), default=None)

    def moment(self, shard: int) -> datetime | None:
        """The highest moment that a standing of this partition knows."""
        return self._moments[shard]

    def standing(self, scope: str, period: str) -> bytes | None:
        """The last standing of the scope in the period of this id, as it stands in the log."""
        return self.standings[partition(scope.encode(), self.shards)].get(f"{scope}|{period}")

    def current(self, partitions: Container[int] | None = None) -> list[Standing]:
        """The standings of the plan's scopes whose period is under way, of the partitions that are asked for."""
        plan, now = self.plan, self.as_of
        if plan is None or now is None:
            return []
        names = ((scope, period) for scope in self._scopes(plan, partitions) for period in under_way(scope, plan, now))
        return [_standing(value) for name in names if (value := self.standing(*name)) is not None]

    def firing(self, partitions: Container[int] | None = None) -> list[Transition]:
        """The last transition of every alert that fires, in the order in which they began."""
        held = [
            said.value
            for number, latest in enumerate(self.alerts.partitions)
            if partitions is None or number in partitions
            for said in latest
        ]
        return still_open(_transition(value) for value in held if FIRING in value)

    def _scopes(self, plan: PlanIndex, partitions: Container[int] | None) -> Iterator[str]:
        for scope in plan.scopes:
            if partitions is None or partition(scope.encode(), self.shards) in partitions:
                yield scope

    async def follow(self) -> None:
        """Follows the log for ever; raises LogError, and called again goes on where it was."""
        self.caught_up = False
        try:
            plans = Plans(self.log)
            plans.on_news = lambda: self._plan(plans)
            end = await plans.read()
            for spot in self._ends:
                async for chunk in self.log.read(spot, self._ends[spot]):
                    self._note(chunk)
                    await asyncio.sleep(0)
            self.caught_up = True
            async with asyncio.TaskGroup() as both:
                both.create_task(plans.follow(end))
                both.create_task(self._tail())
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        finally:
            self.caught_up = False

    async def _tail(self) -> None:
        async for chunk in self.log.tail(self._ends):
            self._note(chunk)

    def _plan(self, plans: Plans) -> None:
        if plans.newest and (self.plan is None or plans.newest > self.plan.revision):
            self.plan = plans.get(plans.newest)

    def _note(self, chunk: list[Record]) -> None:
        for record in chunk:
            value = record.value or b""
            if value.startswith(STANDING) and record.key is not None:
                self._stands(record.partition, Said(record.offset, record.key.decode(), value))
            elif value.startswith(TRANSITION):
                self.alerts.note(record.partition, record.offset, value)
        self._ends[Spot(chunk[-1].topic, chunk[-1].partition)] = chunk[-1].offset + 1

    def _stands(self, shard: int, said: Said) -> None:
        self.standings[shard].note(said)
        at, before = _as_of(said.value).as_of, self._moments[shard]
        self._moments[shard] = at if before is None else max(at, before)


def under_way(scope: str, plan: PlanIndex, now: datetime) -> list[str]:
    """The ids of the periods that are under way for the scope, of every kind that the plan keeps."""
    calendar = plan.calendar(scope)
    day = calendar.local_day(now)
    return [period_of(kind, day, calendar).id for kind in plan.kinds()]
