"""The exposition of a worker: its work, its state, and where the scopes stand that it owns."""

from prometheus_client.metrics_core import Metric

from streams.log import Log
from streams.metrics.exposition import exposition
from streams.metrics.meter import Meter
from streams.metrics.process import watch_process
from streams.metrics.sales import Projected, sales
from streams.metrics.state import Lag, state
from streams.shards import CONTROL, Shards


class WorkerMetrics:
    """What `GET /metrics` of a worker answers; each scope is shown by the one worker that owns its shard."""

    def __init__(self, log: Log, shards: Shards, meter: Meter, projection: Projected) -> None:
        """`meter` is the one that the shards report to."""
        self._shards, self._meter, self._projection = shards, meter, projection
        self._lag = Lag(log, shards)
        watch_process(meter.registry)

    async def __call__(self) -> bytes:
        """All of it as of now; the log may take a second to answer."""
        owned = self._shards.owned.keys() - {CONTROL}
        lag = await self._lag.look()
        found: list[Metric] = [*self._meter.registry.collect(), *state(self._shards, lag)]
        return await exposition([*found, *await sales(self._projection, owned)])
