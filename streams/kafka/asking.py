"""What to fetch from which broker, in one quick pass: the library's takes milliseconds for hundreds of partitions."""
# ruff: noqa: SLF001 (aiokafka gives no other way)

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from aiokafka.consumer.fetcher import Fetcher
from aiokafka.consumer.subscription_state import Assignment
from aiokafka.protocol.fetch import FetchRequest

from streams.kafka.sessions import Sessions

Partitions = list[tuple[Any, Any]]
"""Partitions and their states."""


class Actions(NamedTuple):
    """What the fetcher's routine asks for at each turn."""

    requests: list[tuple[int, FetchRequest]]
    resets: dict[int, list[Any]]
    seconds: float
    stale: bool
    resumed: list[Any]


def ask_quickly(fetcher: Fetcher) -> None:
    """From here on the fetcher fetches in sessions, and looks at its partitions quickly."""
    if type(fetcher._client) is not Sessions:
        fetcher._client = Sessions(fetcher._client)
        fetcher._get_actions_per_node = Asking(fetcher).actions


class Asking:
    """Gives what the library gives; what is out of the ordinary it leaves to the library."""

    def __init__(self, fetcher: Fetcher) -> None:
        """Takes the place of the fetcher's own method."""
        self._fetcher = fetcher
        self._library: Callable[[Assignment], Actions] = fetcher._get_actions_per_node
        self._known: tuple[Any, Any] = None, None
        self._led: dict[int, Partitions] | None = None

    def actions(self, assignment: Assignment) -> Actions:
        """What to do next for these partitions."""
        fetcher, led = self._fetcher, self._leaders(assignment)
        if led is None or fetcher._preferred_read_replica or not all(map(_placed, led.values())):
            return self._library(assignment)
        waits: dict[int, float] = {}
        for tp, result in fetcher._records.items():
            node = fetcher._client.cluster.leader_for_partition(tp)
            waits[node] = max(waits.get(node, 0.0), result.calculate_backoff())
        seconds = min(filter(None, waits.values()), default=fetcher._fetcher_timeout)
        found = Actions([], {}, seconds, stale=False, resumed=[])
        for node, partitions in led.items():
            if waits.get(node) or node in fetcher._in_flight:
                continue
            if positions := _positions(partitions, fetcher._records, found.resumed):
                found.requests.append((node, self._request(positions)))
        return found

    def _leaders(self, assignment: Assignment) -> dict[int, Partitions] | None:
        """The partitions by their leader; None where one has none at the moment. Remembered until either changes."""
        cluster = self._fetcher._client.cluster
        if self._known[0] is not assignment or self._known[1] is not cluster._partitions:
            self._known = assignment, cluster._partitions
            led: dict[int | None, Partitions] = {}
            for tp in assignment.tps:
                led.setdefault(cluster.leader_for_partition(tp), []).append((tp, assignment.state_value(tp)))
            known = {node: partitions for node, partitions in led.items() if node is not None and node >= 0}
            self._led = known if len(known) == len(led) else None
        return self._led

    def _request(self, positions: Mapping[str, list[tuple[int, int]]]) -> FetchRequest:
        fetcher, size = self._fetcher, self._fetcher._max_partition_fetch_bytes
        return FetchRequest(
            fetcher._fetch_max_wait_ms,
            fetcher._fetch_min_bytes,
            fetcher._fetch_max_bytes,
            fetcher._isolation_level,
            [(topic, [(p, at, size) for p, at in places]) for topic, places in positions.items()],
            rack_id=fetcher._client_rack or "",
        )


def _placed(partitions: Partitions) -> bool:
    """Whether of none the position is to be asked for first."""
    return all(state._position is not None for _, state in partitions)


def _positions(partitions: Partitions, held: Mapping[Any, Any], resumed: list[Any]) -> dict[str, list[tuple[int, int]]]:
    """Where to fetch on by topic; adds what tells when a paused partition is resumed."""
    found: dict[str, list[tuple[int, int]]] = {}
    for tp, state in partitions:
        if tp in held:
            continue
        if state._paused:
            resumed.append(state._resume_fut)
        else:
            found.setdefault(tp.topic, []).append((tp.partition, state._position))
    return found
