"""What the installed distribution promises: a command, and two transports that Faust finds by the scheme of a URL."""

import importlib.metadata

import pytest
from faust.transport.drivers import by_url
from yarl import URL

from streams.embedded.transport import Transport as EmbeddedTransport
from streams.kafka.transport import Transport as KafkaTransport


@pytest.mark.parametrize(
    ("url", "transport"),
    [("kafka-batch://localhost:9092", KafkaTransport), ("embedded://quotaflow.db", EmbeddedTransport)],
)
def test_faust_finds_our_transport_by_the_scheme_of_a_url(url: str, transport: type) -> None:
    assert by_url(URL(url)) is transport


def test_the_command_can_be_loaded() -> None:
    (command,) = importlib.metadata.entry_points(group="console_scripts", name="quotaflow")
    assert callable(command.load())
