"""Whether a quota of the current period falls behind what the elapsed working time asks for."""

from functools import partial
from typing import NamedTuple

from quota.lifecycle import Verdict, Words
from quota.pace import unlikely
from quota.plans import PlanIndex
from quota.wording import metric_name, name_of, number, percent, quantity
from schemas.alerts import AlertState, TransitionKind
from schemas.plan import Rule
from schemas.standings import Judged, QuotaStanding


class Finding(NamedTuple):
    """What the rule makes of a quota: see `Verdict`."""

    holds: bool | None
    clears: bool
    reason: str


KIND = "behind_pace"
DAYS = 1
_FIRE, _CLEAR = 0.80, 0.95
_FINAL = ("met", "missed")
_NONE = Finding(holds=None, clears=False, reason="no_pace")
_BEHIND = Finding(holds=True, clears=False, reason="behind_pace")
_BETWEEN = Finding(holds=False, clears=False, reason="between")
_CAUGHT_UP = Finding(holds=False, clears=True, reason="caught_up")
_ENDINGS = {"met": "was met", "missed": "was missed", "period_ended": "is no longer watched"}


def watches(rule: Rule, metric: str | None) -> bool:
    """Whether the rule is about quotas on the metric; a rule that lists none is about all."""
    return not rule.metrics or metric in rule.metrics


def finding(rule: Rule, quota: QuotaStanding, plan: PlanIndex) -> Finding:
    """Behind is a pace below the rule's threshold with evidence, once enough of the period has passed to tell."""
    if quota.status in _FINAL:
        return Finding(holds=False, clears=True, reason=quota.status)
    if quota.pace is None or quota.status in {"no_data", "no_target"}:
        return _NONE
    if quota.pace < (_FIRE if rule.fire is None else rule.fire) and _evident(quota, plan):
        return _BEHIND
    clears = quota.pace >= (_CLEAR if rule.clear is None else rule.clear)
    return _CAUGHT_UP if clears else _BETWEEN


def verdict(found: Finding, standing: Judged, quota: QuotaStanding, plan: PlanIndex) -> Verdict:
    """The finding with the words for it."""
    return Verdict(*found, tell=partial(_tell, standing, quota, plan))


def ending(standing: Judged | None, metric: str | None) -> str:
    """Why an alert ends with its period: `met` or `missed` where the standing says so, else `period_ended`."""
    quotas = standing.quotas if standing else ()
    status = next((quota.status for quota in quotas if quota.metric == metric), "")
    return status if status in _FINAL else "period_ended"


def ended(state: AlertState, reason: str, plan: PlanIndex) -> Words:
    """What to say of an alert that ends with its period."""
    metric = metric_name(state.subject or "", plan)
    sentence = f"{state.period} is over for {name_of(state.scope, plan)}: the {metric} quota {_ENDINGS[reason]}."
    return sentence, {"metric": state.subject}


def _evident(quota: QuotaStanding, plan: PlanIndex) -> bool:
    """Whether a low pace is more than bad luck; a threshold above the status's own asks the same of more quotas."""
    if quota.status in {"behind", "too_early"}:
        return quota.status == "behind"
    if plan.metrics[quota.metric].kind != "count" or quota.expected in {None, quota.target}:
        return True
    expected = float(quota.expected or 0)
    return expected >= 100 or unlikely(int(quota.attained or 0), expected)


def _tell(standing: Judged, quota: QuotaStanding, plan: PlanIndex, transition: TransitionKind) -> Words:
    details = {
        "as_of": standing.as_of.isoformat(),
        "metric": quota.metric,
        "unit": quota.unit,
        "target": quota.target,
        "attained": quota.attained,
        "expected": quota.expected,
        "pace": quota.pace,
        "gap": quota.gap,
        "required_per_day": quota.required_per_day,
        "working_days_left": quota.working_days_left,
        "elapsed": quota.elapsed,
        "status": quota.status,
        "period": standing.period,
        "lever": quota.metric,
    }
    say = _behind if transition == "firing" else _recovered
    return say(standing, quota, plan), details


def _progress(quota: QuotaStanding) -> str:
    attained = "nothing" if quota.attained is None else quantity(quota.attained, quota.unit)
    return f"{attained} of {quantity(quota.target, quota.unit)}"


def _behind(standing: Judged, quota: QuotaStanding, plan: PlanIndex) -> str:
    by_now = "" if quota.expected is None else f", where {quantity(quota.expected, quota.unit)} should be there by now"
    sentence = (
        f"{name_of(standing.scope, plan)} is behind on {metric_name(quota.metric, plan)} in {standing.period}: "
        f"{_progress(quota)}{by_now} ({percent(quota.pace or 0.0)} of the pace)."
    )
    if quota.required_per_day is None:
        return sentence
    a_day = quantity(quota.required_per_day, quota.unit)
    return f"{sentence} {a_day} a day on the {number(quota.working_days_left)} working days left would still make it."


def _recovered(standing: Judged, quota: QuotaStanding, plan: PlanIndex) -> str:
    ending = _ENDINGS.get(quota.status, "is back on pace")
    return (
        f"{name_of(standing.scope, plan)}: the {metric_name(quota.metric, plan)} quota of {standing.period} {ending}, "
        f"with {_progress(quota)}."
    )
