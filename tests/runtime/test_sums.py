"""Sums kept by difference are those computed from scratch, and every standing that changed is said."""

import itertools
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from quota.cells import add
from quota.periods import period_of
from quota.plans import PlanIndex
from quota.standings import Assessments
from quota.sums import day_of
from schemas.credits import Parts
from schemas.standings import Standing
from streams.stages.outlooks import wins
from streams.stages.passing import is_due
from streams.stages.stage import Place
from streams.stages.sums import Sums, period_named
from tests.runtime.history import MONDAY, plan

PLAN = PlanIndex(plan(1))
SCOPES = ("rep:anna", "rep:cara", "company")
OPENED = {
    "open|prospecting": 3,
    "open_amount|prospecting": 500,
    "open_unknown|engaging": 1,
    "open_unknown_amount|engaging": 9,
}
PARTS = ("calls_placed", "deals_won", "revenue", "won_age|3", "lead|l1", "won_deal|d1", *OPENED)
CLOSED = ("deals_won", "revenue", "won_age|3")
Cells = dict[tuple[str, str], Parts]

cells = st.dictionaries(st.sampled_from(PARTS), st.integers(1, 3), max_size=4)


def day(number: int) -> str:
    return (MONDAY + timedelta(days=number)).date().isoformat()


def change(before: Mapping[str, int], now: Mapping[str, int]) -> Parts:
    found = dict(now)
    add(found, before, -1)
    return found


def merged(cells: Cells, scope: str, kind: str | None = None, period: str | None = None) -> Parts:
    """All cells of a scope, or those of a period, merged one by one."""
    found: Parts = {}
    for (whose, day), parts in cells.items():
        within = kind is None or period_of(kind, day_of(day), PLAN.calendar(scope)).id == period
        if whose == scope and within:
            add(found, parts)
    return found


def without_zeros(found: Mapping[Any, Mapping[str, int]]) -> dict[Any, dict[str, int]]:
    return {key: dict(parts) for key, parts in found.items() if parts}


def split(parts: Parts, *, opened: bool) -> Parts:
    return {part: number for part, number in parts.items() if (part in OPENED) == opened}


def in_period(parts: Parts) -> Parts:
    """Single won deals belong to days only."""
    return {part: number for part, number in split(parts, opened=False).items() if part != "won_deal|d1"}


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(SCOPES), st.integers(0, 9), cells), max_size=30))
def test_sums_by_difference_are_those_from_scratch(changes: list[tuple[str, int, Parts]]) -> None:
    sums, now = Sums(), Cells()
    for scope, number, parts in changes:
        key = scope, day(number)
        if difference := change(now.get(key, {}), parts):
            sums.add(scope, {key[1]: difference}, PLAN, quiet=False)
        now[key] = parts
    assert {(s, d): p for s, days in sums.days.items() for d, p in days.items()} == without_zeros(now)
    for scope in SCOPES:
        everything = merged(now, scope)
        assert sums.totals.get(scope, {}) == {k: v for k, v in everything.items() if k in CLOSED}
        if scope in sums.opened:
            assert sums.opened[scope].parts == split(everything, opened=True)
            assert sums.opened[scope].known == amounts(now, scope, "open_amount|prospecting")
            assert sums.opened[scope].unknown == amounts(now, scope, "open_unknown_amount|engaging")
    for (scope, name), found in sums.periods.items():
        period = period_named((scope, name), PLAN)
        assert found == in_period(merged(now, scope, period.kind, name))
        assert sums.standing((scope, name), Assessments(PLAN, MONDAY)).period == name
    for kind, scope in itertools.product(("month", "quarter"), SCOPES):
        period = period_of(kind, MONDAY.date(), PLAN.calendar(scope))
        assert sums.within(scope, period, PLAN) == in_period(merged(now, scope, kind, period.id))


@settings(deadline=None)
@given(st.dictionaries(st.tuples(st.sampled_from(SCOPES), st.integers(0, 99)), cells))
def test_sums_that_are_filled_are_those_that_were_added_up(held: dict[tuple[str, int], Parts]) -> None:
    filled, added = Sums(), Sums()
    for scope in SCOPES:
        filled.fill(scope, {day(number): {**parts} for (whose, number), parts in held.items() if whose == scope}, PLAN)
    for (scope, number), parts in held.items():
        added.add(scope, {day(number): {**parts}}, PLAN, quiet=True)
    for name in ("opened", "totals", "periods"):
        assert getattr(filled, name) == getattr(added, name)
    for scope in SCOPES:
        assert filled.days.get(scope, {}) == added.days.get(scope, {})


def amounts(cells: Cells, scope: str, part: str) -> dict[str, int]:
    return {day: parts[part] for (whose, day), parts in cells.items() if whose == scope and part in parts}


def shown(standing: Standing) -> object:
    """What does not change with time alone."""
    return standing.metrics, standing.pipeline and standing.pipeline.stages


@settings(deadline=None)
@given(st.data())
def test_every_standing_that_changed_is_said_at_the_next_tick(data: st.DataObject) -> None:
    sums, now, said = Sums(), Cells(), dict[tuple[str, str], Standing]()
    before: datetime | None = None
    at = MONDAY + timedelta(hours=9)
    for _ in range(data.draw(st.integers(1, 6), label="ticks")):
        days = st.integers(0, (at - MONDAY).days)
        for scope, number, parts in data.draw(st.lists(st.tuples(st.sampled_from(SCOPES), days, cells), max_size=4)):
            key = scope, day(number)
            if difference := change(now.get(key, {}), parts):
                sums.add(scope, {key[1]: difference}, PLAN, quiet=False)
            now[key] = parts
        if before is None:
            sums.touch_all(SCOPES)
        due = is_due(before, at)
        wanted = sums.wanted(PLAN, SCOPES, before, at, due=due)
        said |= {key: sums.standing(key, Assessments(PLAN, at)) for key in wanted}
        sums.settle()
        current = {(scope, period_of(kind, PLAN.calendar(scope).local_day(at), PLAN.calendar(scope)).id)
                   for scope in SCOPES for kind in PLAN.kinds()}  # fmt: skip
        for key in {*sums.periods, *said, *current}:
            period = period_named(key, PLAN)
            ended = PLAN.calendar(key[0]).local_day(at) >= period.end
            if sums.periods.get(key) or not ended:
                fresh = sums.standing(key, Assessments(PLAN, at))
                assert shown(said[key]) == shown(fresh), key
                assert not due or said[key].quotas == fresh.quotas, key
        before, at = at, at + timedelta(minutes=data.draw(st.integers(0, 40) | st.integers(0, 1800), label="minutes"))


@given(st.permutations([("d1", 3), ("d2", 1), ("d3", 2)]))
def test_the_wins_of_a_day_are_said_in_one_way_whichever_deal_came_first(won: list[tuple[str, int]]) -> None:
    place = Place("standings", 0, 1, lambda _: 0)
    sums, calm = Sums(), Sums()
    for deal, amount in won:
        sums.add("rep:anna", {day(0): {f"won_deal|{deal}": amount}}, PLAN, quiet=False)
    calm.add("rep:anna", {day(0): {f"won_deal|{deal}": amount for deal, amount in sorted(won)}}, PLAN, quiet=False)
    assert [*wins(sums, place)] == [*wins(calm, place)]
