"""One look at the demo, and how fast facts come in."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from schemas.alerts import Transition
from streams.demo.board import Board

WINDOW = 5.0
"""Seconds over which the rate of facts is taken."""


@dataclass(frozen=True)
class Door:
    """An address that answers, as a URL without a path, and the port that was wanted instead if somebody has that."""

    url: str
    taken: int | None = None

    def at(self, path: str) -> str:
        """The URL of a path, and why it is not where one would look for it."""
        return self.url + path + (f" ({self.taken} is taken)" if self.taken is not None else "")


@dataclass(frozen=True)
class Doors:
    """Where the demo takes events and answers questions."""

    gateway: Door
    api: Door

    def told(self) -> list[str]:
        """One line for each thing that can be asked or sent."""
        return [
            f"API      {self.api.at('/api/v1/standings?level=team')}",
            f"metrics  {self.api.at('/metrics')}",
            f"events   POST {self.gateway.at('/events')}",
        ]


@dataclass(frozen=True)
class View:
    """What is shown: the board, when, how many facts came in a second lately, and whether the floor is live by now."""

    board: Board
    now: datetime
    rate: float
    live: bool


class Show(Protocol):
    """Where the demo is seen; a context, so that a terminal is left as it was found."""

    def __enter__(self) -> Self:
        """Begins to show."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Gives the terminal back."""
        ...

    def pause(self, *, live: bool) -> float:
        """Seconds until the next look."""
        ...

    def opened(self, doors: Doors) -> None:
        """Shows where the demo can be asked and told."""
        ...

    def told(self, message: str) -> None:
        """Shows a message that goes out to somebody: a subject, and lines below it."""
        ...

    def show(self, view: View, news: Sequence[Transition]) -> None:
        """Shows the board, and the alerts that have changed since the last look."""
        ...


class Rate:
    """How many a second, over the last few seconds."""

    def __init__(self) -> None:
        """Nothing has been counted."""
        self._seen: deque[tuple[float, int]] = deque()

    def of(self, count: int, at: float) -> float:
        """The rate, now that the count has come so far at this second."""
        self._seen.append((at, count))
        while len(self._seen) > 2 and at - self._seen[1][0] >= WINDOW:
            self._seen.popleft()
        since, before = self._seen[0]
        return (count - before) / (at - since) if at > since else 0.0
