"""The published contract of the API: an OpenAPI document made from the shapes of its answers (`make schemas`)."""

from typing import Any

import msgspec

from streams.api.questions import LEVELS, LONGEST_PERIOD, LONGEST_SCOPE, STATES
from streams.api.shapes import (
    AlertsDocument,
    HealthDocument,
    ReadyDocument,
    StandingDocument,
    StandingsDocument,
)
from streams.contracts import openapi
from streams.contracts.openapi import CHALLENGE, RETRY_AFTER, SECURITY, answer, problem, ref

SHAPES = (StandingDocument, StandingsDocument, AlertsDocument, HealthDocument, ReadyDocument)
ABOUT = "What stands and what fires: a worker tells it, and `quotaflow api` the same, from the copy in Redis."
_HEADERS = {401: CHALLENGE, 503: RETRY_AFTER}
_REASONS = {
    400: "a parameter that is not known, given twice, or wrong; `field` names it",
    401: "no token, or a wrong one",
    403: "without a token, under another name than this machine's own",
    404: "the plan has no such scope, or nothing stands for it in the period yet",
    503: "not ready yet, or what it answers from is away; come again after `Retry-After` seconds",
}
_SCOPE = {"type": "string", "minLength": 1, "maxLength": LONGEST_SCOPE}
_PERIOD = {
    "name": "period",
    "in": "query",
    "description": "The id of a period, as 2017-09-15, 2017-W37, 2017-09, 2017-Q3 or 2017; without it those under way.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_PERIOD},
    "example": "2017-Q3",
}


def document() -> dict[str, Any]:
    """The whole document."""
    schemas = openapi.of_structs(*SHAPES)
    return openapi.document(
        "QuotaFlow API", ABOUT, "http://127.0.0.1:8090", {**_questions(), **_conditions()}, [schemas]
    )


def _questions() -> dict[str, Any]:
    level = _choice("level", LEVELS, "Only scopes of this level; without it all.")
    state = _choice("state", STATES, "`firing` (the default), or `all`: also those that ended last.")
    scope = {"name": "scope", "in": "path", "required": True, "schema": _SCOPE, "example": "company"}
    about = {"name": "scope", "in": "query", "schema": _SCOPE, "description": "Only alerts about this scope."}
    one = {"anyOf": [_ref(StandingDocument), _ref(StandingsDocument)]}
    return {
        "/api/v1/standings": _get("Where all scopes of a level stand.", _ref(StandingsDocument), 400, level, _PERIOD),
        "/api/v1/standings/{scope}": _get(
            "Where a scope stands: one standing with `period`, else a list.", one, 404, scope, _PERIOD
        ),
        "/api/v1/alerts": _get("The alerts that fire.", _ref(AlertsDocument), 404, about, state),
    }


def _get(summary: str, schema: dict[str, Any], worst: int, *parameters: dict[str, Any]) -> dict[str, Any]:
    statuses = [status for status in _REASONS if status <= 403 or status in (worst, 503)]
    responses = {"200": answer("The answer.", schema)} | {str(status): _problem(status) for status in statuses}
    return {"get": {"summary": summary, "parameters": [*parameters], "responses": responses, "security": SECURITY}}


def _conditions() -> dict[str, Any]:
    """The paths that anybody may ask; metrics are not for these programs, and have a format of their own."""
    healthy = {"200": answer("The process runs.", _ref(HealthDocument))}
    ready = {"200": answer("Questions are answered.", _ref(ReadyDocument)), "503": _problem(503)}
    return {
        "/healthz": {"get": {"summary": "Whether the process runs.", "responses": healthy}},
        "/readyz": {"get": {"summary": "Whether questions are answered.", "responses": ready}},
    }


def _choice(name: str, values: tuple[str, ...], about: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": about, "schema": {"type": "string", "enum": [*values]}}


def _ref(shape: type[msgspec.Struct]) -> dict[str, str]:
    return ref(shape.__name__)


def _problem(status: int) -> dict[str, Any]:
    about = _REASONS[status]
    return problem(f"{about[0].upper()}{about[1:]}.", _HEADERS.get(status))
