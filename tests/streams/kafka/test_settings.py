"""Faust understands what it is told about the broker."""

import faust

from streams.kafka.settings import settings


def test_several_hosts_are_several_brokers() -> None:
    app = faust.App("group", **settings("kafka://one:9092,two:9093"), set_as_current=False)
    assert [str(url) for url in app.conf.broker] == ["kafka-batch://one:9092", "kafka-batch://two:9093"]


def test_a_flush_under_way_fits_into_a_rebalance_and_a_session_into_a_request() -> None:
    told = settings("kafka://one:9092")
    assert told["broker_heartbeat_interval"] * 3 < told["broker_session_timeout"] <= told["broker_request_timeout"]
    assert 9 < told["broker_rebalance_timeout"] <= told["broker_request_timeout"]
