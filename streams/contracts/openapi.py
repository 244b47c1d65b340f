"""What our OpenAPI documents have in common: their frame, the bearer token, problems, and answers in JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

Json = dict[str, Any]

OPENAPI = "3.1.0"
BEARER = "bearer"
SECURITY: list[Json] = [{BEARER: []}]
"""Of an operation that needs a token."""
PROBLEM: Json = {
    "title": "Problem",
    "description": "What went wrong and what to do about it (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "const": "about:blank"},
        "title": {"type": "string", "description": "The status in words."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {
            "type": "string",
            "description": "What is wrong with the request, in words that repeat nothing of it.",
        },
        "field": {"type": "string", "description": "What of the request to look at, where one thing is to blame."},
    },
}
RETRY_AFTER: Json = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string", "pattern": "^[0-9]+$"}}
}
CHALLENGE: Json = {
    "WWW-Authenticate": {"description": "That a bearer token is asked for.", "schema": {"type": "string"}}
}


def ref(name: str) -> Json:
    """A reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def of_structs(*types: Any) -> dict[str, Json]:
    """The schemas of structs and of all that they are made of, by name."""
    return msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")[1]


def answer(description: str, schema: Json, headers: Json | None = None) -> Json:
    """An answer in JSON."""
    return _answer(description, "application/json", schema, headers)


def problem(description: str, headers: Json | None = None, schema: Json | None = None) -> Json:
    """An answer that says what went wrong."""
    return _answer(description, "application/problem+json", schema or ref("Problem"), headers)


def unauthorized() -> Json:
    """The answer to a request without one of the tokens."""
    return problem("No token, or a wrong one; send `Authorization: Bearer TOKEN`.", CHALLENGE)


def _answer(description: str, media: str, schema: Json, headers: Json | None) -> Json:
    made: Json = {"description": description, "content": {media: {"schema": schema}}}
    return made | ({"headers": headers} if headers else {})


def document(
    title: str, description: str, server: str, paths: Mapping[str, Json], schemas: Sequence[Mapping[str, Json]]
) -> Json:
    """A whole document; `server` is the address by default, a later one of the schemas goes before an earlier."""
    return {
        "openapi": OPENAPI,
        "info": {"title": title, "version": "1", "description": description},
        "servers": [{"url": server, "description": "The address by default."}],
        "paths": dict(paths),
        "components": {
            "schemas": {"Problem": PROBLEM} | {name: said for each in schemas for name, said in each.items()},
            "securitySchemes": {BEARER: {"type": "http", "scheme": "bearer", "description": "QUOTAFLOW_TOKEN"}},
        },
    }
