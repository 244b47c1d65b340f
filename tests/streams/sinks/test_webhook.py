"""Webhooks against a real receiver that checks them with the official library."""

import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from quota.notifications import notifications
from schemas.plan import Route
from streams.sinks.signing import secrets_of
from streams.sinks.sink import DELIVERED, Answer
from streams.sinks.webhook import LARGEST, Webhook, judged, payload
from streams.wall_clock import now
from tests.streams.sinks.receiver import SECRET, Behaviour, answers, babbles, dies, hangs, receiving
from tests.unit.floor import a_plan
from tests.unit.news import transition

(MESSAGE,) = notifications(transition(), a_plan(routes=(Route("r", "ann", "hook"),)))
AT = datetime(2026, 3, 5, 12, tzinfo=UTC)


@asynccontextmanager
async def webhook(url: str, seconds: float = 5.0, secrets: str = SECRET) -> AsyncIterator[Webhook]:
    made = Webhook(url, secrets_of(secrets), now, seconds)
    yield made
    await made.close()


async def tried(*behaviours: Behaviour, seconds: float = 5.0) -> list[Answer]:
    """What came of sending the same message to a receiver that behaves so; it must have come every time."""
    async with receiving() as receiver, webhook(receiver.url, seconds) as sink:
        receiver.behave = [*behaviours]
        found = [await sink.send(MESSAGE) for _ in behaviours]
        assert receiver.ids == [MESSAGE.idempotency_key] * len(behaviours)
        return found


async def test_a_message_is_delivered_with_everything_behind_it() -> None:
    async with receiving() as receiver, webhook(receiver.url) as sink:
        assert await sink.send(MESSAGE) == DELIVERED
        (said,) = receiver.said
    assert (said["type"], said["timestamp"]) == ("alert.firing", MESSAGE.cause.at.isoformat())
    data: dict[str, Any] = said["data"]
    assert (data["recipient"], data["route"], data["title"], data["text"]) == (
        "ann",
        "r",
        MESSAGE.subject,
        MESSAGE.body,
    )
    assert (data["rule"], data["rule_id"], data["scope"]) == ("early_stage_shortage", "shortage", "team:dustin")
    assert (data["transition"], data["number"], data["details"]) == ("firing", 1, MESSAGE.cause.details)


async def test_every_secret_signs_so_that_either_is_enough_for_the_receiver() -> None:
    new = "whsec_" + "bmV3" * 10
    for theirs in (SECRET, new):
        async with receiving(theirs) as receiver, webhook(receiver.url, secrets=f"{new} {SECRET}") as sink:
            assert await sink.send(MESSAGE) == DELIVERED


async def test_what_fails_is_told_and_the_same_id_is_sent_again() -> None:
    assert await tried(answers(500), answers(404), dies, answers(429, Retry_After="120"), answers(204)) == [
        Answer("failed", "answered 500"),
        Answer("failed", "answered 404"),
        Answer("failed", "the connection broke off (ServerDisconnectedError)"),
        Answer("failed", "answered 429", 120),
        DELIVERED,
    ]


async def test_a_receiver_that_hangs_is_not_waited_for() -> None:
    assert await tried(hangs, answers(200), seconds=0.2) == [Answer("failed", "no answer within 0.2 s"), DELIVERED]


async def test_a_redirect_is_not_followed() -> None:
    async with receiving() as other:
        (answer,) = await tried(answers(307, Location=other.url))
        assert (answer.outcome, other.ids) == ("failed", [])
    assert "redirect" in answer.reason


async def test_gone_is_for_good() -> None:
    (answer,) = await tried(answers(410))
    assert answer.outcome == "refused"


async def test_a_body_without_an_end_is_not_read() -> None:
    assert await tried(babbles, answers(200)) == [DELIVERED, DELIVERED]


async def test_nobody_at_the_address_is_told_without_the_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    async with webhook(f"http://127.0.0.1:{port}/very-secret") as sink:
        assert await sink.send(MESSAGE) == Answer("failed", "the receiver cannot be reached")


async def test_without_a_trusted_connection_nothing_is_sent() -> None:
    async with receiving() as receiver, webhook(receiver.url.replace("http:", "https:")) as sink:
        answer = await sink.send(MESSAGE)
        assert answer == Answer("failed", "no trusted connection to the receiver: see its certificate")
        assert receiver.ids == []


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("-7", 0),
        ("soon", 0),
        ("", 0),
        ("9" * 30, 999_999_999),
        ("٣", 0),
        ("Wed, 21 Oct 99999999999 07:28:00 GMT", 0),
        ("Thu, 05 Mar 2026 12:02:00 GMT", 120),
    ],
)
def test_how_long_a_receiver_wants_to_be_left_alone(header: str, seconds: float) -> None:
    assert judged(503, {"Retry-After": header}, AT).wait == seconds


def test_a_moment_that_is_over_or_has_no_zone_puts_nothing_off() -> None:
    assert judged(503, {"Retry-After": "Thu, 05 Mar 2026 11:00:00 GMT"}, AT).wait == 0
    assert judged(503, {"Retry-After": "Thu, 05 Mar 2026 13:00:00"}, AT - timedelta(days=1)).wait == 0


def test_a_body_stays_within_bounds() -> None:
    large = replace(MESSAGE, cause=transition(details={"list": ["x" * 1000] * 30}))
    assert len(payload(large)) <= LARGEST
    assert json.loads(payload(large))["data"]["details"] == {}
    assert json.loads(payload(large))["data"]["truncated"] is True
    assert "truncated" not in json.loads(payload(MESSAGE))["data"]
