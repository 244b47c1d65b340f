"""What a worker on the embedded log forgets from time to time: what every reader has passed and nothing needs again."""

import asyncio

from streams import topics
from streams.embedded.log import EmbeddedLog

SECONDS = 60.0
"""Between two rounds."""
FORGOTTEN = {topics.CREDITS.name: False, topics.STANDINGS.name: True, topics.NOTIFICATIONS.name: True}
"""Topic → whether the last record of every key is kept."""


async def keep_house(log: EmbeddedLog) -> None:
    """Forgets once a minute, for ever."""
    while True:
        await asyncio.sleep(SECONDS)
        await log.forget(FORGOTTEN)
