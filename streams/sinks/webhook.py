"""Webhooks as Standard Webhooks has them: signed, never following where it is sent on, and patient within bounds."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
from msgspec import json

from schemas.notifications import Notification
from streams.serving.transitions import document
from streams.sinks.signing import signature
from streams.sinks.sink import DELIVERED, Answer

SECONDS = 15.0
"""For a receiver to answer."""
LARGEST = 20_000
"""Bytes of a body."""
GONE = 410


class Webhook:
    """Posts every message to one address; what comes back beyond the status and a header is not read."""

    def __init__(
        self, url: str, secrets: Sequence[bytes], now: Callable[[], datetime], seconds: float = SECONDS
    ) -> None:
        """Connects with the first message; `seconds` is how long an answer may take."""
        self._url, self._secrets, self._now, self._seconds = url, secrets, now, seconds
        self._session: aiohttp.ClientSession | None = None

    async def send(self, message: Notification) -> Answer:
        """Delivered once a 2xx has come back."""
        body, at = payload(message), self._now()
        timestamp = int(at.timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "quotaflow",
            "webhook-id": message.idempotency_key,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(self._secrets, message.idempotency_key, timestamp, body),
        }
        try:
            # A body that nobody reads is closed with its connection, however long it would have been.
            async with self._client().post(self._url, data=body, headers=headers, allow_redirects=False) as answer:
                return judged(answer.status, answer.headers, at)
        except TimeoutError:
            return Answer("failed", f"no answer within {self._seconds:g} s")
        except aiohttp.ClientSSLError:
            return Answer("failed", "no trusted connection to the receiver: see its certificate")
        except aiohttp.ClientConnectorError:
            return Answer("failed", "the receiver cannot be reached")
        except aiohttp.ClientError as error:
            return Answer("failed", f"the connection broke off ({type(error).__name__})")

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=self._seconds),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        return self._session

    async def close(self) -> None:
        """Closes its connections."""
        if self._session is not None:
            await self._session.close()


def judged(status: int, headers: Mapping[str, str], at: datetime) -> Answer:
    """What an answer means."""
    if 200 <= status < 300:
        return DELIVERED
    if status == GONE:
        return Answer("refused", "answered 410: the receiver wants no more messages")
    if 300 <= status < 400:
        return Answer("failed", f"answered {status}, a redirect, which is never followed: name the address itself")
    return Answer("failed", f"answered {status}", _seconds(headers.get("Retry-After", ""), at))


def _seconds(retry_after: str, at: datetime) -> float:
    """How long a receiver wants to be left alone: a count of seconds or a moment; 0 for anything else."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, (parsedate_to_datetime(text) - at).total_seconds())
    except (ValueError, TypeError, OverflowError):  # no date, one without a zone, or one beyond all years
        return 0.0


def payload(message: Notification) -> bytes:
    """The body: what kind of message, since when it is so, and everything behind it."""
    cause = document(message.cause)
    data = {"recipient": message.recipient, "route": message.route, "title": message.subject, "text": message.body}
    found = _encoded(message, data | cause)
    return found if len(found) <= LARGEST else _encoded(message, data | cause | {"details": {}, "truncated": True})


def _encoded(message: Notification, data: dict[str, Any]) -> bytes:
    kind = f"alert.{message.cause.transition}"
    return json.encode({"type": kind, "timestamp": message.cause.at.isoformat(), "data": data})
