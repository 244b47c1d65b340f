"""Transitions into messages: the stage of the alerts topic, which keeps nothing."""

from collections.abc import Iterable

from msgspec import json

from quota.notifications import notifications
from quota.plans import PlanIndex
from schemas.alerts import Transition
from schemas.control import PlanMarker, Tick
from streams import topics
from streams.batches import Fetched
from streams.log import Outgoing
from streams.stages.stage import Moment, Place

QUIET = b'"quiet":true}'
"""How the encoding of a quiet transition ends: `quiet` is its last field, and left out where it is false."""


class Notifications:
    """What one shard's transitions give to say, to whom, under the plan that they were found under."""

    def __init__(self, place: Place) -> None:
        """Empty until installed."""
        self.place = place
        self._plan: PlanIndex | None = None
        self._said: list[Outgoing] = []
        self._decode = json.Decoder(Transition | Tick | PlanMarker).decode

    def decode(self, value: bytes) -> object:
        """What the alerts agent says; None for a quiet transition, of which a replay has thousands."""
        if value.endswith(QUIET) and value.startswith(b'{"type":"transition"'):
            return None
        return self._decode(value)

    def sender_of(self, said: object) -> str:
        """Each record names its sender."""
        return said.sender if isinstance(said, Transition) else ""

    def load(self, table: str, key: bytes, value: bytes) -> None:
        """There is no table."""

    def install(self, plan: PlanIndex | None, tick: int) -> None:
        """Goes on under this plan."""
        self._plan = plan

    def take(self, said: object, record: Fetched, epoch: int) -> None:
        """Says a transition to everybody who is told of it, each in the recipient's shard."""
        if isinstance(said, Transition) and self._plan is not None:
            for message in notifications(said, self._plan):
                to, key = self.place.shard_of(message.recipient), message.idempotency_key.encode()
                self._said.append(Outgoing(topics.NOTIFICATIONS.name, to, key, json.encode(message)))

    def owed(self) -> Iterable[Outgoing]:
        """What was not flushed yet."""
        said, self._said = self._said, []
        return said

    def complete(self, moment: Moment) -> Iterable[Outgoing]:
        """What is owed is said before the tick."""
        return self.owed()

    def switch(self, plan: PlanIndex) -> Iterable[Outgoing]:
        """From here on this plan's routes say who is told."""
        owed, self._plan = self.owed(), plan
        return owed

    def stored(self) -> list[Outgoing]:
        """Nothing."""
        return []
