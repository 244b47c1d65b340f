"""What a message about a transition says: a subject for a list, and a body that stands by itself."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from quota import behind_pace, shortage, wins
from quota.errors import InvalidRecord
from quota.periods import parse_period
from quota.plans import PlanIndex
from quota.wording import metric_name, name_of, quantity, spoken_day
from schemas.alerts import Transition

_ENOUGH = {"too_late": "Too late for new opportunities", "not_in_plan": "No longer watched"}
_ON_PACE = {"caught_up": "Back on pace with", "met": "Quota met for", "missed": "Quota missed for"}
"""What the end of an alert is called, by its reason."""


def subject(transition: Transition, plan: PlanIndex) -> str:
    """What happened, to whom, and in which period, on one line."""
    who = name_of(transition.scope, plan)
    match transition.kind:
        case wins.KIND:
            return _win(transition, who)
        case behind_pace.KIND:
            metric = metric_name(transition.subject or "", plan)
            firing = transition.transition == "firing"
            what = f"{'Behind on' if firing else _ON_PACE.get(transition.reason, 'No longer watched on')} {metric}"
        case shortage.KIND if transition.transition == "firing":
            what = "Running short of opportunities"
        case shortage.KIND:
            what = _ENOUGH.get(transition.reason, "Enough opportunities again")
        case _:
            what = f"{transition.transition.capitalize()}: {transition.rule}"
    return f"{what}: {who}, {transition.period}"


def body(transition: Transition, plan: PlanIndex) -> str:
    """The transition's sentence, then the period with its days, since when, and where to look closer."""
    return "\n".join([transition.summary, *_lines(transition, plan)])


def _lines(transition: Transition, plan: PlanIndex) -> Iterator[str]:
    if transition.kind != wins.KIND:
        days = _days(transition, plan)
        yield f"Period: {transition.period}{days and f', {days}'}."
        since = _since(transition)
        if since:
            yield f"Seen first on {since}." if transition.transition == "firing" else f"It had been open since {since}."
    yield f"Look closer: quotaflow explain {transition.scope} {_metric(transition)} {transition.period}"


def _win(transition: Transition, who: str) -> str:
    if transition.transition != "firing":
        return f"Correction: deal {transition.subject} of {who} is not won"
    details = transition.details
    return f"Deal won: {who}, {quantity(details['amount'], details['unit'])}"


def _days(transition: Transition, plan: PlanIndex) -> str:
    try:
        period = parse_period(transition.period, plan.calendar(transition.scope))
    except InvalidRecord:  # the fiscal year was moved
        return ""
    last = period.end - timedelta(days=1)
    return spoken_day(last) if period.kind == "day" else f"{spoken_day(period.start)} to {spoken_day(last)}"


def _since(transition: Transition) -> str:
    since = transition.details.get("since")
    return spoken_day(datetime.fromisoformat(since).date()) if isinstance(since, str) else ""


def _metric(transition: Transition) -> str:
    if transition.kind == behind_pace.KIND and transition.subject:
        return transition.subject
    return "deals_won" if transition.kind == wins.KIND else "revenue"
