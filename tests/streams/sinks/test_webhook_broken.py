"""A receiver that is broken below HTTP: each way is a failure with its reason, and the next attempt delivers."""

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from socket import SO_LINGER, SOL_SOCKET

import pytest

from quota.notifications import notifications
from schemas.plan import Route
from streams.sinks.signing import secrets_of
from streams.sinks.sink import DELIVERED
from streams.sinks.webhook import Webhook
from streams.wall_clock import now
from tests.runtime.faulty_log import started
from tests.runtime.outboxes import Clock, all_in, delivering, messages, put, settled
from tests.streams.sinks.receiver import SECRET
from tests.unit.floor import a_plan
from tests.unit.news import transition

(MESSAGE,) = notifications(transition(), a_plan(routes=(Route("r", "ann", "hook"),)))
GOOD = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
SECONDS = 0.3
Connected = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def says(answer: bytes, *, reset: bool = False) -> Connected:
    """Reads a request, says this, and closes the connection, or tears it down."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _request(reader)
        writer.write(answer)
        await writer.drain()
        if reset:
            writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))

    return connected


async def _request(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    (length,) = (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
    await reader.readexactly(length)


async def drops_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The connection is taken and dropped before anything was read."""
    writer.transport.abort()


async def stops(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An answer begins and never ends."""
    await _request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nx: y\r\n")
    await reader.read()


BROKEN: dict[str, tuple[Connected, str]] = {
    "drops the connection at once": (drops_at_once, "the connection broke off"),
    "takes the message and tears the connection down": (says(b"", reset=True), "the connection broke off"),
    "takes the message and closes": (says(b""), "the connection broke off"),
    "breaks off in the status line": (says(b"HTTP/1.1 2"), "the connection broke off"),
    "breaks off in the headers": (says(b"HTTP/1.1 200 OK\r\nConte"), "the connection broke off"),
    "is no HTTP server": (says(b"220 mail.example ESMTP\r\n"), "the connection broke off"),
    "says a status that is no number": (says(b"HTTP/1.1 abc OK\r\n\r\n"), "the connection broke off"),
    "says nothing but noise": (says(bytes(range(256)) * 64), "the connection broke off"),
    "says a header without an end": (says(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000), "the connection broke off"),
    "says headers without an end": (says(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 50_000), "the connection broke off"),
    "stops in the headers": (stops, f"no answer within {SECONDS:g} s"),
}


@asynccontextmanager
async def broken(first: Connected) -> AsyncIterator[str]:
    """The address of a receiver that does this to the first connection, and takes what comes over later ones."""
    behave = [first]

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await (behave.pop() if behave else says(GOOD))(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"


@pytest.mark.parametrize(("first", "reason"), BROKEN.values(), ids=BROKEN.keys())
async def test_a_receiver_that_breaks_off_is_told_and_gets_the_message_again(first: Connected, reason: str) -> None:
    async with broken(first) as url:
        sink = Webhook(url, secrets_of(SECRET), now, SECONDS)
        answer = await sink.send(MESSAGE)
        again = await sink.send(MESSAGE)
        await sink.close()
    assert answer.outcome == "failed"
    assert answer.reason.startswith(reason)
    assert "127.0.0.1" not in answer.reason
    assert again == DELIVERED


async def test_what_a_broken_receiver_did_not_take_is_delivered_from_the_outbox_later(tmp_path: Path) -> None:
    async with broken(drops_at_once) as url, started(tmp_path / "log") as log:
        clock, sink = Clock(), Webhook(url, secrets_of(SECRET), now, SECONDS)
        async with delivering(log, {"hook": sink}, clock) as (courier, _):
            await put(log, messages(1))
            (found,) = await settled(log, lambda each: bool(each) and each[0].attempts == 1)
            assert (found.state, found.due is not None) == ("pending", True)
            clock.move(days=1)
            courier.wake()
            (found,) = await settled(log, all_in("delivered", 1))
    assert found.attempts == 2
