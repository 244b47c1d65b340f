"""Messages into deliveries: the stage of the notifications topic, whose table is the outbox (docs/adr/0009)."""

import heapq
from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec import json

from quota.deliveries import KEPT, pending
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
        """Brings what is pending into the order in which it came about; deliveries depend on no plan."""
        for name, waiting in self.pending.items():
            self.pending[name] = dict(sorted(waiting.items(), key=_age))

    def take(self, said: object, record: Fetched, epoch: int) -> None:
        """Notes a message that is to be sent; one that is known already is not sent again."""
        if isinstance(said, Notification) and said.idempotency_key not in self.records:
            self.note(pending(said))

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
        """Forgets what became of messages long ago; nothing is said."""
        if moment.evaluates and moment.at is not None and self._settled:
            self._changed.update(self._forgotten(moment.at - KEPT))
        return ()

    def _forgotten(self, before: datetime) -> Iterator[str]:
        while self._settled and self._settled[0][0] < before:
            _, key = heapq.heappop(self._settled)
            if self.records.pop(key, None) is not None:
                yield key

    def switch(self, plan: PlanIndex) -> Iterable[Outgoing]:
        """Deliveries depend on no plan."""
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
