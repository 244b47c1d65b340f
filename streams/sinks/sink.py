"""What a sink is asked, and what it answers."""

from typing import Literal, NamedTuple, Protocol

from schemas.notifications import Notification


class Answer(NamedTuple):
    """What came of one attempt: `wait` is for how many seconds a receiver that failed wants to be left alone.

    `refused` is for good. A reason is for people and for the log: it holds no secret and no address.
    """

    outcome: Literal["delivered", "refused", "failed"]
    reason: str = ""
    wait: float = 0.0


DELIVERED = Answer("delivered")


class Sink(Protocol):
    """A way to people: asked once per attempt, several messages at a time."""

    async def send(self, message: Notification) -> Answer:
        """What came of it, within a bounded time."""
        ...

    async def close(self) -> None:
        """Lets go of connections."""
        ...
