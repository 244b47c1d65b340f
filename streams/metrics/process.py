"""What every process of ours says about itself: its version, its memory, its computing time."""

from importlib.metadata import version

from prometheus_client import CollectorRegistry, GCCollector, Info, PlatformCollector, ProcessCollector

from streams.metrics.exposition import exposition


def watch_process(registry: CollectorRegistry) -> None:
    """Registers the process with a registry."""
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    Info("quotaflow_build", "The version that runs.", registry=registry).info({"version": version("quotaflow")})


class ProcessMetrics:
    """The exposition of a process that is no worker."""

    def __init__(self) -> None:
        """`registry` takes more, should there be more to say."""
        self.registry = CollectorRegistry()
        watch_process(self.registry)

    async def __call__(self) -> bytes:
        """The process as of now."""
        return await exposition(self.registry.collect())
