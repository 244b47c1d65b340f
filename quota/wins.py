"""Good news: a deal was won; and the correction if it was not, after all."""

from collections.abc import Iterable, Iterator

from quota import money
from quota.lifecycle import Change, Now, Words, close, fresh, move
from quota.periods import parse_period
from quota.plans import PlanIndex
from quota.wording import amount, name_of
from schemas.alerts import AlertState
from schemas.plan import Rule
from schemas.standings import Wins

KIND = "deal_won"


def retractions(wins: Wins, known: Iterable[AlertState], plan: PlanIndex, now: Now) -> Iterator[Change]:
    """The celebrated deals that the rep's day no longer shows; `known` are the alerts of that rep and day."""
    for state in known:
        if state.subject not in wins.deals and state.state != "normal":
            yield move(state, "retracted", "no_longer_won", _retracted(state, plan), now)


def celebrations(rule: Rule, wins: Wins, known: Iterable[AlertState], plan: PlanIndex, now: Now) -> Iterator[Change]:
    """The deals that are news: each fires once, whatever becomes of its amount, and again only after a retraction."""
    before = {state.subject: state for state in known if state.rule == rule.id}
    least = money.minor_units(rule.minimum_amount, plan.currency) if rule.minimum_amount else None
    for deal, worth in sorted(wins.deals.items()):
        state = before.get(deal) or fresh(rule, wins.scope, wins.day, deal)
        if state.state == "normal" and (least is None or worth >= least):
            yield move(state, "firing", "won", _won(state, worth, plan), now)


def expired(state: AlertState, plan: PlanIndex, now: Now) -> Change | None:
    """The end of a win's day in the rep's calendar, but never in the tick that announced it."""
    calendar = plan.calendar(state.scope)
    day = parse_period(state.period, calendar)
    if now.at < calendar.start_of(day.end) or state.since is None or now.at <= state.since:
        return None
    return close(state, "period_ended", _over(state, plan), now)


def _won(state: AlertState, worth: int, plan: PlanIndex) -> Words:
    sentence = f"{name_of(state.scope, plan)} won deal {state.subject}: {amount(worth, plan.currency)}."
    return sentence, {
        "deal": state.subject,
        "amount": money.decimal(worth, plan.currency),
        "unit": plan.currency,
        "day": state.period,
    }


def _retracted(state: AlertState, plan: PlanIndex) -> Words:
    sentence = (
        f"Correction: deal {state.subject} of {name_of(state.scope, plan)} does not count as won on {state.period}."
    )
    return sentence, {"deal": state.subject, "day": state.period}


def _over(state: AlertState, plan: PlanIndex) -> Words:
    sentence = f"The day on which {name_of(state.scope, plan)} won deal {state.subject}, {state.period}, is over."
    return sentence, {"deal": state.subject, "day": state.period}
