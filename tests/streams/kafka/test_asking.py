"""What is asked quickly is what the library would ask."""

from types import MethodType, SimpleNamespace
from typing import Any, NamedTuple, cast

from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.consumer.subscription_state import Assignment
from aiokafka.protocol.fetch import FetchRequest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.kafka.asking import ask_quickly
from streams.kafka.sessions import Sessions


class Partition(NamedTuple):
    """A partition of an assignment; `waits` is how long what was fetched may wait, None where nothing was."""

    leader: int | None
    position: int | None
    paused: bool
    waits: float | None


partitions = st.builds(
    Partition,
    st.sampled_from([1, 1, 2, 2, 3, -1, None]) | st.sampled_from([1, 2]),
    st.integers(0, 9) | st.integers(0, 9) | st.none(),
    st.sampled_from([False, False, True]),
    st.sampled_from([None, None, None, 0.0, 0.03, 0.1]),
)
usual = st.builds(
    Partition, st.sampled_from([1, 2]), st.integers(0, 9), st.booleans(), st.sampled_from([None, None, 0.0, 0.1])
)


def fetcher(found: list[Partition], in_flight: set[int]) -> tuple[Any, Assignment]:
    """A fetcher that stands so, and its assignment."""
    given_to = {TopicPartition("ab"[n % 2], n): each for n, each in enumerate(found)}
    states = {
        tp: SimpleNamespace(
            _position=each.position,
            position=each.position,
            has_valid_position=each.position is not None,
            _paused=each.paused,
            paused=each.paused,
            _resume_fut=tp,
            resume_fut=tp,
        )
        for tp, each in given_to.items()
    }
    cluster = SimpleNamespace(leader_for_partition=lambda tp: given_to[tp].leader, _partitions={})
    made = SimpleNamespace(
        _client=SimpleNamespace(cluster=cluster),
        _records={
            tp: SimpleNamespace(calculate_backoff=lambda waits=each.waits: waits)
            for tp, each in given_to.items()
            if each.waits is not None
        },
        _in_flight=in_flight,
        _preferred_read_replica={},
        _fetcher_timeout=0.2,
        _fetch_max_wait_ms=100,
        _fetch_min_bytes=1,
        _fetch_max_bytes=2**20,
        _max_partition_fetch_bytes=2**10,
        _isolation_level=1,
        _client_rack=None,
    )
    made._select_read_replica = MethodType(Fetcher._select_read_replica, made)
    made._get_actions_per_node = MethodType(Fetcher._get_actions_per_node, made)
    return made, cast(Assignment, SimpleNamespace(tps=set(states), state_value=states.__getitem__))


def asked(requests: list[tuple[int, FetchRequest]]) -> dict[int, dict[tuple[str, int], tuple[int, int]]]:
    """By broker and partition."""
    return {
        node: {(topic, p): (at, size) for topic, parts in request.topics for p, at, size in parts}
        for node, request in requests
    }


@settings(max_examples=400)
@given(st.lists(partitions, max_size=8) | st.lists(usual, max_size=8), st.sets(st.integers(1, 2)))
def test_requests_waits_and_what_is_missing_are_the_librarys(found: list[Partition], in_flight: set[int]) -> None:
    quick, assignment = fetcher(found, in_flight)
    requests, resets, seconds, stale, resumed = quick._get_actions_per_node(assignment)
    ask_quickly(quick)
    assert type(quick._client) is Sessions
    for _ in range(2):  # what it remembers gives the same
        ours = quick._get_actions_per_node(assignment)
        assert asked(ours[0]) == asked(requests)
        assert ours[1:4] == (resets, seconds, stale)
        assert {*ours[4]} <= {*resumed}
        # While something waits the library looks again within a moment anyway.
        assert any(each.waits for each in found) or {*ours[4]} == {*resumed}


def test_a_new_leader_is_asked_once_the_cluster_tells_of_it() -> None:
    led = {TopicPartition("a", 0): 1}
    quick, assignment = fetcher([Partition(1, 3, paused=False, waits=None)], set())
    quick._client.cluster.leader_for_partition = led.__getitem__
    ask_quickly(quick)
    assert asked(quick._get_actions_per_node(assignment)[0]).keys() == {1}
    led[TopicPartition("a", 0)] = 2
    quick._client.cluster._partitions = {}
    assert asked(quick._get_actions_per_node(assignment)[0]).keys() == {2}
