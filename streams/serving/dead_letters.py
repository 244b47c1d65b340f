"""Dead letters as they are stored: listed, found, and laid to rest once their fact is in."""

from typing import Any, NamedTuple

import msgspec
from msgspec import json

from schemas.dead_letters import DeadLetter
from streams import topics
from streams.log import Log, Outgoing, Spot

_decode = json.Decoder(DeadLetter).decode


class Kept(NamedTuple):
    """A dead letter, and the partition that it lies in."""

    letter: DeadLetter
    partition: int

    def rest(self) -> Outgoing:
        """The record that takes the letter off the list: its key, and nothing."""
        return Outgoing(topics.DEAD_LETTERS.name, self.partition, self.letter.id.encode(), None)


async def dead_letters(log: Log, shards: int) -> dict[str, Kept]:
    """Every letter that was not laid to rest, by id, partition after partition in the order of arrival."""
    found: dict[str, Kept] = {}
    for shard in range(shards):
        async for chunk in log.read(Spot(topics.DEAD_LETTERS.name, shard)):
            for record in chunk:
                name = (record.key or b"").decode(errors="replace")
                found.pop(name, None)
                if record.value:
                    found[name] = Kept(_decode(record.value), shard)
    return found


def document(letter: DeadLetter) -> dict[str, Any]:
    """The letter's JSON object; its bytes are text where they are UTF-8, and base64 otherwise."""
    found: dict[str, Any] = msgspec.to_builtins(letter)
    del found["type"]
    for field, content in (("raw", letter.raw), ("key", letter.key)):
        if content is not None:
            text = readable(content)
            found[field] = found[field] if text is None else text
            found |= {f"{field}_encoding" if field == "key" else "encoding": "base64"} if text is None else {}
    return found


def readable(content: bytes) -> str | None:
    """The text that the bytes are, or None."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None
