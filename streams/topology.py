"""Who reads what and speaks where: the arrows of all agents, and what follows for one shard."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from streams import topics
from streams.hop import Flow
from streams.log import Spot, TopicSpec
from streams.partitioner import partition
from streams.stages.stage import Place, Stage

CLOCK = "control"
"""The sender of ticks and markers in source partitions."""


@dataclass(frozen=True)
class Arrow:
    """One agent: the topic it reads, the tables it keeps, the topics it publishes to, and its arithmetic."""

    name: str
    reads: TopicSpec
    tables: tuple[TopicSpec, ...]
    publishes: tuple[TopicSpec, ...]
    stage: Callable[[Place], Stage]


def place(arrow: Arrow, shard: int, shards: int) -> Place:
    """Where the arrow's agent stands in this shard."""

    @lru_cache(maxsize=200_000)
    def shard_of(key: str) -> int:
        return partition(key.encode(), shards)

    return Place(arrow.name, shard, shards, shard_of)


def flow(arrow: Arrow, arrows: Sequence[Arrow], at: Place) -> Flow:
    """Who speaks to the arrow's agent in this shard, and where it passes ticks and markers on."""
    if arrow.reads in topics.SOURCES:
        senders: tuple[str, ...] = (CLOCK,)
    elif arrow.reads is topics.CREDITS:
        senders = tuple(f"{a.name}/{p}" for a in arrows if topics.CREDITS in a.publishes for p in range(at.shards))
    else:
        speaker = next(a.name for a in arrows if arrow.reads in a.publishes)
        # Beside its own shard's standings, alerts hear the baseline from the owner of `company`.
        heard = {at.shard, at.shard_of("company")} if arrow.reads is topics.STANDINGS else {at.shard}
        senders = tuple(f"{speaker}/{p}" for p in sorted(heard))
    outside, at_once = arrow.reads in topics.SOURCES, arrow.reads in {*topics.SOURCES, topics.ALERTS}
    return Flow(arrow.reads.name, senders, targets(arrow, at), outside=outside, at_once=at_once)


def targets(arrow: Arrow, at: Place) -> tuple[Spot, ...]:
    """Facts fan out to every scope's shard; a shard's own scopes stay in it; `company` speaks to all alerts.

    Messages go to their recipient's shard, but no tick has to: nobody waits there for what others say before it.
    """
    lead = at.shard == at.shard_of("company")
    everybody = {topics.CREDITS, topics.STANDINGS} if lead else {topics.CREDITS}
    parts = {published: range(at.shards) if published in everybody else (at.shard,) for published in arrow.publishes}
    return tuple(Spot(published.name, p) for published, shards in parts.items() for p in shards)
