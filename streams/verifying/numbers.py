"""Credits and standings of a shard against what the facts add up to."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from quota.credits import Cells
from quota.periods import Period, period_of
from quota.plans import PlanIndex
from quota.recount import Recount
from schemas.standings import Standing
from streams.partitioner import partition
from streams.serving.standings import is_period
from streams.verifying.served import Served
from streams.verifying.verdict import Difference

MOST = 3
"""Causes that are told of one standing."""


class Wrong(NamedTuple):
    """A component of a credit that is not what the sender's facts add up to."""

    sender: str
    scope: str
    day: str
    component: str
    said: int
    right: int

    def __str__(self) -> str:
        return f"credits of {self.sender} on {self.day} say {self.component} {self.said} instead of {self.right}"


class Frame(NamedTuple):
    """Where a tick stands: the plan in force, every plan by revision, and the last moment of time."""

    plan: PlanIndex
    plans: Mapping[int, PlanIndex]
    at: datetime | None


def mine(cells: Cells, shard: int, shards: int) -> Cells:
    """The cells of a shard's scopes."""
    return {cell: parts for cell, parts in cells.items() if partition(cell[0].encode(), shards) == shard}


def wrong_credits(said: Mapping[str, Cells], right: Mapping[str, Cells]) -> list[Wrong]:
    """Every component that a sender is credited with and should not be, or the other way round."""
    found = []
    for sender in sorted({*said, *right}):
        have, want = said.get(sender, {}), right.get(sender, {})
        for cell in sorted({*have, *want}):
            one, other = have.get(cell, {}), want.get(cell, {})
            found += [
                Wrong(sender, *cell, name, one.get(name, 0), other.get(name, 0))
                for name in sorted({*one, *other})
                if one.get(name, 0) != other.get(name, 0)
            ]
    return found


def credit_differences(found: Iterable[Wrong]) -> Iterator[Difference]:
    """One for each sender, scope and day."""
    cells: dict[tuple[str, str, str], list[Wrong]] = {}
    for each in found:
        cells.setdefault((each.scope, each.day, each.sender), []).append(each)
    for (scope, day, sender), parts in cells.items():
        said = ", ".join(f"{each.component} {each.said}, its facts add up to {each.right}" for each in parts)
        yield Difference("credit", f"{scope} {day}", f"{sender} is kept as saying {said}")


class Standings:
    """The standings of one shard as of its last complete tick."""

    def __init__(self, served: Served, right: Mapping[str, Cells], frame: Frame, shards: int) -> None:
        """`right` is what every sender's facts add up to by that tick."""
        self._served, self._frame, self._shards = served, frame, shards
        self._recount = Recount(right.values(), frame.plan)
        said = served.credits
        own = {sender: mine(cells, served.shard, shards) for sender, cells in right.items()}
        self.wrong = None if said is None else wrong_credits(said, own)
        self.compared: set[tuple[str, str]] = set()

    def differences(self) -> Iterator[Difference]:
        """Everything in which the shard's standings are not what the facts add up to."""
        yield from credit_differences(self.wrong or ())
        if self._frame.at is None:
            return
        for scope, name in sorted(self._needed(self._frame.at) - self._served.standings.keys()):
            yield self._of(scope, name, f"was never said; {self._cause(scope, self._recount.period(scope, name))}")
        for (scope, name), standing in sorted(self._served.standings.items()):
            if (home := partition(scope.encode(), self._shards)) != self._served.shard:
                yield self._of(scope, name, f"was said in shard {self._served.shard} and belongs to shard {home}")
            if scope in self._frame.plan.scopes and is_period(scope, name, self._frame.plan):
                self.compared.add((scope, name))
                yield from self._compare(standing)

    def _of(self, scope: str, name: str, cause: str) -> Difference:
        return Difference("standing", f"{scope} {name}", cause)

    def _needed(self, at: datetime) -> set[tuple[str, str]]:
        """What has to be served: every period in which something happened, and the current ones."""
        plan, recount = self._frame.plan, self._recount
        current = {
            (scope, period_of(kind, plan.calendar(scope).local_day(at), plan.calendar(scope)).id)
            for scope in plan.scopes
            if scope != "unassigned" or recount.has(scope)
            for kind in plan.kinds()
        }
        home = self._served.shard
        return {key for key in recount.periods() | current if partition(key[0].encode(), self._shards) == home}

    def _compare(self, said: Standing) -> Iterator[Difference]:
        right = self._right(said)
        if right is None:
            revision = self._frame.plan.revision
            cause = f"was said under revision {said.revision} of the plan and not anew under revision {revision}"
            yield self._of(said.scope, said.period, cause)
            return
        period = self._recount.period(said.scope, said.period)
        # What is open shows in periods that have begun: before that, its changes are not said anew.
        begun = period.start <= self._frame.plan.calendar(said.scope).local_day(said.as_of)
        wrong = [*self._measures(said, right, begun=begun)] or [*self._rest(said, right, begun=begun)]
        for each in wrong:
            yield self._of(said.scope, said.period, f"{each}: {self._cause(said.scope, period)}")

    def _right(self, said: Standing) -> Standing | None:
        """What should stand; None if it should have been said anew under the plan in force."""
        plan = self._frame.plan
        if said.revision == plan.revision:
            return self._recount.standing(said.scope, said.period, said.as_of)
        period, old = self._recount.period(said.scope, said.period), self._frame.plans.get(said.revision)
        assert self._frame.at is not None
        today = plan.calendar(said.scope).local_day(self._frame.at)
        # Periods in which a scope has nothing stay as they were said, unless they are under way.
        stays = not self._recount.within(said.scope, period) and not period.start <= today < period.end
        if old is None or not stays or not is_period(said.scope, said.period, old):
            return None
        return Recount((), old).standing(said.scope, said.period, said.as_of)

    def _measures(self, said: Standing, right: Standing, *, begun: bool) -> Iterator[str]:
        for metric in sorted({*said.metrics, *right.metrics}):
            one, other = said.metrics.get(metric), right.metrics.get(metric)
            if one != other and (begun or not self._stock(metric)):
                have, want = (
                    _shown(each and (each.value if each.value is not None else each.reason)) for each in (one, other)
                )
                if have == want:
                    have, want = _shown(one), _shown(other)
                yield f"{metric} is {have}, the facts add up to {want}"

    def _rest(self, said: Standing, right: Standing, *, begun: bool) -> Iterator[str]:
        one, other = ({each.metric: each for each in found.quotas} for found in (said, right))
        for metric in sorted({*one, *other}):
            if one.get(metric) != other.get(metric) and (begun or not self._stock(metric)):
                yield f"its quota on {metric} is {_shown(one.get(metric))}, and should be {_shown(other.get(metric))}"
        if begun and said.pipeline != right.pipeline:
            yield f"its pipeline is {_shown(said.pipeline)}, and should be {_shown(right.pipeline)}"

    def _stock(self, metric: str) -> bool:
        declared = self._frame.plan.metrics.get(metric)
        return declared is not None and declared.aggregation == "stock"

    def _cause(self, scope: str, period: Period) -> str:
        if self.wrong is None:
            return "its credits were written meanwhile, so that they were not compared"
        first, end = period.start.isoformat(), period.end.isoformat()
        wrong = [
            each for each in self.wrong if each.scope == scope and ("open" in each.component or first <= each.day < end)
        ]
        if not wrong:
            return "its credits are those of the facts, so it was changed afterwards, or not said anew"
        more = f", and {len(wrong) - MOST} more" if len(wrong) > MOST else ""
        return ", ".join(map(str, wrong[:MOST])) + more


def _shown(value: object) -> str:
    return "nothing" if value is None else str(value)
