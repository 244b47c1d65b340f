"""Rules at the end of working days: who is evaluated, what changes, what is left alone."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json
from msgspec.structs import replace as changed

from quota.alerts import Watched, at_day_end, at_tick
from quota.lifecycle import Change
from quota.periods import period_of
from quota.plans import PlanIndex
from quota.standings import standing
from schemas.alerts import AlertState, Transition
from schemas.control import Tick
from schemas.plan import Quota, Rule
from schemas.standings import Baseline, Judged, Outlook
from tests.unit.chances import taught
from tests.unit.floor import CALENDARS, CHICAGO, a_plan
from tests.unit.judging import judged_as

SHORT = Rule("short", "early_stage_shortage", lead=60)
PACE = Rule("pace", "behind_pace", metrics=("calls_placed",))
SCOPES = ("company", "team:central", "rep:ben")
QUOTAS = (
    *(Quota(f"revenue-{n}", scope, "revenue", "quarter", "100000") for n, scope in enumerate(SCOPES)),
    Quota("calls", "rep:ben", "calls_placed", "month", "210"),
)
PLAN = a_plan(*QUOTAS, rules=(SHORT, PACE))
BASELINE = changed(
    taught([1000] * 201, [10] * 201, [10] * 201),
    won=200,
    lost=200,
    won_amount=200 * 2_000_00,
    first_closing="2026-01-05",
)
MONDAY = date(2026, 6, 8)


def outlook(scope: str, created: int, **values: Any) -> Outlook:
    """A scope whose quarter lives of the deals it creates: 100 in four weeks are plenty, 0 are none."""
    nothing = Outlook(scope, "2026-06-08", {}, {}, created, created, 40, 40, 40 * 2_000_00, {}, 0, 0, 0, 0)
    return changed(nothing, **values)


def calls(count: int, at: datetime, plan: PlanIndex = PLAN) -> dict[str, Judged]:
    month = period_of("month", at.date(), plan.calendar("rep:ben"))
    said = standing("rep:ben", month, {"calls_placed": count} if count else {}, {}, plan, at)
    return {month.id: json.decode(json.encode(said), type=Judged)}


class Shard:
    """The alerts of one shard, kept as their agent keeps them."""

    def __init__(self, plan: PlanIndex = PLAN) -> None:
        self.plan = plan
        self.states: dict[str, AlertState] = {}
        self.said: list[Transition] = []
        self.changed = 0

    def keep(self, changes: Iterable[Change]) -> list[str]:
        told = []
        for state, transition in changes:
            assert self.states.get(state.fingerprint) != state
            self.states[state.fingerprint] = state
            self.changed += 1
            told += [transition] if transition else []
        self.said += told
        return [f"{t.scope} {t.period} {t.transition} {t.reason}" for t in told]

    def day(
        self,
        day: date,
        outlooks: Mapping[str, Outlook] | None = None,
        standings: Mapping[str, Mapping[str, Judged]] | None = None,
        baseline: Baseline | None = BASELINE,
        scopes: Iterable[str] = SCOPES,
        *,
        quiet: bool = False,
    ) -> list[str]:
        watched = Watched(judged_as(standings, self.plan), outlooks or {}, baseline)
        tick = Tick(at=evening(day), number=day.toordinal(), quiet=quiet)
        return self.keep(at_day_end(scopes, watched, self.states, self.plan, tick, day))

    def short(self, first: date, days: int, created: int = 0, scope: str = "company") -> list[str]:
        """Working days in a row with so many opportunities created."""
        return [told for day in working(first, days) for told in self.day(day, {scope: outlook(scope, created)})]


def evening(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 18, tzinfo=CHICAGO)


def working(first: date, days: int) -> list[date]:
    every = (first + timedelta(days=n) for n in range(2 * days + 2))
    return [day for day in every if day.weekday() < 5][:days]


def test_a_shortage_fires_on_the_fifth_working_day_and_resolves_when_enough_comes_in() -> None:
    shard = Shard()
    assert shard.short(MONDAY, 4) == []
    assert shard.short(MONDAY + timedelta(days=4), 3) == ["company 2026-Q3 firing short"]
    assert shard.short(MONDAY + timedelta(days=10), 2, created=100) == ["company 2026-Q3 resolved enough"]
    fired, resolved = shard.said
    assert (fired.at.isoformat(), fired.tick) == ("2026-06-12T18:00:00-05:00", date(2026, 6, 12).toordinal())
    assert (fired.number, resolved.number, fired.kind) == (1, 2, "early_stage_shortage")
    assert fired.details["since"] == "2026-06-08T18:00:00-05:00"


def test_a_rule_may_want_fewer_days() -> None:
    assert Shard(a_plan(*QUOTAS, rules=(changed(SHORT, days=1),))).short(MONDAY, 1) == ["company 2026-Q3 firing short"]


def test_an_open_shortage_becomes_too_late_when_the_lead_reaches_the_next_quarter() -> None:
    shard = Shard()
    shard.short(date(2026, 7, 20), 5)
    assert shard.short(date(2026, 7, 27), 5) == []
    # Sunday 2 August plus 60 days is 1 October.
    assert shard.short(date(2026, 8, 3), 1) == ["company 2026-Q3 resolved too_late"]
    assert shard.short(date(2026, 8, 4), 4) == ["company 2026-Q4 firing short"]


def test_a_pending_shortage_of_a_quarter_that_is_too_late_starts_over_in_the_next() -> None:
    shard = Shard()
    assert shard.short(date(2026, 7, 28), 8) == []
    assert shard.states["short|company|2026-Q3"].state == "normal"
    assert shard.short(date(2026, 8, 7), 1) == ["company 2026-Q4 firing short"]


def test_a_shorter_lead_leaves_what_is_open_for_a_later_quarter_alone() -> None:
    shard = Shard()
    shard.short(date(2026, 8, 3), 5)
    shard.plan = a_plan(*QUOTAS, rules=(changed(SHORT, lead=10, days=1),))
    assert shard.short(date(2026, 8, 10), 1) == ["company 2026-Q3 firing short"]
    assert {state.period: state.state for state in shard.states.values()} == {"2026-Q3": "firing", "2026-Q4": "firing"}


def test_a_scope_that_the_plan_does_not_know_is_not_evaluated() -> None:
    shard = Shard(a_plan(*QUOTAS, rules=(changed(SHORT, days=1, minimum=1),)))
    assert shard.day(MONDAY, {"rep:gone": outlook("rep:gone", 0)}, baseline=None, scopes=["rep:gone"]) == []


def test_only_levels_of_the_rule_are_watched_and_never_the_unassigned() -> None:
    shard = Shard(a_plan(*QUOTAS, rules=(changed(SHORT, levels=("team",), days=1),)))
    outlooks = {scope: outlook(scope, 0) for scope in (*SCOPES, "unassigned")}
    assert shard.day(MONDAY, outlooks, scopes=outlooks) == ["team:central 2026-Q3 firing short"]
    everybody = Shard(a_plan(*QUOTAS, rules=(changed(SHORT, days=1, minimum=1),)))
    told = everybody.day(MONDAY, outlooks, baseline=None, scopes=outlooks)
    assert [line.split()[0] for line in told] == ["company", "rep:ben", "team:central"]


def test_a_scope_without_outlook_or_target_is_left_alone() -> None:
    shard = Shard()
    assert shard.day(MONDAY, {}) == []
    assert shard.day(MONDAY, {"rep:dan": outlook("rep:dan", 0)}, scopes=["rep:dan"]) == []
    assert shard.states == {}


def test_behind_pace_fires_at_once_and_clears_when_caught_up() -> None:
    shard = Shard()
    counts = {MONDAY: 10, date(2026, 6, 9): 12, date(2026, 6, 10): 80, date(2026, 6, 11): 20}
    told = [line for day, n in counts.items() for line in shard.day(day, None, {"rep:ben": calls(n, evening(day))})]
    assert told == [
        "rep:ben 2026-06 firing behind_pace",
        "rep:ben 2026-06 resolved caught_up",
        "rep:ben 2026-06 firing behind_pace",
    ]
    assert {said.fingerprint for said in shard.said} == {"pace|rep:ben|2026-06|calls_placed"}


@pytest.mark.parametrize(("count", "reason"), [(209, "missed"), (210, "met")])
def test_behind_pace_ends_on_the_last_working_day(count: int, reason: str) -> None:
    shard = Shard()
    shard.day(MONDAY, None, {"rep:ben": calls(10, evening(MONDAY))})
    last = date(2026, 6, 30)
    assert shard.day(last, None, {"rep:ben": calls(count, evening(last))}) == [f"rep:ben 2026-06 resolved {reason}"]


def test_behind_pace_ends_with_its_period_if_nobody_evaluated_its_last_day() -> None:
    july = datetime(2026, 7, 1, 5, tzinfo=UTC)
    for standings, reason in (
        (None, "period_ended"),
        ({"rep:ben": calls(9, july - timedelta(days=1))}, "period_ended"),
    ):
        shard = Shard()
        shard.day(MONDAY, None, {"rep:ben": calls(10, evening(MONDAY))})
        opened = list(shard.states.values())
        assert at_tick(opened, PLAN, Tick(at=july - timedelta(seconds=1), number=1), judged_as(standings, PLAN)) == []
        assert shard.keep(at_tick(opened, PLAN, Tick(at=july, number=2), judged_as(standings, PLAN))) == [
            f"rep:ben 2026-06 resolved {reason}"
        ]
        assert at_tick(list(shard.states.values()), PLAN, Tick(at=july, number=3), judged_as(standings, PLAN)) == []


def test_the_closed_standing_says_how_a_period_ended() -> None:
    over = {"rep:ben": {"2026-06": calls(9, evening(date(2026, 6, 30)))["2026-06"]}}
    shard = Shard()
    shard.day(MONDAY, None, {"rep:ben": calls(10, evening(MONDAY))})
    assert shard.day(date(2026, 7, 1), None, over) == ["rep:ben 2026-06 resolved missed"]
    july = Tick(at=datetime(2026, 7, 1, 5, tzinfo=UTC), number=2)
    shard = Shard()
    shard.day(MONDAY, None, {"rep:ben": calls(10, evening(MONDAY))})
    assert shard.keep(at_tick(shard.states.values(), PLAN, july, judged_as(over, PLAN))) == [
        "rep:ben 2026-06 resolved missed"
    ]


def test_yesterdays_standing_of_another_period_is_not_evaluated() -> None:
    shard = Shard()
    assert shard.day(date(2026, 7, 1), None, {"rep:ben": calls(10, evening(MONDAY))}) == []


@pytest.mark.parametrize(
    "plan", [a_plan(*QUOTAS[:3], rules=(PACE,)), a_plan(*QUOTAS, rules=(changed(PACE, metrics=("chats",)),))]
)
def test_a_pace_is_judged_only_if_the_plan_has_its_quota_and_a_rule_watches_it(plan: PlanIndex) -> None:
    assert Shard(plan).day(MONDAY, None, {"rep:ben": calls(10, evening(MONDAY))}) == []


@pytest.mark.parametrize(
    "plan",
    [
        a_plan(*QUOTAS),
        a_plan(*QUOTAS, rules=(changed(SHORT, levels=("team",)), changed(PACE, levels=("team",)))),
        a_plan(*QUOTAS, rules=(changed(PACE, id="short"), changed(SHORT, id="pace"))),
        a_plan(rules=(changed(SHORT, levels=("team",)), PACE)),
        a_plan(*QUOTAS, rules=(changed(SHORT, levels=("team",)), changed(PACE, metrics=("chats",)))),
        a_plan(QUOTAS[0], rules=(SHORT, PACE), calendars=[changed(c, fiscal_start_month=4) for c in CALENDARS]),
    ],
)
def test_what_the_plan_drops_is_closed(plan: PlanIndex) -> None:
    shard = Shard()
    shard.short(MONDAY, 5)
    shard.day(MONDAY, None, {"rep:ben": calls(10, evening(MONDAY))})
    shard.plan = plan
    assert sorted(shard.day(date(2026, 6, 15), scopes=[])) == [
        "company 2026-Q3 resolved not_in_plan",
        "rep:ben 2026-06 resolved not_in_plan",
    ]
    assert shard.day(date(2026, 6, 16), scopes=[]) == []


def test_a_quiet_tick_or_input_makes_a_quiet_transition() -> None:
    plan = a_plan(*QUOTAS, rules=(changed(SHORT, days=1), PACE))
    shard = Shard(plan)
    late = {"rep:ben": {"2026-06": changed(calls(10, evening(MONDAY))["2026-06"], quiet=True)}}
    loud = {"company": outlook("company", 0), "team:central": outlook("team:central", 0, quiet=True)}
    shard.day(MONDAY, loud, late)
    assert [(said.scope, said.quiet) for said in shard.said] == [
        ("company", False),
        ("rep:ben", True),
        ("team:central", True),
    ]
    silent = Shard(plan)
    silent.day(MONDAY, loud, late, quiet=True)
    assert all(said.quiet for said in silent.said)


# Mostly short, so that five days in a row happen; 40 is neither short nor enough.
created = st.fixed_dictionaries({}, optional={scope: st.sampled_from([0, 0, 0, 40, 100]) for scope in SCOPES})
stories = st.lists(st.tuples(created, st.integers(0, 210)), max_size=30)


@given(stories, st.randoms(use_true_random=False))
def test_the_order_of_scopes_and_the_split_over_shards_change_nothing(story: list[Any], random: Any) -> None:
    whole, parts = Shard(), [Shard() for _ in SCOPES]
    for day, (counts, count) in zip(working(date(2026, 6, 1), len(story)), story, strict=True):
        outlooks = {scope: outlook(scope, number) for scope, number in counts.items()}
        standings = {"rep:ben": calls(count, evening(day))}
        order = list(SCOPES)
        random.shuffle(order)
        whole.day(day, outlooks, standings, scopes=order)
        for scope, part in zip(SCOPES, parts, strict=True):
            part.day(day, outlooks, standings, scopes=[scope])
    assert {key: state for part in parts for key, state in part.states.items()} == whole.states
    split = sorted((said for part in parts for said in part.said), key=lambda said: (said.tick, said.scope))
    assert split == sorted(whole.said, key=lambda said: (said.tick, said.scope))


@given(stories)
def test_an_alert_is_open_once_and_its_transitions_alternate(story: list[Any]) -> None:
    shard = Shard()
    for day, (counts, count) in zip(working(date(2026, 6, 1), len(story)), story, strict=True):
        outlooks = {scope: outlook(scope, number) for scope, number in counts.items()}
        shard.day(day, outlooks, {"rep:ben": calls(count, evening(day))})
    by_alert: dict[str, list[Transition]] = {}
    for said in shard.said:
        by_alert.setdefault(said.fingerprint, []).append(said)
    for identity, told in by_alert.items():
        assert [said.number for said in told] == list(range(1, len(told) + 1))
        assert told[0].transition == "firing"
        assert all(before.transition != after.transition for before, after in pairwise(told))
        assert (shard.states[identity].state == "firing") == (told[-1].transition == "firing")
    assert sum(state.number for state in shard.states.values()) == len(shard.said)
