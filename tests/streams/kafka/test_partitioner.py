"""Keys go where aiokafka, and with it every Java client, puts them."""

from aiokafka.partitioner import DefaultPartitioner
from aiokafka.partitioner import murmur2 as reference
from hypothesis import given
from hypothesis import strategies as st

from streams.partitioner import murmur2, partition


@given(st.binary(max_size=200))
def test_the_hash_is_the_one_of_aiokafka(key: bytes) -> None:
    assert murmur2(key) == reference(key)


@given(st.binary(max_size=40), st.integers(1, 64))
def test_a_key_goes_where_the_default_partitioner_puts_it(key: bytes, shards: int) -> None:
    numbers = list(range(shards))
    assert partition(key, shards) == DefaultPartitioner()(key, numbers, numbers)
