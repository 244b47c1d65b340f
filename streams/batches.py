"""One Faust message per fetched chunk of a partition: what both transports hand to agents."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import faust
from faust.types import TP, AppT, EventT, Message


class Fetched(Protocol):
    """What a record of either engine offers; its batch knows topic and partition."""

    @property
    def offset(self) -> int:
        """Its place in the partition."""
        ...

    @property
    def timestamp(self) -> int:
        """When the log took it, in milliseconds since 1970."""
        ...

    @property
    def key(self) -> bytes | None:
        """What it is about."""
        ...

    @property
    def value(self) -> bytes | None:
        """What it says."""
        ...


class Batch(NamedTuple):
    """Consecutive records of one partition, read since that partition was opened with the number `opening`."""

    topic: str
    partition: int
    opening: int
    records: Sequence[Fetched]


class Flow(Protocol):
    """What the runtime asks of a consumer: agents' partitions are closed until they are opened at a position."""

    @property
    def flowing(self) -> bool:
        """Whether Faust lets records flow; it clears its queues just before it does."""
        ...

    @property
    def drained(self) -> bool:
        """Whether all that may be read was handed out when it looked last; a consumer that cannot tell says no."""
        ...

    async def open_partitions(self, positions: Mapping[TP, int], opening: int) -> None:
        """Hands out records from exactly these offsets on, in batches that carry this opening."""
        ...

    def hold_partitions(self, tps: set[TP]) -> None:
        """Fetches no more from these until they are released; what was handed out stays handed out."""
        ...

    def release_partitions(self, tps: set[TP]) -> None:
        """Goes on where it was held; unknown partitions are ignored."""
        ...

    def close_partitions(self, tps: set[TP]) -> None:
        """Fetches no more from these until they are opened again."""
        ...


class BatchSchema(faust.Schema[Any, Any]):
    """Gives agents the batch as it is; records are decoded by them, each in its own quarantine."""

    def compile(self, app: AppT, **_: Any) -> Callable[..., Awaitable[EventT[Any]]]:
        """The decoder that Faust calls once per message."""
        create_event = app.create_event

        async def decode(message: Message, *, propagate: bool = False) -> EventT[Any]:
            return create_event(None, message.value, None, message)

        return decode
