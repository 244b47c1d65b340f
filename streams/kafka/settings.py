"""What Faust is told about Kafka: a worker that dies is missed within seconds, and nothing waits for minutes."""

from typing import Any


def settings(broker: str) -> dict[str, Any]:
    """The settings of a `faust.App` for the broker `kafka://host:port`, or several hosts by comma."""
    return {
        "broker": "kafka-batch://" + broker.removeprefix("kafka://").replace(",", ";"),
        # Seconds. A flush under way at a revocation may take 9; the session must not exceed the request.
        "broker_session_timeout": 8.0,
        "broker_heartbeat_interval": 2.0,
        "broker_rebalance_timeout": 12.0,
        "broker_request_timeout": 15.0,
        # Faust commits nothing; at this interval it forgets what agents acknowledged.
        "broker_commit_interval": 5.0,
        "consumer_max_fetch_size": 4 * 1024 * 1024,
        "consumer_auto_offset_reset": "none",
        "stream_wait_empty": False,
        "table_standby_replicas": 0,
        "topic_allow_declare": False,
        "topic_disable_leader": True,
    }
