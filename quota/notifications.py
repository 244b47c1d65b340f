"""Who is told about a transition: one message per route that covers its rule and its scope."""

import hashlib
from collections.abc import Iterator

from quota import wins
from quota.messages import body, subject
from quota.plans import PlanIndex
from schemas.alerts import Transition
from schemas.notifications import Notification
from schemas.plan import Route


def notifications(transition: Transition, plan: PlanIndex) -> list[Notification]:
    """The messages about a transition, in the order of the plan's routes; none about a quiet one."""
    if not is_news(transition):
        return []
    return [_message(route, transition, plan) for route in _matching(transition, plan)]


def is_news(transition: Transition) -> bool:
    """Whether anybody is told: not what only a replay caused, nor that the day of a win is over."""
    return not transition.quiet and not (transition.kind == wins.KIND and transition.transition == "resolved")


def idempotency_key(fingerprint: str, number: int, route: str, recipient: str) -> str:
    """The same for the same message for ever, and another for any other: 36 ASCII letters, digits and `_`."""
    # Each part with its length in front, so that no two lists of parts make the same text.
    parts = (fingerprint, str(number), route, recipient)
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return f"msg_{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def _matching(transition: Transition, plan: PlanIndex) -> Iterator[Route]:
    # Of a win those are told who led the rep when the deal was won, of anything else those who lead it now.
    day = transition.period if transition.kind == wins.KIND else transition.at.date().isoformat()
    covering = {*plan.line(transition.scope, day)}
    for route in plan.plan.routes:
        if (not route.rules or transition.rule in route.rules) and (not route.scopes or covering & {*route.scopes}):
            yield route


def _message(route: Route, transition: Transition, plan: PlanIndex) -> Notification:
    return Notification(
        idempotency_key(transition.fingerprint, transition.number, route.id, route.recipient),
        route.id,
        route.recipient,
        route.sink,
        subject(transition, plan),
        body(transition, plan),
        transition,
    )
