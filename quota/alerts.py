"""Every rule at the moments it is due: the end of a working day, a change of wins, any tick."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from quota import behind_pace, shortage, wins
from quota.errors import InvalidRecord
from quota.lifecycle import Change, Now, Verdict, Words, close, fingerprint, fresh, level, moment, moves, step
from quota.periods import Period, parse_period, period_of
from quota.plans import PlanIndex
from quota.wording import name_of
from schemas.alerts import AlertState
from schemas.control import Tick
from schemas.plan import Rule
from schemas.standings import Baseline, Judged, Outlook, QuotaStanding, Wins

__all__ = ["Change", "Judge", "Watched", "at_day_end", "at_tick", "at_wins", "fingerprint", "step"]

Judge = Callable[[str, Period], Judged | None]
"""Tells where a scope's quotas stand in a period; None if it has none there."""
States = Mapping[str, AlertState]


@dataclass(frozen=True, slots=True)
class Watched:
    """What the rules of a working day's end look at: quotas, outlooks by scope, the baseline."""

    judge: Judge
    outlooks: Mapping[str, Outlook]
    baseline: Baseline | None


def at_day_end(
    scopes: Iterable[str], watched: Watched, states: States, plan: PlanIndex, tick: Tick, day: date
) -> list[Change]:
    """What changes when a working day of the company has ended: shortages, paces, and alerts that lost their ground.

    `states` must hold every alert of these scopes that is pending or firing, and those known of the current periods; an
    alert of any scope that the plan no longer knows is closed. Only changed states are given.
    """
    evening = _Evening(watched, states, plan, moment(tick, plan), day)
    known = sorted(set(scopes).intersection(plan.scopes))
    return evening.closed + [change for scope in known for change in evening.evaluated(scope)]


def at_wins(changed: Iterable[Wins], states: States, plan: PlanIndex, tick: Tick) -> list[Change]:
    """What changed wins announce and take back; `states` must hold the win alerts of these reps and days."""
    latest = {(said.scope, said.day): said for said in changed if level(said.scope) == "rep"}
    known: dict[tuple[str, str], list[AlertState]] = defaultdict(list)
    for _, state in sorted(states.items()):
        if state.kind == wins.KIND and (state.scope, state.period) in latest:
            known[state.scope, state.period].append(state)
    return [change for key, said in sorted(latest.items()) for change in _won(said, known[key], plan, tick)]


def at_tick(
    opened: Iterable[AlertState], plan: PlanIndex, tick: Tick, judge: Judge = lambda _, __: None
) -> list[Change]:
    """What ends with the time: wins whose day is over, and alerts on the pace of a period that is over.

    With a `judge`, the reason says whether the quota was met or missed.
    """
    now = moment(tick, plan)
    found: list[Change | None] = []
    for state in sorted(opened, key=lambda state: state.fingerprint):
        if state.kind == wins.KIND and state.state == "firing":
            found.append(wins.expired(state, plan, now))
        elif state.kind == behind_pace.KIND and state.state in _OPEN:
            span = _span(state, plan)
            if span is not None and plan.calendar(state.scope).start_of(span.end) <= now.at:
                found.append(_pace_over(state, span, judge, plan, now))
    return [change for change in found if change is not None]


_OPEN = frozenset({"pending", "firing"})


class _Evening:
    """One evaluation of the rules that are due when a working day ends."""

    def __init__(self, watched: Watched, states: States, plan: PlanIndex, now: Now, day: date) -> None:
        self._watched = watched
        self._states = states
        self._plan = plan
        self._now = now
        self._day = day
        self._shortages: dict[tuple[str, str], list[tuple[date, AlertState]]] = defaultdict(list)
        self._rules_of: dict[tuple[str, str], list[Rule]] = {}
        self.closed: list[Change] = []
        """Alerts that nothing evaluates any more: the plan dropped what they watch, or their period is over."""
        opened = (state for state in states.values() if state.state in _OPEN and state.kind != wins.KIND)
        for state in sorted(opened, key=lambda state: state.fingerprint):
            self._sort_out(state)

    def _sort_out(self, state: AlertState) -> None:
        span = _span(state, self._plan)
        if span is None or not _in_plan(state, span, self._plan):
            self.closed.append(close(state, "not_in_plan", _dropped(state, self._plan), self._now))
        elif state.kind == behind_pace.KIND and span.end <= self._day:
            self.closed.append(_pace_over(state, span, self._watched.judge, self._plan, self._now))
        elif state.kind == shortage.KIND:
            self._shortages[state.rule, state.scope].append((span.start, state))

    def evaluated(self, scope: str) -> Iterator[Change]:
        """What the rules that watch the scope change."""
        for rule in self._rules(shortage.KIND, scope):
            yield from self._shortage(rule, scope)
        for rule in self._rules(behind_pace.KIND, scope):
            yield from self._paces(rule, scope)

    def _rules(self, kind: str, scope: str) -> list[Rule]:
        key = kind, level(scope)
        found = self._rules_of.get(key)
        if found is None:
            found = self._rules_of[key] = [rule for rule in self._plan.rules(kind) if key[1] in rule.levels]
        return found

    def _shortage(self, rule: Rule, scope: str) -> Iterator[Change]:
        outlook = self._watched.outlooks.get(scope)
        if outlook is None:
            return
        now = replace(self._now, quiet=self._now.quiet or outlook.quiet)
        period, verdict = shortage.verdict(rule, outlook, self._watched.baseline, self._plan, self._day)
        for start, state in self._shortages[rule.id, scope]:
            if start < period.start:
                yield close(state, "too_late", shortage.too_late(scope, state.period, self._plan), now)
        yield from self._step(fresh(rule, scope, period.id), verdict, rule.days or shortage.DAYS, now)

    def _paces(self, rule: Rule, scope: str) -> Iterator[Change]:
        calendar = self._plan.calendar(scope)
        for kind in self._plan.asked_kinds(scope):
            period = period_of(kind, self._day, calendar)
            standing = self._watched.judge(scope, period)
            if standing is None:
                continue
            for quota in standing.quotas:
                if behind_pace.watches(rule, quota.metric):
                    yield from self._pace(rule, standing, quota)

    def _pace(self, rule: Rule, standing: Judged, quota: QuotaStanding) -> Iterator[Change]:
        found = behind_pace.finding(rule, quota, self._plan)
        state = self._states.get(fingerprint(rule.id, standing.scope, standing.period, quota.metric))
        # Nearly always nothing changes: then nothing is made.
        if moves(state, holds=found.holds, clears=found.clears):
            verdict = behind_pace.verdict(found, standing, quota, self._plan)
            now = replace(self._now, quiet=self._now.quiet or standing.quiet)
            unknown = fresh(rule, standing.scope, standing.period, quota.metric)
            yield from self._step(unknown, verdict, rule.days or behind_pace.DAYS, now)

    def _step(self, unknown: AlertState, verdict: Verdict, days: int, now: Now) -> Iterator[Change]:
        before = self._states.get(unknown.fingerprint, unknown)
        change = step(before, verdict, days, now)
        if change[0] is not before:
            yield change


def _won(said: Wins, known: list[AlertState], plan: PlanIndex, tick: Tick) -> Iterator[Change]:
    now = moment(tick, plan, quiet=said.quiet)
    yield from wins.retractions(said, known, plan, now)
    for rule in plan.rules(wins.KIND):
        if "rep" in rule.levels:
            yield from wins.celebrations(rule, said, known, plan, now)


def _pace_over(state: AlertState, span: Period, judge: Judge, plan: PlanIndex, now: Now) -> Change:
    reason = behind_pace.ending(judge(state.scope, span), state.subject)
    return close(state, reason, behind_pace.ended(state, reason, plan), now)


def _span(state: AlertState, plan: PlanIndex) -> Period | None:
    """The alert's period; None where its id means nothing any more, because the fiscal year was moved."""
    try:
        return parse_period(state.period, plan.calendar(state.scope))
    except InvalidRecord:
        return None


def _in_plan(state: AlertState, period: Period, plan: PlanIndex) -> bool:
    """Whether the plan still has the alert's scope, its rule for that level, and the quota that it is about."""
    rule = next((rule for rule in plan.rules(state.kind) if rule.id == state.rule), None)
    if rule is None or level(state.scope) not in rule.levels or not plan.has(state.scope):
        return False
    if state.kind != behind_pace.KIND:
        return True
    quotas = {quota.metric for quota in plan.quotas(state.scope, period)}
    return behind_pace.watches(rule, state.subject) and state.subject in quotas


def _dropped(state: AlertState, plan: PlanIndex) -> Words:
    sentence = (
        f"The plan no longer watches this for {name_of(state.scope, plan)} in {state.period} (rule {state.rule})."
    )
    return sentence, {}
