"""Messages into deliveries: the stage of the notifications topic, whose table is the outbox (docs/adr/0009)."""

import heapq
from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec import json

from quota.deliveries import KEPT, pending, withdrawn
from quota.plans import PlanIndex
from schemas.control import PlanMarker, Tick
from schemas.notifications import Delivery, Notification
from streams import tables
from streams.batches import Fetched
from streams.log import Outgoing
from streams.stages.stage import Moment, Place


class Deliveries:
    """What became of every message to one shard's recipients, and what is still to be sent, by sink."""

    def __init__(self, place: Place) -> None:
        """Empty until loaded."""
        self.place = place
        self.records: dict[str, Delivery] = {}
        self.pending: dict[str, dict[str, Delivery]] = {}
        self._revision, self._routes, self._switches = 0, frozenset[str](), False
        self._before: datetime | None = None
        """The moment that time had come to when the plan changed: what was found until then was found under another."""
        self._settled: list[tuple[datetime, str]] = []
        self._changed: set[str] = set()
        self._decode = json.Decoder(Notification | Tick | PlanMarker).decode
        self._load = json.Decoder(Delivery).decode

    def decode(self, value: bytes) -> object:
        """What the notifications agent says."""
        return self._decode(value)

    def sender_of(self, said: object) -> str:
        """Messages come from every shard, and count as they come."""
        return ""

    def load(self, table: str, key: bytes, value: bytes) -> None:
        """Takes back what became of a message."""
        self._note(self._load(value))

    def install(self, plan: PlanIndex | None, tick: int) -> None:
        """Brings what is pending into the order in which it came about."""
        for name, waiting in self.pending.items():
            self.pending[name] = dict(sorted(waiting.items(), key=_age))

    def take(self, said: object, record: Fetched, epoch: int) -> None:
        """Notes a message that is to be sent; one that is known already is not sent again."""
        if isinstance(said, Notification) and said.idempotency_key not in self.records:
            new = pending(said)
            self.note(withdrawn(new, new.at, self._why(said)) if self._is_gone(said) else new)

    def note(self, delivery: Delivery) -> None:
        """Notes what has become of a message, for the next flush."""
        self._note(delivery)
        self._changed.add(delivery.notification.idempotency_key)

    def _note(self, delivery: Delivery) -> None:
        key = delivery.notification.idempotency_key
        self.records[key] = delivery
        to = self.pending.setdefault(delivery.notification.sink, {})
        if delivery.state == "pending":
            to[key] = delivery
        else:
            to.pop(key, None)
            heapq.heappush(self._settled, (delivery.at, key))

    def is_written(self, key: str) -> bool:
        """Whether what it knows of a message was given to a flush; it is durable once that flush is done."""
        return key not in self._changed

    def owed(self) -> Iterable[Outgoing]:
        """Nothing: this is where records end."""
        return ()

    def complete(self, moment: Moment) -> Iterable[Outgoing]:
        """Gives up messages whose route is gone, and forgets what became of messages long ago; nothing is said."""
        if self._switches and moment.at is not None:
            self._switches, self._before = False, moment.before
            waiting = [delivery for each in self.pending.values() for delivery in each.values()]
            for delivery in waiting:
                if self._is_gone(delivery.notification):
                    self.note(withdrawn(delivery, moment.at, self._why(delivery.notification)))
        if moment.evaluates and moment.at is not None and self._settled:
            self._changed.update(self._forgotten(moment.at - KEPT))
        return ()

    def _is_gone(self, said: Notification) -> bool:
        # Shards come to a plan one after the other: a later message over a route that is unknown here may be one of a
        # plan that is still to come.
        return self._before is not None and said.cause.at <= self._before and said.route not in self._routes

    def _why(self, said: Notification) -> str:
        return f"revision {self._revision} of the plan has no route {said.route} any more"

    def _forgotten(self, before: datetime) -> Iterator[str]:
        while self._settled and self._settled[0][0] < before:
            _, key = heapq.heappop(self._settled)
            if self.records.pop(key, None) is not None:
                yield key

    def switch(self, plan: PlanIndex) -> Iterable[Outgoing]:
        """From here on this plan's routes say which messages are still wanted; its first tick gives up the others."""
        self._revision, self._switches = plan.revision, True
        self._routes = frozenset(route.id for route in plan.plan.routes)
        return ()

    def stored(self) -> list[Outgoing]:
        """The deliveries that changed."""
        changed, self._changed = sorted(self._changed), set()
        return [self._put(key, self.records.get(key)) for key in changed]

    def _put(self, key: str, delivery: Delivery | None) -> Outgoing:
        value = None if delivery is None else json.encode(delivery)
        return Outgoing(tables.OUTBOX.name, self.place.shard, key.encode(), value)


def _age(entry: tuple[str, Delivery]) -> tuple[datetime, str, int]:
    cause = entry[1].notification.cause
    return cause.at, cause.fingerprint, cause.number
