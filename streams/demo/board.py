"""What the demo shows, followed as it is said: where everybody stands, and every transition of every alert."""

from collections import deque
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import NamedTuple

from msgspec import Struct, json

from quota.periods import period_of
from quota.plans import PlanIndex
from quota.wins import KIND as DEAL_WON
from schemas.alerts import Transition
from schemas.standings import QuotaStanding, Standing
from streams import topics
from streams.demo.inventory import Inventory, facts_in
from streams.log import Log, Record, Spot
from streams.serving.plan import newest
from streams.serving.standings import family
from streams.serving.transitions import still_open

KINDS = ("month", "quarter")
METRIC = "revenue"
LATEST = 20
"""Transitions that are remembered; the end of a day on which a deal was won is no news."""
_PLAN = Spot(topics.PLAN.name, 0)
_STANDING, _TRANSITION = b'{"type":"standing"', b'{"type":"transition"'


class _AsOf(Struct):
    as_of: datetime


_decode_as_of = json.Decoder(_AsOf).decode
_decode_standing = json.Decoder(Standing).decode
_decode_transition = json.Decoder(Transition).decode


class Row(NamedTuple):
    """A scope with its standings of the month and of the quarter under way; None where it has none."""

    scope: str
    month: Standing | None
    quarter: Standing | None


class Board:
    """Reads standings and alerts from where it stopped; it needs no group and disturbs nobody."""

    def __init__(self, log: Log, shards: int, plan: PlanIndex, held: Inventory) -> None:
        """Empty until refreshed; `held` is what the log held before."""
        self.plan, self.facts = plan, held.facts
        self.as_of: datetime | None = None
        self.latest: deque[Transition] = deque(maxlen=LATEST)
        self._log, self._plan_end = log, -1
        self._sources = dict(held.ends)
        self._standings = {Spot(topics.STANDINGS.name, shard): 0 for shard in range(shards)}
        self._alerts = {Spot(topics.ALERTS.name, shard): 0 for shard in range(shards)}
        self._said: dict[str, bytes] = {}
        self._last: dict[str, Transition] = {}

    async def refresh(self) -> list[Transition]:
        """Reads what is new, and gives the transitions among it in order."""
        await self._follow_plan()
        self.facts += len(facts_in([record async for record in self._new(self._sources)]))
        async for record in self._new(self._standings):
            if record.key and record.value and record.value.startswith(_STANDING):
                self._said[record.key.decode()] = record.value
                as_of = _decode_as_of(record.value).as_of
                self.as_of = as_of if self.as_of is None else max(self.as_of, as_of)
        values = [record.value async for record in self._new(self._alerts)]
        found = [_decode_transition(value) for value in values if value and value.startswith(_TRANSITION)]
        found.sort(key=lambda each: (each.tick, each.scope, each.fingerprint, each.number))
        self._last.update((each.fingerprint, each) for each in found)
        self.latest.extend(each for each in found if not (each.kind == DEAL_WON and each.transition == "resolved"))
        return found

    async def _new(self, positions: dict[Spot, int]) -> AsyncIterator[Record]:
        for spot, end in (await self._log.ends(positions)).items():
            async for chunk in self._log.read(spot, positions[spot], end):
                for record in chunk:
                    yield record
            positions[spot] = end

    async def _follow_plan(self) -> None:
        end = (await self._log.ends([_PLAN])).get(_PLAN, 0)
        if end != self._plan_end:
            self.plan, self._plan_end = await newest(self._log), end

    @property
    def open_alerts(self) -> int:
        """How many alerts are firing."""
        return len(still_open(self._last.values()))

    def rows(self) -> Iterator[Row]:
        """The company, every team and every rep that stands somewhere, teams before what is in them."""
        for scope in family(self.plan)[:-1]:
            row = Row(scope, *(self._current(scope, kind) for kind in KINDS))
            if row.month or row.quarter:
                yield row

    def company(self) -> Row:
        """Where the company stands."""
        return Row("company", *(self._current("company", kind) for kind in KINDS))

    def _current(self, scope: str, kind: str) -> Standing | None:
        if self.as_of is None:
            return None
        calendar = self.plan.calendar(scope)
        period = period_of(kind, calendar.local_day(self.as_of), calendar)
        value = self._said.get(f"{scope}|{period.id}")
        return None if value is None else _decode_standing(value)


def leading(standing: Standing | None) -> QuotaStanding | None:
    """The quota that a period is shown by: the one on revenue, else the first."""
    quotas = standing.quotas if standing else []
    return next((quota for quota in quotas if quota.metric == METRIC), quotas[0] if quotas else None)
