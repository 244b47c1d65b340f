"""The console: a short block of text per message."""

from collections.abc import Callable

from schemas.notifications import Notification
from streams.sinks.sink import DELIVERED, Answer


class Console:
    """Hands every message to `write`, as text without a line end."""

    def __init__(self, write: Callable[[str], object]) -> None:
        """Writing may raise OSError."""
        self._write = write

    async def send(self, message: Notification) -> Answer:
        """Delivered once it is written."""
        try:
            self._write(block(message))
        except OSError as error:
            return Answer("failed", f"the console cannot be written to ({error.strerror})")
        return DELIVERED

    async def close(self) -> None:
        """Nothing is held open."""


def block(message: Notification) -> str:
    """When, to whom and what, and below it the rest; whatever a source wrote, it moves no cursor."""
    first = f"{message.cause.at:%Y-%m-%d %H:%M}  to {message.recipient}: {message.subject}"
    return "\n".join([_plain(first), *(f"    {_plain(line)}" for line in message.body.splitlines())])


def _plain(text: str) -> str:
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
