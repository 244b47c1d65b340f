"""The exposition of a worker: its work, its state, and where the scopes stand that it owns."""

from streams.log import Log
from streams.metrics.exposition import exposition
from streams.metrics.meter import Meter
from streams.metrics.process import watch_process
from streams.metrics.sales import Sales
from streams.metrics.state import Lag, state
from streams.serving.projection import Projection
from streams.shards import CONTROL, Shards


class WorkerMetrics:
    """What `GET /metrics` of a worker answers; each scope is shown by the one worker that owns its shard."""

    def __init__(self, log: Log, shards: Shards, meter: Meter, projection: Projection) -> None:
        """`meter` is the one that the shards report to."""
        self._shards, self._meter = shards, meter
        self._lag, self._sales = Lag(log, shards), Sales(projection)
        watch_process(meter.registry)

    async def __call__(self) -> bytes:
        """All of it as of now; the log may take a second to answer."""
        lag = await self._lag.look()
        work = await exposition([*self._meter.registry.collect(), *state(self._shards, lag)])
        return work + await self._sales.text(self._shards.owned.keys() - {CONTROL})
