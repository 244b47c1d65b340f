"""A sales floor that does anything: every step of the machine is a fact, a tick or another plan."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from fractions import Fraction
from statistics import median
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from msgspec.structs import replace

from quota.plans import PlanIndex
from schemas.activities import Activity
from schemas.control import PlanMarker, Tick
from schemas.deals import DealChanged
from schemas.fields import Money
from schemas.meetings import MeetingChanged
from schemas.plan import Calendar, Company, Membership, Pipeline, Plan, Rate, Rep, Stage
from tests.oracle.history import ACTIVITIES, STOCKS, Number, Oracle
from tests.runtime.arranging import Course, Ending, Event, calmly, disagreements, number, wildly, without_origins
from tests.runtime.history import MONDAY, Fact
from tests.runtime.history import plan as tiny
from tests.runtime.schedules import differences
from tests.runtime.shaping import CHOSEN, away, chosen, shaped, told

END = MONDAY + timedelta(days=6, hours=18)
"""Of the last tick: a Sunday."""
REPS = ("anna", "ben", "cara", "dan")
OPEN = ("prospecting", "engaging", "proposal")
EXPLAINED = 8
"""Numbers of each course that are explained."""
Revised = Callable[[Plan], Plan]

people = st.sampled_from([*REPS, "A. S.", "zoe"])
deals, meetings = st.sampled_from(["d0", "d1", "d2"]), st.sampled_from(["m0", "m1"])
leads = st.sampled_from([None, "l1", "l2"])
money = st.builds(Money, st.integers(0, 400).map(lambda n: n * 2501), st.sampled_from(["USD", "USD", "EUR"]))
hours = st.integers(0, 30)
"""By which something happens before what was told last; by which time goes on."""
sources = st.sampled_from(["crm", "crm", "phone"])
days = st.integers(0, 4).map(lambda n: (MONDAY + timedelta(days=n)).date().isoformat())


def courses(count: int, steps: int, *, fixed: bool) -> settings:
    """So many courses of at most so many steps, always the same ones if fixed; shrinking them would take too long."""
    return settings(
        max_examples=count,
        stateful_step_count=steps,
        derandomize=fixed,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def first_plan() -> Plan:
    """The tiny company's, with money, zones and stages of more kinds."""
    stages = (
        Stage("prospecting", "open", probability=0.25, early=True),
        Stage("engaging", "open", probability=0.5, early=True),
        Stage("proposal", "open", probability=0.75),
        Stage("won", "won"),
        Stage("lost", "lost"),
    )
    known = tiny(1)
    zones = (("default", "UTC"), ("tokyo", "Asia/Tokyo"), ("hawaii", "Pacific/Honolulu"))
    return replace(
        known,
        company=Company("Tiny", "USD", periods=("day", "week", "month", "quarter")),
        pipelines=(Pipeline("main", stages),),
        calendars=tuple(Calendar(name, zone) for name, zone in zones),
        metrics=CHOSEN,
    )


def rep_changed(plan: Plan, name: str, **changes: Any) -> Plan:
    """The plan with a rep who is different."""
    return replace(plan, reps=tuple(replace(rep, **changes) if rep.id == name else rep for rep in plan.reps))


def stage_renamed(plan: Plan, place: int) -> Plan:
    """The plan with another id for a stage; sources may go on calling it as before."""
    stages = [*plan.pipelines[0].stages]
    old = stages[place]
    stages[place] = replace(old, id=f"{old.id}-x", names=(*old.names, old.id))
    return replace(plan, pipelines=(Pipeline("main", tuple(stages)),))


class Selling(RuleBasedStateMachine):
    """In the end everything that was told is arranged in three ways, which have to come to the same."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Event] = [PlanMarker(1, 0, "control")]
        self.changes: list[Revised] = []
        self.now = MONDAY
        self.steps = 1

    def plan(self, revision: int) -> Plan:
        plan = first_plan()
        for change in self.changes[: revision - 1]:
            plan = change(plan)
        return replace(plan, revision=revision)

    def _at(self, back: int) -> datetime:
        return self.now - timedelta(hours=back)

    def _deal(self, deal: str, back: int, source: str = "crm", **said: Any) -> None:
        name = f"f{len(self.events)}"
        self.events.append(DealChanged(name, source, self._at(back), deal, **said))

    def _meeting(self, meeting: str, back: int, **said: Any) -> None:
        self.events.append(MeetingChanged(f"f{len(self.events)}", "crm", self._at(back), meeting, **said))

    @rule(hours=hours)
    def time_goes_on(self, hours: int) -> None:
        self.now = min(self.now + timedelta(hours=hours), END - timedelta(hours=1))

    @rule()
    def a_day_ends(self) -> None:
        last = max((event.at for event in self.events if isinstance(event, Tick) and event.at), default=MONDAY)
        evening = max(self.now, last).replace(hour=18)
        self.events.append(Tick(min(evening, END - timedelta(hours=1)), self.steps, "control"))
        self.steps += 1

    @rule(deal=deals, who=people, stage=st.sampled_from(OPEN), amount=money, back=hours, source=sources)
    def a_deal_is_created(self, deal: str, who: str, stage: str, amount: Money, back: int, source: str) -> None:
        self._deal(deal, back, source, owner=who, stage=stage, amount=amount)

    @rule(deal=deals, stage=st.sampled_from([*OPEN, "lost", "odd"]), back=hours)
    def a_deal_advances_regresses_reopens_or_is_lost(self, deal: str, stage: str, back: int) -> None:
        self._deal(deal, back, stage=stage)

    @rule(deal=deals, back=hours, amount=money)
    def a_deal_is_won(self, deal: str, back: int, amount: Money) -> None:
        self._deal(deal, back, stage="won", amount=amount)

    @rule(deal=deals, back=hours, amount=st.none() | money, cost=money)
    def an_amount_and_a_cost_are_edited(self, deal: str, back: int, amount: Money | None, cost: Money) -> None:
        self._deal(deal, back, amount=amount, cost=cost)

    @rule(deal=deals, back=hours, who=people)
    def an_owner_changes(self, deal: str, back: int, who: str) -> None:
        self._deal(deal, back, owner=who)

    @rule(deal=deals, back=hours, gone=st.booleans())
    def a_deal_is_deleted_or_restored(self, deal: str, back: int, *, gone: bool) -> None:
        self._deal(deal, back, deleted=gone)

    @rule(deal=deals, into=deals, back=hours, earlier=st.integers(1, 100))
    def a_deal_is_merged_into_another(self, deal: str, into: str, back: int, earlier: int) -> None:
        if deal != into:
            self._deal(deal, back, deleted=True)
            self._deal(into, back, created_at=self._at(earlier))

    @rule(meeting=meetings, who=people, back=hours, lead=leads)
    def a_meeting_is_booked(self, meeting: str, who: str, back: int, lead: str | None) -> None:
        self._meeting(meeting, back, organizer=who, state="booked", lead=lead, ends_at=self._at(-5))

    @rule(meeting=meetings, back=hours, later=hours)
    def a_meeting_is_moved(self, meeting: str, back: int, later: int) -> None:
        self._meeting(meeting, back, starts_at=self._at(-later), ends_at=self._at(-later - 1))

    @rule(meeting=meetings, back=hours, state=st.sampled_from(["held", "held", "no_show", "cancelled"]), said=told)
    def a_meeting_is_held_or_not(self, meeting: str, back: int, state: str, said: dict[str, Any]) -> None:
        self._meeting(meeting, back, state=state, **said)

    @rule(who=people, what=st.sampled_from([*ACTIVITIES]), lead=leads, back=hours, source=sources, said=told)
    def somebody_acts(self, who: str, what: str, lead: str | None, back: int, source: str, said: Any) -> None:
        self.events.append(Activity(f"f{len(self.events)}", source, self._at(back), who, what, lead, **said))

    @precondition(lambda self: any(not isinstance(event, Tick | PlanMarker) for event in self.events))
    @rule(
        which=st.randoms(use_true_random=False),
        back=hours,
        what=st.sampled_from([*ACTIVITIES]),
        amount=money,
        more=told,
    )
    def a_fact_is_corrected(self, which: random.Random, back: int, what: str, amount: Money, more: Any) -> None:
        known: list[Fact] = [event for event in self.events if not isinstance(event, Tick | PlanMarker)]
        old = which.choice(known)
        version = 1 + max(fact.version for fact in known if (fact.source, fact.id) == (old.source, old.id))
        said: dict[str, Any] = {"version": version, "occurred_at": self._at(back)}
        if isinstance(old, Activity):
            said |= {"activity": what, **more}
        elif isinstance(old, DealChanged):
            said["amount"] = amount
        else:
            said |= {"organizer": "anna", **more}
        self.events.append(replace(old, **said))

    def _revise(self, change: Revised) -> None:
        self.changes.append(change)
        self.events.append(PlanMarker(len(self.changes) + 1, self.steps, "control"))
        self.steps += 1

    @rule(rep=st.sampled_from(REPS), day=days, team=st.sampled_from(["east", "west"]))
    def a_rep_moves_team(self, rep: str, day: str, team: str) -> None:
        other = {"east": "west", "west": "east"}[team]
        self._revise(lambda plan: rep_changed(plan, rep, teams=(Membership(other, end=day), Membership(team, day))))

    @rule(rep=st.sampled_from(REPS), calendar=st.sampled_from(["default", "tokyo", "hawaii"]))
    def a_rep_gets_another_calendar(self, rep: str, calendar: str) -> None:
        self._revise(lambda plan: rep_changed(plan, rep, calendar=calendar))

    @rule(day=days, rate=st.sampled_from(["1.1", "1.25", "0.875"]))
    def there_is_a_new_rate(self, day: str, rate: str) -> None:
        def revised(plan: Plan) -> Plan:
            kept = tuple(each for each in plan.rates if each.day != day)
            return replace(plan, rates=(*kept, Rate("EUR", day, rate)))

        self._revise(revised)

    @rule(place=st.integers(0, 2))
    def a_stage_is_renamed(self, place: int) -> None:
        self._revise(lambda plan: stage_renamed(plan, place))

    @rule(rep=st.sampled_from(REPS[:3]))
    def a_rep_gets_an_alias(self, rep: str) -> None:
        def revised(plan: Plan) -> Plan:
            free = replace(plan, reps=tuple(replace(each, external={}) for each in plan.reps))
            return rep_changed(free, rep, external={"crm": ("A. S.",)})

        self._revise(revised)

    @rule(rep=st.sampled_from(REPS), day=days, length=st.integers(1, 4))
    def a_rep_is_hired_and_away(self, rep: str, day: str, length: int) -> None:
        self._revise(lambda plan: replace(plan, reps=tuple(
            away(each, day, length) if each.id == rep else each for each in plan.reps
        )))  # fmt: skip

    @rule(amount=st.sampled_from(["-1", "2", "-1000"]))
    def quotas_get_seasons_ramps_relief_and_stretch_targets(self, amount: str) -> None:
        self._revise(lambda plan: shaped(plan, amount))

    @rule(minutes=st.sampled_from([0, 5, 15]), distinct=st.booleans())
    def other_conversations_are_meaningful(self, minutes: int, *, distinct: bool) -> None:
        self._revise(lambda plan: chosen(plan, minutes, distinct=distinct))

    @rule()
    def dan_joins(self) -> None:
        dan = Rep("dan", "Dan", (Membership("west"),))
        self._revise(lambda plan: replace(plan, reps=(*(rep for rep in plan.reps if rep.id != "dan"), dan)))

    def teardown(self) -> None:
        last = Tick(END, self.steps, "control")
        course = Course([*self.events, last], self.plan)
        luck = random.Random(len(self.events))
        told = calmly(course.as_told(), last)
        none_of(disagreements(told, course, last))
        same_ticks = wildly(course.shuffled(luck, over_ticks=False), last, f"{self.steps}", trouble=True)
        none_of(without_entities(told, same_ticks))
        anyhow = wildly(course.shuffled(luck, over_ticks=True), last, f"{self.steps}", trouble=False)
        none_of(disagreements(anyhow, course, last))
        assert_explained(luck, course, told, same_ticks, anyhow)


def none_of(problems: list[str]) -> None:
    """Raises AssertionError with the problems, of which there should be none."""
    assert not problems, "\n".join(problems[:20])


def without_entities(one: Ending, other: Ending) -> list[str]:
    """Differences of standings, alerts and messages: records keep where facts were received, and in which order."""
    (standings, alerts, _, messages), (others, more, _, further) = one.outcome, other.outcome
    return differences((standings, alerts, {}, messages), (others, more, {}, further))


def assert_explained(luck: random.Random, course: Course, told: Ending, *others: Ending) -> None:
    """Some numbers are explained in the same way, and by what adds up to them."""
    plan = PlanIndex(course.last)
    said = [(*key, metric, measure) for key, each in told.standings.items() for metric, measure in each.metrics.items()]
    # Where nothing counts any more, a standing may be left that does not say yet that its period is over.
    counting = Oracle(course.facts, course.last).keys()
    some = [each[:3] for each in said if number(each[3]) and (each[2] not in STOCKS or each[:2] in counting)]
    for scope, period, metric in luck.sample(some, min(EXPLAINED, len(some))):
        found = told.explanation(scope, metric, period, plan)
        assert found.published == found.sum, (scope, metric, period, found.published, found.sum)
        shares = [(each.above, each.below) for each in found.contributions]
        assert adds_up(metric, shares) == number(found.sum), (scope, metric, period)
        for other in others:
            again = without_origins(other.explanation(scope, metric, period, plan))
            assert again == without_origins(found), f"{without_origins(found)!r} became {again!r}"


def adds_up(metric: str, shares: list[tuple[int, int | None]]) -> Number:
    """What contributions make: a sum, a fraction of sums, or a middle."""
    above, below = sum(above for above, _ in shares), sum(below or 0 for _, below in shares)
    if metric == "cycle_days_median":
        return median(above for above, _ in shares)
    if metric == "average_deal_value":
        return round(Fraction(above, below))
    return above / below if metric == "win_rate" else above
