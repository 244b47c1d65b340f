"""What the gateway's OpenAPI document allows is taken, and what it does not is refused in a documented way."""

import asyncio
from pathlib import Path

from streams import topics
from streams.config import MOST_DAYS
from streams.embedded.log import EmbeddedLog
from streams.gateway.server import Gateway
from streams.log import Spot
from streams.web.listening import Address, Tokens, serving
from tests.streams.web import fuzzing

SECRET = "a-token-that-is-long-enough"


async def test_the_gateway_does_what_its_document_says(root: Path, tmp_path: Path) -> None:
    log = EmbeddedLog(tmp_path / "log.db")
    await log.start()
    await log.declare(topics.ALL, 1)
    app = Gateway(log, 1, Tokens((SECRET.encode(),)), horizon=MOST_DAYS).app()
    async with serving(app, Address("127.0.0.1", 0)) as at:
        document = root / "schemas" / "openapi" / "gateway.json"
        said = await asyncio.to_thread(fuzzing.found, document, at.url, SECRET, tmp_path, examples=60)
    assert said == ""
    taken = await log.ends([Spot(topic.name, 0) for topic in topics.SOURCES])
    await log.stop()
    assert min(taken.values()) > 20, "of every kind of fact many were good enough to be taken"
