"""Sums of cells by scope and period, kept by difference, and which of them changed since the last tick."""

from collections.abc import Iterable, Mapping, MutableMapping
from datetime import date, datetime
from typing import NamedTuple

from msgspec import msgpack

from quota.calendars import WorkCalendar
from quota.cells import OPEN_AMOUNT, OPEN_UNKNOWN_AMOUNT, WON_DEAL, add
from quota.metrics import value
from quota.outlooks import Known, Opened
from quota.periods import Period, parse_period, period_of
from quota.plans import PlanIndex
from quota.standings import Assessments, assessed
from quota.sums import by_period, day_of, split
from schemas.credits import Parts
from schemas.standings import Measure, Standing
from streams.stages.frozen import (
    Frozen,
    FrozenDays,
    FrozenScopes,
    Piece,
    Stored,
    by_month,
    each,
    freeze,
    freeze_days,
    freeze_scopes,
)
from streams.stages.passing import Passing

MOST_GIVEN = 200_000
"""How many scopes' periods are remembered as they were given last."""
NOTHING = Opened({}, {}, {})
_thaw = msgpack.Decoder(dict[str, Parts]).decode
_thaw_opened = msgpack.Decoder(Opened).decode
_thaw_total = msgpack.Decoder(Parts).decode


class Sums:
    """What scopes have by day, by period, in the pipeline and in total; components that are zero are absent."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.days: MutableMapping[str, MutableMapping[str, Parts]] = {}
        self.opened: MutableMapping[str, Opened] = {}
        self.totals: MutableMapping[str, Parts] = {}
        self.periods: MutableMapping[tuple[str, str], Parts] = {}
        self.touched: dict[tuple[str, str], bool] = {}
        self._tiles: dict[tuple[WorkCalendar, str], tuple[Period, ...]] = {}
        self.won: dict[tuple[str, str], bool] = {}
        self._given: dict[tuple[str, str], dict[str, Measure]] = {}

    def add(self, scope: str, changes: Mapping[str, Mapping[str, int]], plan: PlanIndex, *, quiet: bool) -> None:
        """Adds the changes of a scope's days everywhere they count; what is taken away is negative."""
        days = self.days.setdefault(scope, {})
        appears = scope == "unassigned" and not days
        pipeline: Parts = {}
        for day, change in changes.items():
            opened, rest, closed, won = split(change)
            if opened:
                self._add_amounts(scope, day, opened)
                add(pipeline, opened)
            if closed:
                add(self.totals.setdefault(scope, {}), closed)
            if rest:
                self._add_rest(scope, day, rest, plan, quiet=quiet)
            if won and scope.startswith("rep:"):
                self.won[scope, day] = quiet and self.won.get((scope, day), True)
            add(days.setdefault(day, {}), change)
            if not days[day]:
                del days[day]
            appears = appears or bool(opened)
        if pipeline:
            add(self._opened(scope).parts, pipeline)
        if appears:
            # A change of the pipeline shows in the standings that are current, which are found at the tick. And whoever
            # has something has current standings, which were not said while there was nothing.
            self.touched[scope, ""] = quiet and self.touched.get((scope, ""), True)

    def fill(self, scope: str, days: dict[str, Parts], plan: PlanIndex) -> None:
        """Does what adding every cell of a scope of which nothing is known comes to; the days become its own."""
        self.days[scope] = {day: parts for day, parts in days.items() if parts}
        rests = dict[str, Parts]()
        totals: Parts = {}
        for day, parts in self.days[scope].items():
            opened, rest, closed, _ = split(parts)
            if opened:
                self._add_amounts(scope, day, opened)
                add(self._opened(scope).parts, opened)
            add(totals, closed)
            if rest:
                rests[day] = rest
        for period, parts in by_period(rests, plan.kinds(), plan.calendar(scope)):
            self.periods[scope, period.id] = parts
        if totals:
            self.totals[scope] = totals

    def _opened(self, scope: str) -> Opened:
        return self.opened.setdefault(scope, Opened({}, {}, {}))

    def _add_amounts(self, scope: str, day: str, opened: Parts) -> None:
        known = unknown = 0
        for part, number in opened.items():
            if part.startswith(OPEN_AMOUNT):
                known += number
            elif part.startswith(OPEN_UNKNOWN_AMOUNT):
                unknown += number
        if known:
            add(self._opened(scope).known, {day: known})
        if unknown:
            add(self._opened(scope).unknown, {day: unknown})

    def _add_rest(self, scope: str, day: str, rest: Parts, plan: PlanIndex, *, quiet: bool) -> None:
        for period in self._tiles_of(scope, day, plan):
            key = scope, period.id
            held = self.periods.get(key)
            if held is None:
                self.periods[key] = dict(rest)
            else:
                add(held, rest)
            self.touched[key] = quiet and self.touched.get(key, True)

    def _tiles_of(self, scope: str, day: str, plan: PlanIndex) -> tuple[Period, ...]:
        calendar = plan.calendar(scope)
        key = calendar, day
        found = self._tiles.get(key)
        if found is None:
            found = self._tiles[key] = tuple(period_of(kind, day_of(day), calendar) for kind in plan.kinds())
        return found

    def touch_all(self, scopes: Iterable[str]) -> None:
        """Everything is to be said anew: what is not zero, and what is current of these scopes."""
        everything = [*(key for key, parts in self.periods.items() if parts), *((scope, "") for scope in scopes)]
        won = ((scope, day) for scope, days in self.days.items() for day, parts in days.items()
               if scope.startswith("rep:") and any(part.startswith(WON_DEAL) for part in parts))  # fmt: skip
        self._given = {}
        # What changed quietly with this tick stays quiet.
        self.touched = dict.fromkeys(everything, False) | self.touched
        self.won = dict.fromkeys(won, False) | self.won

    def derived(self) -> dict[str, Piece]:
        """All of it, when what changed has been taken note of."""
        return {
            "days": freeze_days(self.days, msgpack.encode, by_month),
            "opened": freeze_scopes(self.opened, msgpack.encode),
            "totals": freeze_scopes(self.totals, msgpack.encode),
            "periods": freeze(self.periods, msgpack.encode, each),
        }

    def restore(self, stored: Stored) -> None:
        """Takes all of it back."""
        self.days = FrozenDays(stored, "days", _thaw, by_month)
        self.opened = FrozenScopes(stored("opened"), _thaw_opened)
        self.totals = FrozenScopes(stored("totals"), _thaw_total)
        self.periods = Frozen(stored, "periods", _thaw, each)

    def touch(self, scope: str, day: date, plan: PlanIndex) -> None:
        """The periods that hold the day are to be said anew."""
        for period in self._tiles_of(scope, day.isoformat(), plan):
            self.touched.setdefault((scope, period.id), False)

    def settle(self) -> None:
        """What changed has been taken note of."""
        self.touched, self.won = {}, {}

    def wanted(
        self, plan: PlanIndex, scopes: Iterable[str], before: datetime | None, at: datetime, *, due: bool
    ) -> dict[tuple[str, str], bool]:
        """(scope, period id) of the standings that changed, and if due of those that change with time alone → quiet."""
        wanted = {key: quiet for key, quiet in self.touched.items() if key[1]}
        moved = dict.fromkeys(scope for scope, period in self.touched if not period)
        running: dict[WorkCalendar, Running] = {}
        for scope in dict.fromkeys((*scopes, *moved)) if due else moved:
            calendar = plan.calendar(scope)
            spans = running.get(calendar)
            if spans is None:
                spans = running[calendar] = self._running(scope, plan, Passing(calendar, before, at))
            quiet = self.touched.get((scope, ""), False)
            for period, ages, paced in (*spans.held, *self._leapt(scope, plan, spans.passing)):
                if ages or scope in moved or (paced and plan.quotas(scope, period)):
                    wanted.setdefault((scope, period.id), quiet)
        return wanted

    def standing(self, key: tuple[str, str], known: Assessments) -> Standing:
        """The standing of a scope and period under a plan, as of a moment."""
        parts, opened = self.periods.get(key, {}), self.opened.get(key[0], NOTHING).parts
        return assessed(key[0], period_named(key, known.plan), parts, opened, known)

    def attained(self, key: tuple[str, str], plan: PlanIndex) -> dict[str, Measure] | None:
        """What the metrics of the quotas have come to; None where that is what was given last, or nothing is asked."""
        scope, period = key[0], period_named(key, plan)
        quotas = plan.quotas(scope, period)
        if not quotas:
            return None
        parts, opened = self.periods.get(key, {}), self.opened.get(scope, NOTHING).parts
        found = {quota.metric: value(quota.metric, parts, opened, plan) for quota in quotas}
        if self._given.get(key) == found:
            return None
        if len(self._given) >= MOST_GIVEN:
            self._given.clear()
        self._given[key] = found
        return found

    def all_of(self, scope: str, day: date, plan: PlanIndex) -> Known:
        """What an outlook of this day looks at."""
        quarter = period_of("quarter", day, plan.calendar(scope))
        totals, opened = self.totals.get(scope, {}), self.opened.get(scope, NOTHING)
        return Known(totals, opened, self.days.get(scope, {}), (quarter, self.within(scope, quarter, plan)))

    def within(self, scope: str, period: Period, plan: PlanIndex) -> Parts:
        """What counts in a period of any kind, also of one that the plan does not keep."""
        if period.kind in plan.kinds():
            return self.periods.get((scope, period.id), {})
        merged: Parts = {}
        for day, parts in self.days.get(scope, {}).items():
            if period.start <= day_of(day) < period.end:
                add(merged, split(parts).rest)
        return merged

    def _running(self, scope: str, plan: PlanIndex, passing: Passing) -> "Running":
        held = dict.fromkeys(period for day in passing.days for period in self._tiles_of(scope, day, plan))
        return Running(passing, [_aging(period, passing) for period in held])

    def _leapt(self, scope: str, plan: PlanIndex, passing: Passing) -> Iterable["Aging"]:
        """The periods that time has leapt over and in which something counts: they were said as not begun."""
        if not passing.leaps:
            return ()
        leapt = [day for day in self.days.get(scope, ()) if passing.days[0] < day < passing.days[1]]
        over = dict.fromkeys(period for day in leapt for period in self._tiles_of(scope, day, plan))
        return [_aging(period, passing) for period in over if self.periods.get((scope, period.id))]


def period_named(key: tuple[str, str], plan: PlanIndex) -> Period:
    """The period of a scope that has this id."""
    return parse_period(key[1], plan.calendar(key[0]))


class Aging(NamedTuple):
    """Whether time alone changes the standings of a period: of every scope, or of those with quotas."""

    period: Period
    every: bool
    paced: bool


class Running(NamedTuple):
    """What goes by in a calendar: the periods that hold this moment, and those that closed since the moment before."""

    passing: Passing
    held: list[Aging]


def _aging(period: Period, passing: Passing) -> Aging:
    return Aging(period, passing.ages(period, paced=False), passing.ages(period, paced=True))
