"""A shard's writer that also keeps its store: what was committed goes there, and nothing else does."""

from collections.abc import Mapping, Sequence

from streams.log import Outgoing, Spot, Writer
from streams.stores.shelf import Shelf


class KeepingWriter:
    """The writer of a log, and behind every commit the store."""

    def __init__(self, writer: Writer, shelf: Shelf) -> None:
        """Both are this one's from now on, and closed with it."""
        self._writer, self.shelf = writer, shelf

    async def commit(self, records: Sequence[Outgoing], positions: Mapping[Spot, int]) -> list[int]:
        """Commits to the log, then keeps the records; what the log's writer raises, and StoreDamaged."""
        # While the commit is under way, more is read.
        self.shelf.seal()
        offsets = await self._writer.commit(records, positions)
        self.shelf.keep(records, offsets)
        return offsets

    async def close(self) -> None:
        """Lets go of the shard and of the store."""
        try:
            await self._writer.close()
        finally:
            self.shelf.close()
