"""Whether opportunities run short for the quarter that today's new ones can still reach."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from math import fsum
from operator import mul

from quota import money
from quota.hazards import Window, hazards_of
from quota.lifecycle import Verdict, Words, no_verdict
from quota.periods import Period, period_of
from quota.plans import PlanIndex
from quota.wording import about, counted, name_of, number, percent, spoken_day
from schemas.alerts import TransitionKind
from schemas.plan import Rule
from schemas.standings import Baseline, Outlook

KIND = "early_stage_shortage"
DAYS = 5
_FIRE, _CLEAR = 0.20, 0.05
_SHRINK = 20
_RECENT = 28
_ENOUGH_WINS, _ENOUGH_DAYS = 20, 60


@dataclass(frozen=True, slots=True)
class Projection:
    """What a scope will probably have won in a period, and why; amounts in minor units, rates per calendar day.

    `credited` (A) is won already, `expected` (E) comes of the deals open now, `incoming` (I) of deals yet to be created
    at `created_per_day` (r) and worth `average_value` each. `ratio` is the scope's win rate over the pipeline's.
    """

    scope: str
    period: Period
    day: date
    lead: int
    target: int
    credited: int
    expected: float
    incoming: float
    created_per_day: float
    average_value: float
    ratio: float

    @property
    def projected(self) -> float:
        """A + E + I."""
        return self.credited + self.expected + self.incoming

    @property
    def short(self) -> float:
        """The share of the target that is missing; negative where more is coming than needed."""
        return (self.target - self.projected) / self.target

    @property
    def needed(self) -> float | None:
        """Opportunities a week at which nothing would be missing, 7 r · (Q - A - E) / I; None if I is 0."""
        if self.incoming <= 0:
            return None
        return max(0.0, 7 * self.created_per_day * (self.target - self.credited - self.expected) / self.incoming)

    @property
    def last_useful_day(self) -> date:
        """The last day on which a new opportunity is, at the usual lead, still in time for the period."""
        return self.period.end - timedelta(days=1 + self.lead)


def horizon(rule: Rule, baseline: Baseline | None, day: date, scope: str, plan: PlanIndex) -> tuple[Period, int | None]:
    """The quarter that contains the day plus the lead, and the lead; while no lead is known, the current quarter."""
    lead = rule.lead if rule.lead is not None or baseline is None else baseline.lead
    return period_of("quarter", day + timedelta(days=lead or 0), plan.calendar(scope)), lead


def target_of(scope: str, period: Period, plan: PlanIndex) -> int | None:
    """What the scope's revenue quota asks for in the period, in the company's minor units; None if there is none."""
    for quota in plan.quotas(scope, period):
        if quota.metric == "revenue":
            return plan.worth(plan.target(quota, period).amount, quota, period)
    return None


def projection(outlook: Outlook, baseline: Baseline, target: int, period: Period, lead: int, day: date) -> Projection:
    """What the scope will probably have won by the end of the period, as of the end of the day."""
    window = hazards_of(baseline).window(day, period.start, period.end)
    closed = baseline.won + baseline.lost
    win_rate = baseline.won / closed if closed else 0.0
    own = (outlook.won + _SHRINK * win_rate) / (outlook.won + outlook.lost + _SHRINK)
    ratio = own / win_rate if win_rate else 1.0
    usual = baseline.won_amount / baseline.won if baseline.won else 0.0
    value = (outlook.won_amount + _SHRINK * usual) / (outlook.won + _SHRINK)
    created = outlook.created / _RECENT
    return Projection(
        scope=outlook.scope,
        period=period,
        day=day,
        lead=lead,
        target=target,
        credited=outlook.credited.get(period.id, 0),
        expected=ratio * (_worth(outlook.open, window) + _worth(outlook.open_unknown, window)),
        incoming=ratio * created * value * window.arrivals,
        created_per_day=created,
        average_value=value,
        ratio=ratio,
    )


def verdict(
    rule: Rule, outlook: Outlook, baseline: Baseline | None, plan: PlanIndex, day: date
) -> tuple[Period, Verdict]:
    """The quarter in question and whether opportunities for it run short."""
    period, lead = horizon(rule, baseline, day, outlook.scope, plan)
    if baseline is None or lead is None or not _mature(baseline, day):
        return period, _plain(rule, outlook, baseline, period, plan)
    target = target_of(outlook.scope, period, plan)
    if target is None or target <= 0:
        return period, no_verdict("no_target")
    seen = projection(outlook, baseline, target, period, lead, day)
    holds = seen.short >= (_FIRE if rule.fire is None else rule.fire)
    clears = not holds and seen.short <= (_CLEAR if rule.clear is None else rule.clear)
    reason = "short" if holds else "enough" if clears else "between"
    return period, Verdict(holds, clears, reason, partial(_tell, seen, outlook, baseline, plan))


def too_late(scope: str, period: str, plan: PlanIndex) -> Words:
    """What to say when new opportunities can no longer close within the period."""
    sentence = (
        f"New opportunities of {name_of(scope, plan)} come too late for {period} now: "
        "what is still missing there has to come from the deals that are open already."
    )
    return sentence, {"lever": "open_deals"}


def _worth(amounts: Mapping[str, int], window: Window) -> float:
    # fsum is exact, so the order in which a scope's days arrived cannot tip a threshold.
    return fsum(map(mul, amounts.values(), map(window.__getitem__, amounts)))


def _mature(baseline: Baseline, day: date) -> bool:
    if baseline.won < _ENOUGH_WINS or baseline.first_closing is None:
        return False
    return (day - date.fromisoformat(baseline.first_closing)).days >= _ENOUGH_DAYS


def _plain(rule: Rule, outlook: Outlook, baseline: Baseline | None, period: Period, plan: PlanIndex) -> Verdict:
    """The rule until the pipeline has taught enough: fewer early-stage deals open than the plan's minimum."""
    if rule.minimum is None:
        return no_verdict("too_few_closings")
    holds = outlook.early_count < rule.minimum
    reason = "below_minimum" if holds else "minimum_reached"
    return Verdict(holds, not holds, reason, partial(_tell_plain, rule.minimum, outlook, baseline, period, plan))


def _tell_plain(
    minimum: int,
    outlook: Outlook,
    baseline: Baseline | None,
    period: Period,
    plan: PlanIndex,
    transition: TransitionKind,
) -> Words:
    have = counted(outlook.early_count, "early-stage opportunity", "early-stage opportunities")
    than = "fewer than" if transition == "firing" else "no longer fewer than"
    won = baseline.won if baseline else 0
    sentence = (
        f"{name_of(outlook.scope, plan)} has {have} open for {period.id}, {than} the {minimum} that the plan asks for "
        f"(low confidence: with {counted(won, 'deal', 'deals')} won so far there is no projection yet)."
    )
    details = {
        "as_of": outlook.day,
        "unit": plan.currency,
        "minimum": minimum,
        **_early(outlook, plan.currency),
        "lever": "new_opportunities",
        "confidence": "low",
        "assumptions": {"n_won": won, "first_closing": baseline.first_closing if baseline else None},
    }
    return sentence, details


def _tell(seen: Projection, outlook: Outlook, baseline: Baseline, plan: PlanIndex, transition: TransitionKind) -> Words:
    say = partial(money.decimal, currency=plan.currency)
    details = {
        "as_of": seen.day.isoformat(),
        "unit": plan.currency,
        "target": say(seen.target),
        "credited": say(seen.credited),
        "expected_from_open": say(round(seen.expected)),
        "expected_from_new": say(round(seen.incoming)),
        "projected": say(round(seen.projected)),
        "short": seen.short,
        "at_stake": say(max(0, round(seen.target - seen.projected))),
        "created_a_week": 7 * seen.created_per_day,
        "needed_a_week": seen.needed,
        "last_useful_creation_day": seen.last_useful_day.isoformat(),
        **_early(outlook, plan.currency),
        "lever": "open_deals" if seen.needed is None else "new_opportunities",
        "confidence": "normal",
        "assumptions": {
            "lead_days": seen.lead,
            "average_deal_value": say(round(seen.average_value)),
            "win_rate_ratio": seen.ratio,
            "n": baseline.won + baseline.lost,
            "n_scope": outlook.won + outlook.lost,
            "created_over_days": _RECENT,
        },
    }
    return (_short if transition == "firing" else _enough)(seen, plan), details


def _early(outlook: Outlook, currency: str) -> dict[str, int | float | str | None]:
    return {
        "early_count": outlook.early_count,
        "early_amount": money.decimal(outlook.early_amount, currency),
        "early_share": outlook.early_count / outlook.open_count if outlook.open_count else None,
        "early_created_a_week": 7 * outlook.early_created / _RECENT,
    }


def _short(seen: Projection, plan: PlanIndex) -> str:
    say = partial(about, currency=plan.currency)
    missing = say(seen.target - seen.projected)
    gap = (
        f"{name_of(seen.scope, plan)} is running short of opportunities for {seen.period.id}: "
        f"{say(seen.projected)} in sight of {say(seen.target)}, {missing} or {percent(seen.short)} short."
    )
    if seen.needed is None:
        return f"{gap} None are coming in that could still close in time: the money has to come from open deals."
    return (
        f"{gap} {number(7 * seen.created_per_day)} new ones a week are coming in, {number(seen.needed)} are needed; "
        f"those created until {spoken_day(seen.last_useful_day)} can close in time."
    )


def _enough(seen: Projection, plan: PlanIndex) -> str:
    say = partial(about, currency=plan.currency)
    return (
        f"{name_of(seen.scope, plan)} has enough opportunities for {seen.period.id} again: {say(seen.projected)} "
        f"in sight of {say(seen.target)}, with {number(7 * seen.created_per_day)} new ones a week coming in."
    )
