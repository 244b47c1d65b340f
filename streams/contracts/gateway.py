"""The gateway as an OpenAPI document: what it takes, in every form, and every answer that it gives."""

from streams.contracts import cloudevents
from streams.contracts.openapi import (
    RETRY_AFTER,
    SECURITY,
    Json,
    answer,
    document,
    of_structs,
    problem,
    ref,
    unauthorized,
)
from streams.gateway.reading import BATCH, EVENT, LINES, MAX_BODY, MAX_EVENTS, PLAIN
from streams.gateway.server import BODY_SECONDS
from streams.replay.lines import MAX_LINE, AnyFact

ABOUT = f"""
Facts that come over HTTP. What is answered with 202 is in the log and outlives the gateway.

The `Content-Type` alone decides how a body is read. A body of `{PLAIN}` with the headers `ce-specversion`, `ce-type`,
`ce-source` and `ce-id` (and `ce-subject`, `ce-time`) beside it is the data of the CloudEvent that these headers tell.
Of `{LINES}` every line is a fact. Instead of `data` an event may have `data_base64`: the same JSON, in base64.

A request has at most {MAX_BODY} bytes and {MAX_EVENTS} facts, a fact at most {MAX_LINE} bytes. A fact is told apart by
its `source` and `id`: sent again it counts once. Fields that no schema names are passed over.
""".strip()
REFUSED: Json = {
    "title": "Refused",
    "description": "A fact of the request that cannot be used.",
    "type": "object",
    "required": ["index", "id", "reason", "field"],
    "properties": {
        "index": {"type": "integer", "minimum": 0, "description": "Its place in the request, from 0."},
        "id": {"type": ["string", "null"], "description": "Its own id, where it has one that can be read."},
        "reason": {"type": "string"},
        "field": {"type": ["string", "null"], "description": "What of it to look at."},
    },
}
ACCEPTED: Json = {"type": "integer", "minimum": 0, "description": "How many of the request's facts are in the log."}
REFUSALS: Json = {"type": "array", "items": ref("Refused")}


def openapi() -> Json:
    """The document."""
    facts = of_structs(AnyFact)
    shown = {"Fact": _one_of([name for name, fact in facts.items() if "type" in fact["properties"]])}
    return document(
        "QuotaFlow gateway",
        ABOUT,
        "http://127.0.0.1:8080",
        {
            "/events": {"post": _post(), "options": _handshake()},
            "/healthz": {"get": _look("healthy", "Whether the gateway runs.", {})},
            "/readyz": {
                "get": _look("ready", "Whether the log answers the gateway.", {"503": _away("does not answer")})
            },
        },
        [facts, shown, cloudevents.schemas(facts), {"Refused": REFUSED}],
    )


def _one_of(names: list[str]) -> Json:
    return {"title": "Fact", "description": "One of our own facts.", "anyOf": [ref(name) for name in names]}


def _post() -> Json:
    return {
        "operationId": "sendEvents",
        "summary": "Append facts to the log.",
        "description": "On loopback, and only there, a gateway without tokens takes events from everybody.",
        "security": SECURITY,
        "requestBody": {
            "required": True,
            "content": {
                PLAIN: {"schema": {"anyOf": [ref("Fact"), _many("Fact")]}},
                LINES: {"schema": _many("Fact")},
                EVENT: {"schema": ref("CloudEvent")},
                BATCH: {"schema": _many("CloudEvent")},
            },
        },
        "responses": _answers(),
    }


def _many(name: str) -> Json:
    return {"type": "array", "maxItems": MAX_EVENTS, "items": ref(name)}


def _answers() -> Json:
    counted = {"type": "object", "required": ["accepted"], "properties": {"accepted": ACCEPTED}}
    in_part = {
        "type": "object",
        "required": ["accepted", "refused"],
        "properties": {"accepted": ACCEPTED, "refused": REFUSALS},
    }
    none = {"allOf": [ref("Problem"), {"properties": {"accepted": {"const": 0}, "refused": REFUSALS}}]}
    return {
        "202": answer("All of them are in the log.", counted),
        "207": answer("The good ones are in the log; mend those that are refused.", in_part),
        "400": problem("No JSON, not UTF-8, nested too deep, or a header is missing or cannot be read."),
        "401": unauthorized(),
        "403": problem("A gateway without tokens was called by another name than its own machine's."),
        "408": problem(f"The body took more than {BODY_SECONDS:g} seconds; send it again."),
        "413": problem(f"More than {MAX_BODY} bytes or {MAX_EVENTS} facts; send several requests."),
        "415": problem("Another Content-Type than these, another charset than UTF-8, or a compressed body."),
        "417": problem("`Expect` with anything but `100-continue`."),
        "422": problem("JSON that is no usable fact; of several, none is.", schema=none),
        "500": problem("A bug: nothing is known of the request's facts."),
        "503": _away("does not take facts; send all of the request again, what is in already counts once"),
    }


def _away(what: str) -> Json:
    return problem(f"The log {what}.", RETRY_AFTER)


def _look(word: str, summary: str, more: Json) -> Json:
    said = {"type": "object", "required": [word], "properties": {word: {"const": True}}}
    return {"operationId": word, "summary": summary, "responses": {"200": answer(summary, said)} | more}


def _handshake() -> Json:
    """What CloudEvents' webhook binding, 4, has senders ask first."""
    asked = {"WebHook-Request-Origin": "Who wants to send.", "WebHook-Request-Rate": "How many a minute."}
    told = {"WebHook-Allowed-Origin": "Who may send.", "WebHook-Allowed-Rate": "How many a minute; `*` is any."}
    text = {"type": "string"}
    return {
        "operationId": "askToSend",
        "summary": "Ask whether events may be sent. Consent is no access: sending needs a token all the same.",
        "parameters": [
            {"name": name, "in": "header", "description": why, "schema": text} for name, why in asked.items()
        ],
        "responses": {
            "200": {
                "description": "Yes, at any rate.",
                "headers": {
                    "Allow": {"required": True, "description": "The methods of this path.", "schema": text},
                    **{name: {"description": why, "schema": text} for name, why in told.items()},
                },
            }
        },
    }
