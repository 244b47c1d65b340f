"""Counters and histograms of a worker's work."""

from collections import Counter as Counts
from collections.abc import Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram

from streams import topics
from streams.log import Outgoing
from streams.metrics.unmetered import Unmetered

RECORDS = (1, 10, 100, 500, 1000, 2500, 5000, 10_000, 50_000)
SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Meter(Unmetered):
    """Counts since the start of the process.

    `registry` is its own; whoever has more to count (deliveries, say) registers it there, and it is shown too.
    """

    def __init__(self, agents: Mapping[str, str]) -> None:
        """`agents` names the agent that reads each topic."""
        self.registry = registry = CollectorRegistry()
        self._agents = dict(agents)
        self._facts = Counter("quotaflow_facts_read", "Facts that are durable.", ["topic"], registry=registry)
        self._records = Counter("quotaflow_records_read", "Records handed to an agent.", ["agent"], registry=registry)
        self._letters = Counter(
            "quotaflow_dead_letters", "Records set aside as unusable.", ["topic"], registry=registry
        )
        self._takeovers = Counter("quotaflow_takeovers", "Shards taken over, and the clock.", registry=registry)
        self._lost = Counter(
            "quotaflow_flushes_failed", "Flushes after which a shard is read again.", registry=registry
        )
        self._batches = _sized("quotaflow_batch_records", "Records of a batch.", registry, ["agent"])
        self._processing = _timed(
            "quotaflow_processing_seconds", "Time an agent takes for a batch.", registry, ["agent"]
        )
        self._flushes = _timed("quotaflow_flush_seconds", "Time of a flush, from gathering to committed.", registry)
        self._written = _sized("quotaflow_flush_records", "Records that a flush writes.", registry)
        self._begin()

    def _begin(self) -> None:
        """Whatever is not there yet stands at 0, so that its first increase is seen as one."""
        for topic in topics.SOURCES:
            self._facts.labels(topic.name)
            self._letters.labels(topic.name)
        for agent in self._agents.values():
            for each in (self._records, self._batches, self._processing):
                each.labels(agent)

    def read(self, topic: str, records: int, seconds: float) -> None:
        """Counts a batch, also one that is read again after a shard was lost."""
        agent = self._agents.get(topic, topic)
        self._records.labels(agent).inc(records)
        self._batches.labels(agent).observe(records)
        self._processing.labels(agent).observe(seconds)

    def flushed(self, facts: Mapping[str, int], written: Sequence[Outgoing], seconds: float) -> None:
        """Counts what has become durable, which is never read again."""
        for topic, count in facts.items():
            self._facts.labels(topic).inc(count)
        for topic, count in _letters(written).items():
            self._letters.labels(topic).inc(count)
        self._flushes.observe(seconds)
        self._written.observe(len(written))

    def took_over(self) -> None:
        """Counts it."""
        self._takeovers.inc()

    def lost(self) -> None:
        """Counts it."""
        self._lost.inc()


def _sized(name: str, about: str, registry: CollectorRegistry, labels: Sequence[str] = ()) -> Histogram:
    return Histogram(name, about, labels, buckets=RECORDS, registry=registry)


def _timed(name: str, about: str, registry: CollectorRegistry, labels: Sequence[str] = ()) -> Histogram:
    return Histogram(name, about, labels, buckets=SECONDS, registry=registry)


def _letters(written: Sequence[Outgoing]) -> Counts[str]:
    """Dead letters by the topic of what they keep, which their key begins with."""
    keys = ((record.key or b"").decode() for record in written if record.topic == topics.DEAD_LETTERS.name)
    return Counts(key.rsplit("/", 2)[0] for key in keys)
