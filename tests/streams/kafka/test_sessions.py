"""A broker that is told differences fetches from what was asked for, whatever was lost or refused in between."""

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.fetch import FetchRequest, FetchRequest_v4, FetchRequest_v11
from hypothesis import given
from hypothesis import strategies as st

from streams.kafka.sessions import Sessions

NODE, SIZE = 1, 1024
INVALID_EPOCH = 71

Wanted = dict[tuple[str, int], int]
"""Offsets by topic and partition."""


class Lost(Exception):
    """The connection broke."""


@dataclass
class Broker:
    """Fetch sessions as KIP-227 tells them; `fate` is what becomes of the next request."""

    version: type = FetchRequest_v11
    fate: str = "answered"
    sessions: dict[int, tuple[int, Wanted]] = field(default_factory=dict)
    fetched: Wanted | None = None
    named: int = 0
    _last: int = 0

    async def send(self, _node: int, request: FetchRequest, **_: Any) -> Any:
        """Its answer tells of every partition that it fetched from."""
        if self.fate == "lost before":
            raise Lost
        built: Any = request.build(cast(Any, self.version))
        self.fetched, answer = self._answered(built)
        if self.fate == "lost after":
            raise Lost
        return answer

    def _answered(self, built: Any) -> tuple[Wanted | None, Any]:
        told = {
            (topic, each[0]): each[2 if built.API_VERSION >= 9 else 1]
            for topic, parts in built.topics
            for each in parts
        }
        self.named = len(told)
        if built.API_VERSION < 7:
            return told, SimpleNamespace(topics=_topics(told))
        if self.fate == "forgotten":
            self.sessions.clear()
        number, epoch = built.session_id, built.session_epoch
        if epoch == 0:
            self.sessions.pop(number, None)
            if self.fate == "refused":
                return told, _answer(0, told)
            self._last += 1
            self.sessions[self._last] = 1, told
            return told, _answer(self._last, told)
        if number not in self.sessions or self.sessions[number][0] != epoch:
            return None, _answer(0, {}, INVALID_EPOCH)
        wanted = self.sessions[number][1] | told
        for topic, gone in built.forgotten_topics_data:
            for partition in gone:
                del wanted[topic, partition]
        self.sessions[number] = epoch + 1, wanted
        return wanted, _answer(number, wanted)


def _answer(number: int, told: Wanted, error: int = 0) -> Any:
    return SimpleNamespace(session_id=number, error_code=error, topics=_topics(told))


def _topics(told: Wanted) -> list[tuple[str, list[tuple[int]]]]:
    return [(topic, [(partition,)]) for topic, partition in told]


def fetch(wanted: Wanted) -> FetchRequest:
    topics = sorted({topic for topic, _ in wanted})
    parts = {name: [(p, at, SIZE) for (topic, p), at in wanted.items() if topic == name] for name in topics}
    return FetchRequest(500, 1, 2**20, 1, [*parts.items()])


wants = st.dictionaries(st.tuples(st.sampled_from("ab"), st.integers(0, 3)), st.integers(0, 5), max_size=6)
fates = st.sampled_from(["answered", "answered", "answered", "lost before", "lost after", "forgotten", "refused"])


def ask(sessions: Sessions, wanted: Wanted) -> tuple[FetchRequest, Any]:
    request = fetch(wanted)
    return request, asyncio.run(sessions.send(NODE, request))


@given(st.lists(st.tuples(wants, fates), max_size=12), wants, st.sampled_from([FetchRequest_v11, FetchRequest_v4]))
def test_whatever_was_lost_a_broker_fetches_what_was_asked_for_or_refuses_once(
    before: list[tuple[Wanted, str]], last: Wanted, version: type
) -> None:
    broker = Broker(version)
    sessions = Sessions(cast(AIOKafkaClient, broker))
    for wanted, broker.fate in before:
        try:
            _, answer = ask(sessions, wanted)
        except Lost:
            continue
        assert broker.fetched == wanted or answer.topics == []
    broker.fate = "answered"
    request, answer = ask(sessions, last)
    if getattr(answer, "error_code", 0):
        request, _ = ask(sessions, last)
    assert broker.fetched == last
    assert {(topic, p): at for topic, parts in request.topics for p, at, _ in parts} == last


def test_a_fetch_without_news_names_no_partition_and_one_session_is_open() -> None:
    broker = Broker()
    sessions = Sessions(cast(AIOKafkaClient, broker))
    for position, expected in ((3, 48), (3, 0), (3, 0), (4, 48)):
        ask(sessions, {("a", partition): position for partition in range(48)})
        assert broker.named == expected
    broker.fate = "lost after"
    with pytest.raises(Lost):
        ask(sessions, {("a", 1): 9})
    broker.fate = "answered"
    ask(sessions, {("a", 1): 9})
    assert len(broker.sessions) == 1
