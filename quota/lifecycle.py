"""The life of an alert: fires after enough evaluations in a row, clears by another threshold, and always says why."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from msgspec.structs import replace

from quota.plans import PlanIndex
from schemas.alerts import AlertState, Transition, TransitionKind
from schemas.control import Tick
from schemas.plan import Rule

Words = tuple[str, dict[str, Any]]
"""One sentence for a manager, and everything behind it."""

Change = tuple[AlertState, Transition | None]
"""An alert's new state and, if people can see the difference, the transition that led to it."""


@dataclass(frozen=True, slots=True)
class Now:
    """The tick at which rules are evaluated; a quiet one changes states but is not to be notified."""

    at: datetime
    tick: int
    quiet: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule finds in one evaluation: `holds` is None where the data allow no judgement.

    `reason` names the finding; `tell` words it, and is called only if the alert changes.
    """

    holds: bool | None
    clears: bool
    reason: str
    tell: Callable[[TransitionKind], Words]


def no_verdict(reason: str) -> Verdict:
    """The data allow no judgement: the alert stays as it is."""
    return Verdict(None, False, reason, lambda _: (reason, {}))


def fingerprint(rule: str, scope: str, period: str, subject: str | None = None) -> str:
    """The identity of an alert: of all evaluations with one fingerprint at most one instance is open."""
    return "|".join((rule, scope, period) if subject is None else (rule, scope, period, subject))


def fresh(rule: Rule, scope: str, period: str, subject: str | None = None) -> AlertState:
    """The state of an alert that was never evaluated."""
    identity = fingerprint(rule.id, scope, period, subject)
    return AlertState(identity, rule.id, scope, period, state="normal", subject=subject, kind=rule.kind)


def moment(tick: Tick, plan: PlanIndex, *, quiet: bool = False) -> Now:
    """The tick as the company's clocks show it; ValueError for a tick without a time, at which nothing is evaluated."""
    if tick.at is None:
        raise ValueError(f"tick {tick.number} carries no time: pass it on instead of evaluating rules at it")
    local = tick.at.astimezone(plan.calendar("company").zone)
    # A fixed offset, as it comes back from a table: datetimes that share a zone compare wrongly when clocks go back.
    return Now(local.replace(tzinfo=timezone(local.utcoffset() or timedelta())), tick.number, quiet or tick.quiet)


def step(state: AlertState, verdict: Verdict, days: int, now: Now) -> Change:
    """The state after one more evaluation; fires after `days` in a row that hold, and keeps still without a verdict."""
    if state.state == "firing":
        clears = verdict.clears and verdict.holds is False
        return move(state, "resolved", verdict.reason, verdict.tell("resolved"), now) if clears else (state, None)
    if verdict.holds is None:
        return state, None
    if not verdict.holds:
        return forget(state), None
    since = state.since if state.state == "pending" else now.at
    waiting = replace(state, state="pending", streak=state.streak + 1, since=since)
    if waiting.streak < days:
        return waiting, None
    return move(waiting, "firing", verdict.reason, verdict.tell("firing"), now)


def moves(state: AlertState | None, *, holds: bool | None, clears: bool) -> bool:
    """Whether `step` would change an alert (None: one that was never evaluated) for a verdict like this."""
    if state is None or state.state not in {"firing", "pending"}:
        return holds is True
    if state.state == "firing":
        return clears and holds is False
    return holds is not None


def close(state: AlertState, reason: str, words: Words, now: Now) -> Change:
    """The end of an alert that is not evaluated any more: an open instance resolves, a pending one is forgotten."""
    if state.state != "firing":
        return forget(state), None
    ended, transition = move(state, "resolved", reason, words, now)
    return replace(ended, state="done"), transition


def forget(state: AlertState) -> AlertState:
    """A pending alert is as if it had never been evaluated; any other stays as it is."""
    return replace(state, state="normal", streak=0, since=None) if state.state == "pending" else state


def move(state: AlertState, transition: TransitionKind, reason: str, words: Words, now: Now) -> Change:
    """A visible change as its alert's next numbered transition; `since` of the details is when the old state began.

    The end of what began quietly is quiet, too: nobody hears that something is over of which nobody was told.
    """
    summary, details = words
    firing = transition == "firing"
    unheard = now.quiet if firing else state.quiet
    after = replace(
        state,
        state="firing" if firing else "normal",
        streak=0,
        number=state.number + 1,
        since=now.at if firing else None,
        quiet=unheard,
    )
    said = Transition(
        fingerprint=state.fingerprint,
        number=after.number,
        rule=state.rule,
        kind=state.kind,
        scope=state.scope,
        period=state.period,
        transition=transition,
        at=now.at,
        tick=now.tick,
        reason=reason,
        summary=summary,
        details={**details, "since": (state.since or now.at).isoformat()},
        subject=state.subject,
        quiet=now.quiet or unheard,
    )
    return after, said


def level(scope: str) -> str:
    """`rep`, `team`, `company`, or another kind of scope that rules do not watch."""
    return scope.partition(":")[0]
