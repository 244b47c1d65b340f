"""What a request asks for, read by the plan; what cannot be answered is told by the field that is wrong."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from multidict import MultiMapping

from quota.errors import InvalidRecord
from quota.plans import PlanIndex
from streams.api.source import View
from streams.serving.projection import under_way
from streams.serving.standings import kept_period

LEVELS = ("rep", "team", "company")
STATES = ("firing", "all")
LONGEST_PERIOD = 40
LONGEST_SCOPE = 220
_DAYS = "write 2017-09-15, 2017-W37, 2017-09, 2017-Q3 or 2017"
Name = tuple[str, str]
"""A scope and the id of a period."""


class Wrong(Exception):
    """The request cannot be answered; the message says what to send instead."""

    def __init__(self, status: int, detail: str, field: str) -> None:
        super().__init__(detail)
        self.status, self.field = status, field


class AskedAlerts(NamedTuple):
    """Which alerts are wanted; a scope of None is any."""

    scope: str | None
    everything: bool


def parameters(query: MultiMapping[str], *known: str) -> dict[str, str]:
    """The parameters of a query, of which each may be given once; raises Wrong."""
    found: dict[str, str] = {}
    for name, value in query.items():
        if name not in known:
            raise Wrong(400, f"this parameter is not known here; known are {', '.join(known)}", name[:LONGEST_SCOPE])
        if name in found:
            raise Wrong(400, "this parameter can be given once", name)
        found[name] = value
    return found


def of_scope(scope: str, asked: Mapping[str, str], view: View) -> list[Name]:
    """The standings of one scope: of the period that is named, or of those under way."""
    _known(scope, view.plan, "scope")
    if "period" in asked:
        return [(scope, _period(asked["period"], scope, view.plan))]
    return _under_way([scope], view)


def of_level(asked: Mapping[str, str], view: View) -> list[Name]:
    """The standings of all scopes of a level, or of all scopes."""
    level = asked.get("level")
    if level is not None and level not in LEVELS:
        raise Wrong(400, f"a level is one of {', '.join(LEVELS)}", "level")
    scopes = [scope for scope in view.plan.scopes if level is None or scope.partition(":")[0] == level]
    if "period" not in asked:
        return _under_way(scopes, view)
    # Calendars of teams may name their quarters in other ways; what no scope understands is wrong.
    _period(asked["period"], "company", view.plan, *scopes)
    return [(scope, name) for scope in scopes if (name := _maybe(asked["period"], scope, view.plan)) is not None]


def of_alerts(asked: Mapping[str, str], view: View) -> AskedAlerts:
    """Which alerts are asked for."""
    state, scope = asked.get("state", "firing"), asked.get("scope")
    if state not in STATES:
        raise Wrong(400, f"a state is one of {', '.join(STATES)}", "state")
    if scope is not None:
        _known(scope, view.plan, "scope")
    return AskedAlerts(scope, state == "all")


def _known(scope: str, plan: PlanIndex, field: str) -> None:
    if len(scope) > LONGEST_SCOPE or scope not in plan.scopes:
        raise Wrong(404, "the plan has no such scope; there are company, unassigned, team:ID and rep:ID", field)


def _under_way(scopes: Iterable[str], view: View) -> list[Name]:
    now = view.as_of
    return [] if now is None else [(scope, name) for scope in scopes for name in under_way(scope, view.plan, now)]


def _period(text: str, scope: str, plan: PlanIndex, *others: str) -> str:
    """The id of the period that the text names for the scope, or for one of the others."""
    if len(text) > LONGEST_PERIOD or not text.isascii():
        raise Wrong(400, f"this is no period; {_DAYS}", "period")
    try:
        return kept_period(scope, text, plan)
    except InvalidRecord as error:
        found = next((name for other in others if (name := _maybe(text, other, plan)) is not None), None)
        if found is not None:
            return found
        raise Wrong(400, str(error), "period") from error


def _maybe(text: str, scope: str, plan: PlanIndex) -> str | None:
    try:
        return kept_period(scope, text, plan)
    except InvalidRecord:
        return None
