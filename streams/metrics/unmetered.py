"""What shards report of their work, and the meter of a worker that nobody watches."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from streams.log import Outgoing

Metrics = Callable[[], Awaitable[bytes]]
"""Gives what Prometheus reads."""


class Unmetered:
    """Takes every report and keeps nothing."""

    def read(self, topic: str, records: int, seconds: float) -> None:
        """An agent was handed so many records of its topic, and took so many seconds for them."""

    def flushed(self, facts: Mapping[str, int], written: Sequence[Outgoing], seconds: float) -> None:
        """A flush was committed after so many seconds: facts by topic, and the records that it wrote."""

    def took_over(self) -> None:
        """A shard, or the clock, was taken over."""

    def lost(self) -> None:
        """A flush failed, and with it what its shard had in memory."""


UNMETERED = Unmetered()
"""For whoever names no other."""
