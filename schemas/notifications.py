"""Who is told what: a message to a recipient, and what became of it."""

from typing import Literal

from msgspec import Struct

from schemas.fields import Moment, Name


class Notification(Struct, frozen=True, tag="notification"):
    """One message about one transition to one recipient over one route; the key makes repeats recognisable."""

    idempotency_key: str
    fingerprint: str
    transition: int
    route: Name
    recipient: Name
    subject: str
    body: str
    at: Moment


class Delivery(Struct, frozen=True, tag="delivery", omit_defaults=True):
    """What became of a notification: pending, delivered, or failed for good with the reason."""

    idempotency_key: str
    route: Name
    state: Literal["pending", "delivered", "failed"]
    attempts: int
    at: Moment
    reason: str | None = None
