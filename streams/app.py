"""The Faust app: group membership, assignment and delivery of batches; everything durable is the shards'."""

from typing import Any, cast

import faust
from faust.tables.manager import TableManager

from streams.batches import BatchSchema
from streams.embedded.log import EmbeddedLog
from streams.embedded.transport import Transport
from streams.kafka.settings import settings
from streams.log import Log, TopicSpec
from streams.opening import GROUP

QUEUE = 8
"""Batches that wait for an agent before its partition pauses."""


class Tables(TableManager):
    """Faust's tables, of which there are none (docs/adr/0006)."""

    async def on_start(self) -> None:
        """Starts at once: Faust waits a second here, in which tables might still be declared."""
        await self._update_channels()
        await self.recovery.start()


class App(faust.App):
    """A Faust app that leaves no directory behind."""

    async def on_first_start(self) -> None:
        """Faust would make folders for tables, of which there are none (docs/adr/0006)."""


def make_app(broker: str, log: Log) -> faust.App:
    """An app on this log, with no agents yet."""
    if isinstance(log, EmbeddedLog):
        app = App(GROUP, broker="embedded://log", **COMMON)
        cast(Transport, app.transport).log = log
        return app
    return App(GROUP, **(COMMON | settings(broker)))


COMMON: dict[str, Any] = {
    "web_enabled": False,
    "TableManager": Tables,
    "table_standby_replicas": 0,
    "topic_disable_leader": True,
    "topic_allow_declare": False,
    "stream_wait_empty": False,
    "consumer_auto_offset_reset": "earliest",
    "autodiscover": False,
}


def batches(app: faust.App, topic: TopicSpec, shards: int) -> faust.TopicT:
    """The channel of a topic on which agents receive one batch per fetch."""
    return app.topic(topic.name, schema=BatchSchema(), maxsize=QUEUE, partitions=shards if topic.sharded else 1)
