"""Alerts: one instance per fingerprint, and every change of its state as a transition with its reason."""

from typing import Any, Literal

from msgspec import Struct

from schemas.fields import Moment, Scope

TransitionKind = Literal["firing", "resolved", "retracted"]


class Transition(Struct, frozen=True, tag="transition", omit_defaults=True):
    """An alert changed its state at a tick; `number` counts the transitions of its fingerprint from 1."""

    fingerprint: str
    number: int
    rule: str
    kind: str
    scope: Scope
    period: str
    transition: TransitionKind
    at: Moment
    tick: int
    reason: str
    summary: str
    details: dict[str, Any]
    subject: str | None = None
    sender: str = ""
    quiet: bool = False


class AlertState(Struct, frozen=True, omit_defaults=True):
    """Table record: where one fingerprint stands.

    `streak` counts the evaluations in a row on which the condition held. State `done` has no open instance. `kind` is
    the rule's, so that an open instance can be closed in its own way after its rule has left the plan. `quiet` says
    that nobody was told of the last instance's beginning, and so nobody is told of its end.
    """

    fingerprint: str
    rule: str
    scope: Scope
    period: str
    state: Literal["normal", "pending", "firing", "done"]
    streak: int = 0
    number: int = 0
    since: Moment | None = None
    subject: str | None = None
    kind: str = ""
    quiet: bool = False
