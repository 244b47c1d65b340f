"""Fetches that name only what changed (KIP-227): one of hundreds of partitions costs next to nothing without news."""
# ruff: noqa: SLF001 (aiokafka asks for every partition anew, and gives no other way)

from collections.abc import Iterable
from typing import Any, cast

from aiokafka.client import AIOKafkaClient, ConnectionGroup
from aiokafka.protocol.fetch import FetchRequest

FIRST_WITH_SESSIONS = 7
"""The version of the request; a broker without it is asked for everything."""
LAST_EPOCH = 2**31 - 1

Asked = dict[tuple[str, int], tuple[int, int]]
"""By topic and partition: the offset to fetch from, and bytes at most."""


class Sessions:
    """The fetcher's client, with a session for each broker; all that is no fetch is as it was."""

    def __init__(self, client: AIOKafkaClient) -> None:
        """No broker was asked yet."""
        self._client = client
        self._sessions: dict[int, Session] = {}

    def __getattr__(self, name: str) -> Any:
        """What the client has beside `send`."""
        return getattr(self._client, name)

    async def send(self, node: int, request: Any, *, group: ConnectionGroup = ConnectionGroup.DEFAULT) -> Any:
        """The answer to a request; one to a fetch may leave out partitions of which there is nothing new."""
        if type(request) is not FetchRequest:
            return await self._client.send(node, request, group=group)
        session = self._sessions.setdefault(node, Session())
        difference = session.next(request)
        try:
            response = await self._client.send(node, difference, group=group)
        except BaseException:
            # Nobody knows whether the broker has heard it.
            session.restart()
            raise
        session.heard(response)
        # The fetcher looks up what it asked for, which is much, to understand what came, which is little.
        request._topics = session.asked_of(response)
        return response


class Session:
    """What one broker knows of the partitions that are fetched from it."""

    def __init__(self) -> None:
        """The broker knows of nothing."""
        self._number = self._epoch = 0
        self._asked: Asked = {}

    def next(self, request: FetchRequest) -> "Difference":
        """What is to be sent instead of a request for everything."""
        wanted = {(topic, p): (offset, size) for topic, parts in request.topics for p, offset, size in parts}
        known, self._asked = self._asked if self._epoch else {}, wanted
        changed = {tp: at for tp, at in wanted.items() if known.get(tp) != at}
        return Difference(request, changed, known.keys() - wanted.keys(), self._number, self._epoch)

    def heard(self, response: Any) -> None:
        """Goes on after an answer; one that refuses the session holds nothing, and the next fetch begins a new one."""
        number = getattr(response, "session_id", 0)
        if getattr(response, "error_code", 0) or not number:
            self.restart()
            return
        self._number, self._epoch = number, 1 if self._epoch == LAST_EPOCH else self._epoch + 1

    def asked_of(self, response: Any) -> list[tuple[str, list[tuple[int, int, int]]]]:
        """What was asked of the partitions that an answer tells of."""
        return [(topic, [(p[0], *self._asked[topic, p[0]]) for p in parts]) for topic, parts in response.topics]

    def restart(self) -> None:
        """The next fetch asks for everything; it names the former session, so that the broker forgets that one."""
        self._epoch = 0


class Difference(FetchRequest):  # type: ignore[misc] # aiokafka has no types
    """A fetch in a session: epoch 0 asks for everything and a new session, any other for what changed."""

    def __init__(
        self, whole: FetchRequest, changed: Asked, gone: Iterable[tuple[str, int]], number: int, epoch: int
    ) -> None:
        """`gone` are partitions that the session is to forget."""
        topics = _by_topic((topic, (partition, *at)) for (topic, partition), at in changed.items())
        super().__init__(
            whole._max_wait_ms, whole._min_bytes, whole._max_bytes, whole._isolation_level, topics, whole._rack_id
        )
        self._whole, self._number, self._epoch, self._gone = whole, number, epoch, _by_topic(gone)

    def build(self, request_struct_class: Any) -> Any:
        """The request as it is sent, in the version that the broker takes."""
        if request_struct_class.API_VERSION < FIRST_WITH_SESSIONS:
            return self._whole.build(request_struct_class)
        built = cast(Any, super().build(request_struct_class))
        built.session_id, built.session_epoch, built.forgotten_topics_data = self._number, self._epoch, self._gone
        return built


def _by_topic(items: Iterable[tuple[str, Any]]) -> list[tuple[str, list[Any]]]:
    found: dict[str, list[Any]] = {}
    for topic, item in items:
        found.setdefault(topic, []).append(item)
    return [*found.items()]
