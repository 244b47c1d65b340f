"""Taking over a shard whose tables are kept in a store beside the log, and leaving it in good order."""

from collections.abc import Iterable, Sequence

from streams import tables
from streams.config import HORIZON_DAYS
from streams.filling import left
from streams.hop import Hop
from streams.log import Log, Writer
from streams.plan_reader import Plans
from streams.progress import Progress
from streams.shard import Reader
from streams.stages.stage import Large
from streams.stores.fitting import fit
from streams.stores.stores import Stores
from streams.stores.writer import KeepingWriter
from streams.takeover import take_hops
from streams.topology import Arrow


async def take_kept(
    log: Log,
    arrows: Sequence[Arrow],
    where: tuple[int, int],
    plans: Plans,
    writer: Writer,
    stores: Stores | None,
    *,
    horizon: int = HORIZON_DAYS,
) -> tuple[dict[str, Reader], Writer]:
    """The readers of a shard, and the writer that keeps its store.

    `where` is the number of the shard and how many there are, `horizon` is in days. The writer has been started; it is
    given back as it is without stores. Raises LogError, and leaves no store open.
    """
    shard, shards = where
    if stores is None:
        return await take_hops(log, arrows, shard, shards, plans, horizon=horizon), writer
    keeping = KeepingWriter(writer, stores.open(shard))
    try:
        names = (tables.MARKS.name, *(table.name for arrow in arrows for table in arrow.tables))
        await fit(keeping.shelf, log, shard, names, stores)
        return await take_hops(log, arrows, shard, shards, plans, keeping.shelf, horizon=horizon), keeping
    except BaseException:
        keeping.shelf.close()
        raise


async def leave(readers: Iterable[Reader], writer: Writer) -> None:
    """Leaves what was derived for the next owner, if all that was read is durable; raises StoreDamaged."""
    hops = [reader for reader in readers if isinstance(reader, Hop)]
    if not isinstance(writer, KeepingWriter) or any(hop.changed for hop in hops):
        return
    progress = Progress(hops[0].place.shard)
    for hop in hops:
        # What was left at the take-over is still true if nothing was read since.
        if isinstance(hop.stage, Large) and writer.shelf.few(hop.place.agent) is None:
            await left(hop.stage, writer.shelf, progress)
