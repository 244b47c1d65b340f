"""A worker of its own process that shows its metrics, on the log at the path given; prints its port."""

import asyncio
import sys
from pathlib import Path

from aiohttp import web

from agents.worker import READERS, Worker, declare
from streams.embedded.log import EmbeddedLog
from streams.lock import WorkerLock
from streams.metrics.exposition import CONTENT_TYPE
from streams.metrics.meter import Meter
from streams.metrics.worker import WorkerMetrics
from streams.serving.projection import Projection
from streams.web.listening import Address, serving


async def serve(path: Path) -> None:
    """Works and answers until it is ended."""
    log = EmbeddedLog(path)
    await log.start()
    count, meter = await declare(log), Meter(READERS)
    async with Worker(f"embedded://{path}", log, live=False, shards=count, meter=meter) as worker:
        assert worker.shards is not None
        projection = Projection(log, count)
        metrics = WorkerMetrics(log, worker.shards, meter, projection)

        async def answer(request: web.Request) -> web.Response:
            return web.Response(body=await metrics(), headers={"Content-Type": CONTENT_TYPE})

        app = web.Application()
        app.router.add_get("/metrics", answer)
        async with serving(app, Address("127.0.0.1", 0)) as at, asyncio.TaskGroup() as both:
            print(at.port, flush=True)
            both.create_task(projection.follow())
            both.create_task(worker.run())


if __name__ == "__main__":
    with WorkerLock(Path(sys.argv[1]), "worker"):
        asyncio.run(serve(Path(sys.argv[1])))
