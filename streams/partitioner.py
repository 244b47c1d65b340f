"""Where a key lives: Kafka's default partitioner, so that every producer and every engine agrees."""

import struct
from functools import lru_cache

SEED = 0x9747B28C
MIX = 0x5BD1E995
WORD = 0xFFFFFFFF
POSITIVE = 0x7FFFFFFF


@lru_cache(maxsize=1 << 16)
def partition(key: bytes, shards: int) -> int:
    """The partition of a key among `shards`, as Kafka's Java client chooses it."""
    return (murmur2(key) & POSITIVE) % shards


def murmur2(data: bytes) -> int:
    """The unsigned 32-bit MurmurHash2 with Kafka's seed (org.apache.kafka.common.utils.Utils.murmur2)."""
    whole = len(data) & ~3
    h = SEED ^ len(data)
    for word in struct.unpack(f"<{whole >> 2}I", data[:whole]):
        k = word * MIX & WORD
        k = (k ^ k >> 24) * MIX & WORD
        h = (h * MIX & WORD) ^ k
    if whole < len(data):
        h = (h ^ int.from_bytes(data[whole:], "little")) * MIX & WORD
    h = (h ^ h >> 13) * MIX & WORD
    return h ^ h >> 15
