"""The Redis server, as far as it is used: commands that answer in time, or Unavailable without a word of the URL."""

from collections.abc import Sequence
from typing import Any, cast
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from quota.errors import Unavailable

CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 5.0
AT_ONCE = 1000
"""Fields that are asked for in one command."""


class RedisServer:
    """A server by its URL, which may hold a password; connections are made when they are needed."""

    def __init__(self, url: str) -> None:
        """Takes a URL that `redis_problem` finds nothing wrong with."""
        parts = urlsplit(url)
        self.name = f"{parts.hostname}:{parts.port or 6379}"
        # One more try: a connection that was kept may have ended with a server that is back.
        self._client = Redis.from_url(
            url,
            protocol=2,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 1),
        )

    async def close(self) -> None:
        """Ends all connections."""
        await self._client.aclose()

    async def get(self, key: str) -> bytes | None:
        """The string, or None."""
        return cast(bytes | None, await self._do("GET", key))

    async def names(self, key: str) -> list[bytes]:
        """The fields of a hash."""
        return cast(list[bytes], await self._do("HKEYS", key))

    async def size(self, key: str) -> int:
        """How many fields a hash has."""
        return cast(int, await self._do("HLEN", key))

    async def values(self, key: str) -> list[bytes]:
        """The values of a hash."""
        return cast(list[bytes], await self._do("HVALS", key))

    async def some(self, key: str, fields: Sequence[str]) -> list[bytes | None]:
        """The values of these fields of a hash, None where there is none."""
        found: list[bytes | None] = []
        for start in range(0, len(fields), AT_ONCE):
            found += cast(list[bytes | None], await self._do("HMGET", key, *fields[start : start + AT_ONCE]))
        return found

    async def run(self, script: str, keys: Sequence[str], *arguments: str | bytes | int) -> bool:
        """Runs a script and tells whether it did something."""
        return bool(await self._do("EVAL", script, len(keys), *keys, *arguments))

    async def look(self, script: str, keys: Sequence[str]) -> list[bytes] | None:
        """The list that a script gives, or None."""
        return cast(list[bytes] | None, await self._do("EVAL", script, len(keys), *keys))

    async def _do(self, *command: str | bytes | int) -> Any:
        try:
            return await self._client.execute_command(*command)  # type: ignore[no-untyped-call] # published so
        except (RedisError, OSError) as error:
            # The error's own words may hold what was sent to log in.
            raise Unavailable(f"Redis at {self.name} does not answer ({type(error).__name__})") from None
