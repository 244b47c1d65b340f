"""The shapes of the API's answers, for its OpenAPI document: what `documents` makes of standings and transitions."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from schemas.alerts import TransitionKind
from schemas.fields import Moment, Scope
from schemas.standings import Measure, PipelineStanding, QuotaStanding


class QuotaDocument(QuotaStanding, frozen=True, kw_only=True):
    """One quota of the scope and period against what was credited; what is undefined is null and `reasons` says why."""

    unit: str | UnsetType = UNSET  # type: ignore[assignment] # left out here where the record has null
    reasons: dict[str, str] | UnsetType = UNSET  # type: ignore[assignment] # left out where it is empty


class StandingDocument(Struct, frozen=True):
    """A scope's numbers in a period as of a moment; a closed period is as of its end and has no pipeline."""

    scope: Scope
    period: str
    as_of: Moment
    metrics: dict[str, Measure]
    quotas: list[QuotaDocument]
    pipeline: PipelineStanding | UnsetType = UNSET


class StandingsDocument(Struct, frozen=True):
    """Several standings, by scope and by when their periods begin, short periods first."""

    standings: list[StandingDocument]


class AlertDocument(Struct, frozen=True):
    """The last transition of an alert; `rule` is the rule's kind, `rule_id` its id in the plan where that differs."""

    rule: str
    scope: Scope
    period: str
    transition: TransitionKind
    at: Moment
    reason: str
    summary: str
    details: dict[str, Any]
    number: Annotated[int, Meta(ge=1)]
    quiet: bool
    rule_id: str | UnsetType = UNSET
    subject: str | UnsetType = UNSET


class AlertsDocument(Struct, frozen=True):
    """Alerts, in the order of their last transitions."""

    alerts: list[AlertDocument]


class HealthDocument(Struct, frozen=True):
    """The process runs."""

    healthy: Literal[True]


class ReadyDocument(Struct, frozen=True):
    """Questions are answered."""

    ready: Literal[True]
