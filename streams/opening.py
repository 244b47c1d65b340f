"""Which log a broker URL names; commands open one without waiting for Faust to be imported."""

from pathlib import Path

from streams.embedded.log import EmbeddedLog
from streams.log import Log, LogError

GROUP = "quotaflow"
"""The consumer group of all workers of a log, whose name its positions carry."""


def open_log(broker: str) -> Log:
    """The log that a broker URL names; raises LogError for one that is none of ours."""
    if broker.startswith("embedded://") and broker != "embedded://":
        # A path; an absolute one has three slashes in front.
        return EmbeddedLog(Path(broker.removeprefix("embedded://")))
    if broker.startswith("kafka://"):
        # Its client takes a while to import, which no command on an embedded log needs.
        from streams.kafka.log import KafkaLog

        return KafkaLog(broker.removeprefix("kafka://"), GROUP)
    message = f"{broker!r} names no log: use embedded://PATH or kafka://host:port"
    raise LogError(message)
