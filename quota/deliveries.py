"""What becomes of a message: tried until it is delivered, refused for good, or tried often enough."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from schemas.notifications import Delivery, Notification

WAITS = (5, 300, 1800, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
"""Seconds after each failed attempt until the next one, as Standard Webhooks proposes."""
LONGEST_WAIT = WAITS[-1]
"""Seconds for which a receiver may put off the next attempt."""
SPREAD = 0.2
"""A wait is up to so much longer, so that what failed together is not tried together."""
KEPT = timedelta(days=30)
"""For how long it is known what became of a message that is not pending, in the time of the ticks."""


def pending(notification: Notification) -> Delivery:
    """A message that nobody has tried to deliver."""
    return Delivery(notification, "pending", notification.cause.at)


def delivered(before: Delivery, at: datetime) -> Delivery:
    """After an attempt that the receiver confirmed."""
    return Delivery(before.notification, "delivered", at, before.attempts + 1)


def refused(before: Delivery, at: datetime, reason: str) -> Delivery:
    """After an attempt that the receiver refused for good."""
    return Delivery(before.notification, "failed", at, before.attempts + 1, reason=reason)


def retried(before: Delivery, at: datetime, reason: str, *, jitter: float, wanted: float = 0.0) -> Delivery:
    """After an attempt that failed: due again, or failed for good after the last.

    `jitter` is from 0 to 1; `wanted` is for how many seconds the receiver asked to be left alone.
    """
    attempts = before.attempts + 1
    if attempts > len(WAITS):
        told = f"given up after {attempts} attempts; the last one: {reason}"
        return Delivery(before.notification, "failed", at, attempts, reason=told)
    wait = max(WAITS[attempts - 1], min(wanted, LONGEST_WAIT)) * (1 + SPREAD * jitter)
    return Delivery(before.notification, "pending", at, attempts, at + timedelta(seconds=wait), reason)


def unsendable(before: Delivery, reason: str) -> Delivery:
    """Pending still, for a reason that no attempt will change."""
    return replace(before, reason=reason)


def withdrawn(before: Delivery, at: datetime, reason: str) -> Delivery:
    """Failed for good without another attempt."""
    return Delivery(before.notification, "failed", at, before.attempts, reason=reason)
