"""Where input comes in from outside: a module for each, with `feed`, `seeds` and `WORDS`."""

import random
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, Protocol, cast

NAMES = ("gateway", "records", "plans", "mappings", "lines", "letters")
ROOT = Path(__file__).parents[2]
LARGEST = 20_000
"""Bytes of an input that was made up."""
ANYWHERE = (
    b"",
    b"\n",
    b'"',
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"null",
    b"-1",
    b"1.5",
    b"9" * 30,
    b"\xff",
    b"\0",
    b"\xc3",
)


class Surface(Protocol):
    """What a module offers."""

    @property
    def WORDS(self) -> Sequence[bytes]:  # noqa: N802 - a module's constant
        """What an input is likely to hold."""
        ...

    def feed(self, raw: bytes) -> None:
        """Raises AssertionError for an answer that is none, and whatever is a crash."""
        ...

    def seeds(self, root: Path) -> list[bytes]:
        """Inputs to begin with, made from the repository's examples."""
        ...


def surface(name: str) -> Surface:
    """The module; imported late, so that it can be instrumented first."""
    return cast(Surface, import_module(f"tests.fuzz.{name}"))


class Edit(NamedTuple):
    """A change of some bytes: between two places, given as shares of the whole, stands something else."""

    start: float
    length: int
    instead: bytes
    times: int

    def done(self, raw: bytes) -> bytes:
        """The bytes after it."""
        at = int(self.start * len(raw))
        return (raw[:at] + self.instead * self.times + raw[at + self.length :])[:LARGEST]


def mutated(seeds: Sequence[bytes], words: Sequence[bytes], chance: random.Random) -> bytes:
    """A seed with a few edits."""
    raw = chance.choice(seeds)
    for _ in range(chance.randint(1, 4)):
        at, length = chance.random(), chance.choice([0, 0, 1, 1, 2, 8, 40])
        here = raw[int(at * len(raw)) :][:length]
        instead = chance.choice([*words, *ANYWHERE, here, here, chance.randbytes(3)])
        raw = Edit(at, length, instead, chance.choice([1, 1, 1, 2, 50])).done(raw)
    return raw
