"""A server's address, who may speak to it, and its life from the first request to the last."""

import hmac
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from aiohttp import web

from quota.errors import QuotaError
from streams.config import TOKEN, TOKEN_FILE, Config, ConfigError
from streams.web.protocol import Runner

SHORTEST_TOKEN = 16
GRACE_SECONDS = 30.0
"""For requests under way, once the server is told to stop."""
KEPT_SECONDS = 75.0
"""For a connection on which nothing comes."""
_ADDRESS = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^\s:/\[\]]+):(?P<port>[0-9]{1,5})")
_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\s:/\[\]]+)(?::[0-9]{0,5})?")
_BEARER = re.compile(r"bearer +(\S+)", re.IGNORECASE)


class AddressTaken(QuotaError):
    """The address cannot be listened on; the message says what to do."""


class _WithoutContent(logging.Filter):
    """The server's own log tells the sort of an error only: its text may be a piece of a request, tokens included."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[0]:
            record.msg, record.args = "a request could not be handled: %s", (record.exc_info[0].__name__,)
            record.exc_info = record.exc_text = None
        return True


LOGGER = logging.getLogger("quotaflow.web")
LOGGER.addFilter(_WithoutContent())


@dataclass(frozen=True)
class Address:
    """Where a server listens; port 0 is any free one."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        """The address that HOST:PORT names; raises ConfigError."""
        match = _ADDRESS.fullmatch(text)
        if not match or int(match["port"]) > 65535:
            raise ConfigError(f"--listen {text!r} is no address; write HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080")
        return cls(match["host"].strip("[]"), int(match["port"]))

    @property
    def url(self) -> str:
        """For reading, and for clients on this machine."""
        return f"http://[{self.host}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"


@dataclass(frozen=True)
class Tokens:
    """The bearer tokens that are let in; without any, everybody on this machine is."""

    known: tuple[bytes, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, config: Config) -> "Tokens":
        """The tokens of the settings; raises ConfigError for one that is too short, without ever repeating it."""
        named = [(TOKEN, part) for part in config.token.split(",")]
        if config.token_file:
            named += [(TOKEN_FILE, line) for line in _lines(Path(config.token_file))]
            if not any(line.strip() for name, line in named if name == TOKEN_FILE):
                raise ConfigError(f"{TOKEN_FILE}: {config.token_file} holds no token; write one per line")
        found = [(name, text.strip()) for name, text in named if text.strip()]
        for name, token in found:
            if len(token) < SHORTEST_TOKEN or not re.fullmatch(r"[!-~]+", token):
                raise ConfigError(
                    f"{name}: a token has at least {SHORTEST_TOKEN} characters, all of them ASCII and none a blank; "
                    "make one with `openssl rand -hex 32`"
                )
        return cls(tuple(token.encode() for _, token in found))

    def admit(self, authorization: str | None) -> bool:
        """Whether an Authorization header carries one of the tokens; takes as long for a wrong one as for a right."""
        said = _BEARER.fullmatch((authorization or "").strip())
        token = said[1].encode(errors="surrogateescape") if said else b""
        return any([hmac.compare_digest(token, each) for each in self.known])  # noqa: C419 - every one is compared


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigError(f"{TOKEN_FILE}: {path}: {why}; name a file with one token per line") from None


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the host."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def is_local(host_header: str) -> bool:
    """Whether a request's Host is this machine: a web page that had its own name point here says another one."""
    host = _HOST.fullmatch(host_header)
    return host is not None and is_loopback(host[1].strip("[]").lower())


def require_tokens(address: Address, tokens: Tokens) -> None:
    """Raises ConfigError for an address that others can reach without a token."""
    if not tokens.known and not is_loopback(address.host):
        raise ConfigError(
            f"--listen {address.host}:{address.port} can be reached from other machines: "
            f"set {TOKEN} or {TOKEN_FILE}, or listen on 127.0.0.1"
        )


@asynccontextmanager
async def serving(
    app: web.Application, address: Address, *, elsewhere: bool = False, grace: float = GRACE_SECONDS
) -> AsyncIterator[Address]:
    """The address that the app answers on while the context lasts; raises AddressTaken.

    With `elsewhere` an address that is taken is left to whoever has it, and any free port of the host is used. At the
    end no more connections are taken, and requests under way have `grace` seconds.
    """
    # Bodies stay as they were sent: what is small and unpacks to gigabytes is refused by its header.
    runner = Runner(
        app,
        access_log=None,
        auto_decompress=False,
        keepalive_timeout=KEPT_SECONDS,
        logger=LOGGER,
        shutdown_timeout=grace,
    )
    await runner.setup()
    try:
        try:
            await _listen(runner, address)
        except AddressTaken:
            if not elsewhere:
                raise
            await _listen(runner, Address(address.host, 0))
        yield Address(address.host, int(runner.addresses[0][1]))
    finally:
        await runner.cleanup()


async def _listen(runner: Runner, address: Address) -> None:
    try:
        await runner.listen(address.host, address.port)
    except OSError as error:
        raise AddressTaken(
            f"cannot listen on {address.host}:{address.port} ({_why(error)}): "
            "stop what is there, or name another --listen"
        ) from error


def _why(error: OSError) -> str:
    """What the system says, which asyncio wraps in words of its own."""
    return (error.strerror or str(error)).rpartition(": ")[2]
