"""Who is told what: a message to a recipient, and what became of it."""

from typing import Literal

from msgspec import Struct

from schemas.alerts import Transition
from schemas.fields import Moment, Name


class Notification(Struct, frozen=True, tag="notification"):
    """One message about one transition to one recipient over one route; the key makes repeats recognisable."""

    idempotency_key: Name
    route: Name
    recipient: Name
    sink: Name
    subject: str
    body: str
    cause: Transition


class Delivery(Struct, frozen=True, tag="delivery", omit_defaults=True):
    """Table record: what became of a notification: pending, delivered, or failed for good with the reason.

    `at` is when it came to this, by the clock of whoever sent it; before the first attempt, the transition's moment.
    `due` is when a pending one is tried again; without it, as soon as its sink can be used.
    """

    notification: Notification
    state: Literal["pending", "delivered", "failed"]
    at: Moment
    attempts: int = 0
    due: Moment | None = None
    reason: str | None = None
