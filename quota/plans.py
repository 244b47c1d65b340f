"""A plan compiled for asking: who is who, which calendar, which quota, what a stage or an activity means."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache

from quota import money
from quota.calendars import WorkCalendar
from quota.catalogue import BUILT_IN, Declaration, counted_activities, declared
from quota.conversations import Conversations
from quota.errors import InvalidRecord
from quota.periods import Period
from quota.presence import presence
from quota.targets import Effective, Given, effective, in_force
from schemas.fields import Money
from schemas.plan import Calendar, Plan, Quota, Rate, Rep, Rule, Stage

_LARGEST = 10**15
_MOST_OWNERS = 100_000
"""Of the names that are remembered."""
_MOST_PERIODS = 50_000
"""Of scopes and quotas that are remembered."""


def slug(name: str) -> str:
    """The id that a name makes: `Anna Snelling` is `anna-snelling`; empty for letters that no id has."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9._-]+", "-", plain.lower()).strip("-") if plain.isascii() else ""


_known_slug = lru_cache(maxsize=65536)(slug)


class PlanIndex:
    """One revision of the plan, compiled; every answer depends on the plan alone.

    Raises InvalidRecord for a plan that cannot be answered from: two stages with one id, a calendar that does not
    exist, a metric under a name that is taken.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.revision = plan.revision
        self.currency = plan.company.currency
        self.conversations = Conversations(plan.metrics)
        self.metrics: dict[str, Declaration] = BUILT_IN | declared(plan.metrics)
        self.counts = tuple(metric.id for metric in self.metrics.values() if metric.counted)
        self._reps = {rep.id: rep for rep in plan.reps}
        self._teams = {team.id: team for team in plan.teams}
        self.scopes = tuple(
            sorted(["company", "unassigned", *_scopes("rep", self._reps), *_scopes("team", self._teams)])
        )
        self._known = frozenset(self.scopes)
        self._names = _external(plan.reps)
        self._lines = {rep.id: [(m.start, m.end, self._line(rep.id, m.team)) for m in rep.teams] for rep in plan.reps}
        self._calendars = self._scope_calendars(_calendars(plan))
        self._presences = {f"rep:{rep.id}": found for rep in plan.reps if (found := presence(rep)) is not None}
        self._own_calendars: dict[str, WorkCalendar] = {}
        self._stages, self._positions, self.open_stages = _stages(plan)
        self._kinds = tuple(dict.fromkeys(plan.company.periods))
        self._activities = counted_activities(plan.metrics)
        self._rates = _rates(plan.rates)
        kinds = dict.fromkeys(rule.kind for rule in plan.rules)
        self._rules: dict[str, tuple[Rule, ...]] = {
            kind: tuple(rule for rule in plan.rules if rule.kind == kind) for kind in kinds
        }
        self._quotas = self._by_scope(plan.quotas)
        self._owners: dict[tuple[str, str | None], str] = {}
        self._asked = {scope: _spans(quotas, self._kinds) for scope, quotas in self._quotas.items()}
        self._in_force: dict[tuple[str, str], tuple[Quota, ...]] = {}
        self._targets: dict[tuple[str, str, str, str], Effective] = {}

    def has(self, scope: str) -> bool:
        """Whether the plan knows the scope."""
        return scope in self._known

    def rep(self, source: str, name: str) -> str | None:
        """The id of the rep whom the source calls so: by external name, by id, or by the slug of the name."""
        found = self._names.get((source, name))
        if found is not None or name in self._reps:
            return found or name
        key = _known_slug(name)
        return key if key in self._reps else None

    def owner(self, source: str, name: str | None) -> str:
        """The scope that answers for what the source says to be this person's; `unassigned` for one nobody knows."""
        key = source, name
        found = self._owners.get(key)
        if found is None:
            rep = None if name is None else self.rep(source, name)
            if len(self._owners) > _MOST_OWNERS:
                self._owners.clear()
            found = self._owners[key] = "unassigned" if rep is None else f"rep:{rep}"
        return found

    def ancestors(self, rep: str, day: str) -> tuple[str, ...]:
        """The scopes that a rep counts for on a day: itself, its primary team and the teams above, the company."""
        for start, end, line in self._lines[rep]:
            if (start is None or start <= day) and (end is None or day < end):
                return line
        return (f"rep:{rep}", "company")

    def line(self, scope: str, day: str) -> tuple[str, ...]:
        """A scope and everything above it on a day, the company last; an unknown one stands under the company alone."""
        kind, _, name = scope.partition(":")
        if kind == "rep" and name in self._lines:
            return self.ancestors(name, day)
        above = self._above(name) if kind == "team" else []
        return tuple(dict.fromkeys((scope, *(f"team:{team}" for team in above), "company")))

    def calendar(self, scope: str) -> WorkCalendar:
        """The calendar of a scope: its own, that of the nearest team above, or the company's."""
        return self._calendars.get(scope) or self._calendars["company"]

    def working_time(self, scope: str, period: Period) -> WorkCalendar:
        """The scope's calendar, without the days of the period on which the rep is away."""
        found = self._presences.get(scope)
        if found is None or found.is_full(period.start, period.end):
            return self.calendar(scope)
        own = self._own_calendars.get(scope)
        if own is None:
            own = self._own_calendars[scope] = self.calendar(scope).without(found.away)
        return own

    def stage(self, name: str) -> Stage | None:
        """The stage that a source means: by id, by one of its names, or by the slug of the name."""
        return self._stages.get(name) or self._stages.get(_known_slug(name))

    def stage_index(self, stage_id: str) -> int:
        """The stage's place in its pipeline, from 0."""
        return self._positions[stage_id]

    def metrics_of(self, activity: str) -> tuple[str, ...]:
        """The metrics that an activity of this type counts for."""
        return self._activities.get(activity, ())

    def quotas(self, scope: str, period: Period) -> tuple[Quota, ...]:
        """The scope's quotas in force for a period; of several on one metric, the one that started last."""
        # Within a plan a scope has one period of an id, and hashing the period itself costs more than the question.
        key = scope, period.id
        found = self._in_force.get(key)
        if found is None:
            if len(self._in_force) > _MOST_PERIODS:
                self._in_force.clear()
            found = self._in_force[key] = in_force(self._quotas.get(scope, ()), period)
        return found

    def target(self, quota: Quota, period: Period) -> Effective:
        """What one of the plan's quotas asks for in a period, in the quota's own currency."""
        key = quota.scope, quota.metric, quota.id, period.id
        found = self._targets.get(key)
        if found is None:
            if len(self._targets) > _MOST_PERIODS:
                self._targets.clear()
            found = self._targets[key] = effective(quota, period, self.given(quota))
        return found

    def given(self, quota: Quota) -> Given:
        """What the target of one of the plan's quotas depends on."""
        scope, currency = quota.scope, quota.currency or self.currency
        return Given(self.metrics[quota.metric], currency, self.calendar(scope), self._presences.get(scope))

    def asked_kinds(self, scope: str) -> tuple[str, ...]:
        """The kinds of kept periods for which the scope ever has a quota."""
        return self._asked.get(scope, ())

    def convert(self, amount: Money, day: str) -> int | None:
        """Minor units of the company's currency at the day's rate; None without a rate, or beyond 10^15."""
        if amount.currency == self.currency:
            return amount.minor_units
        days, rates = self._rates.get(amount.currency, ((), ()))
        place = bisect_right(days, day)
        if place == 0:
            return None
        worth = money.converted(amount.minor_units, amount.currency, self.currency, rates[place - 1])
        return worth if abs(worth) <= _LARGEST else None

    def worth(self, amount: int, quota: Quota, period: Period) -> int | None:
        """An amount of a quota of money in minor units of the company's currency, at the rate of the first day."""
        return self.convert(Money(amount, quota.currency or self.currency), period.start.isoformat())

    def rules(self, kind: str) -> tuple[Rule, ...]:
        """The rules of a kind, in the plan's order."""
        return self._rules.get(kind, ())

    def kinds(self) -> tuple[str, ...]:
        """The kinds of period that are kept."""
        return self._kinds

    def _by_scope(self, quotas: tuple[Quota, ...]) -> dict[str, list[Quota]]:
        found: dict[str, list[Quota]] = {}
        for quota in sorted(quotas, key=lambda quota: (quota.start or "", quota.id)):
            metric = self.metrics.get(quota.metric)
            if metric is None:
                known = ", ".join(sorted(self.metrics))
                raise InvalidRecord(f"quota {quota.id}: there is no metric {quota.metric!r}; known are {known}")
            if metric.kind == "money":
                for amount in (quota.target, quota.stretch or "0", *(each.amount for each in quota.relief)):
                    money.minor_units(amount, quota.currency or self.currency)
            found.setdefault(quota.scope, []).append(quota)
        return found

    def _above(self, team: str | None) -> list[str]:
        above: list[str] = []
        while team is not None and team in self._teams and team not in above:
            above.append(team)
            team = self._teams[team].parent
        return above

    def _line(self, rep: str, team: str) -> tuple[str, ...]:
        return (f"rep:{rep}", *(f"team:{above}" for above in self._above(team)), "company")

    def _scope_calendars(self, known: dict[str, WorkCalendar]) -> dict[str, WorkCalendar]:
        plan = self.plan
        found = {"company": known[plan.company.calendar]}
        for team in plan.teams:
            own = [self._teams[above].calendar for above in self._above(team.id)]
            found[f"team:{team.id}"] = _first(own, known) or found["company"]
        for rep in plan.reps:
            team_id = _latest_team(rep)
            inherited = found.get(f"team:{team_id}") or found["company"]
            found[f"rep:{rep.id}"] = _first([rep.calendar], known) or inherited
        return found


def _scopes(kind: str, ids: Iterable[str]) -> list[str]:
    return [f"{kind}:{name}" for name in ids]


def _external(reps: tuple[Rep, ...]) -> dict[tuple[str, str], str]:
    return {(source, name): rep.id for rep in reps for source, names in rep.external.items() for name in names}


def _stages(plan: Plan) -> tuple[dict[str, Stage], dict[str, int], tuple[Stage, ...]]:
    """Stages by what sources call them, their places, and the open ones in order; an id goes before any name."""
    positions: dict[str, int] = {}
    by_id: dict[str, Stage] = {}
    names: dict[str, Stage] = {}
    slugs: dict[str, Stage] = {}
    for pipeline in plan.pipelines:
        for place, stage in enumerate(pipeline.stages):
            if stage.id in by_id:
                message = (
                    f"pipeline {pipeline.id}: stage {stage.id} exists already; stage ids are unique over all pipelines"
                )
                raise InvalidRecord(message)
            by_id[stage.id], positions[stage.id] = stage, place
            for name in stage.names:
                names.setdefault(name, stage)
                if slug(name):
                    slugs.setdefault(slug(name), stage)
    known = slugs | names | by_id
    return known, positions, tuple(stage for stage in by_id.values() if stage.kind == "open")


def _calendars(plan: Plan) -> dict[str, WorkCalendar]:
    known = {calendar.id: WorkCalendar(calendar) for calendar in plan.calendars}
    known.setdefault("default", WorkCalendar(Calendar(id="default", zone="UTC")))
    owners = [("company", plan.company.calendar)]
    owners += [(f"team {team.id}", team.calendar) for team in plan.teams if team.calendar is not None]
    owners += [(f"rep {rep.id}", rep.calendar) for rep in plan.reps if rep.calendar is not None]
    for owner, name in owners:
        if name not in known:
            message = f"{owner}: there is no calendar {name}; known are {', '.join(sorted(known))}"
            raise InvalidRecord(message)
    return known


def _first(names: list[str | None], known: dict[str, WorkCalendar]) -> WorkCalendar | None:
    return next((known[name] for name in names if name is not None), None)


def _latest_team(rep: Rep) -> str | None:
    """The team of the membership that ends last, of several the first listed: a calendar is asked for without a day."""
    if not rep.teams:
        return None
    return max(rep.teams, key=lambda membership: membership.end or "9999-12-31").team


def _rates(rates: tuple[Rate, ...]) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    found: dict[str, dict[str, str]] = {}
    for rate in rates:
        found.setdefault(rate.currency, {})[rate.day] = rate.rate
    return {currency: (tuple(sorted(by)), tuple(by[day] for day in sorted(by))) for currency, by in found.items()}


def _spans(quotas: Iterable[Quota], kinds: tuple[str, ...]) -> tuple[str, ...]:
    asked = {quota.period for quota in quotas}
    return tuple(kind for kind in kinds if kind in asked)
