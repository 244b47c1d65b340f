"""Lines that no reader can use, made from good facts and from nothing, by a seed."""

import json
import random
from collections.abc import Callable, Sequence

from tests.e2e.cli import Json

LONG = "x" * 201
MONEY = {"minor_units": 100, "currency": "USD"}
WRONG: dict[str, tuple[object, ...]] = {
    "type": (None, 7, "deal", "Deal_Changed", "tick", ["deal_changed"]),
    "id": (None, 7, "", LONG, {"id": "x"}),
    "source": (None, 7.5, "", LONG, []),
    "deal": (None, 7, "", LONG, ["d"], {"id": "d"}),
    "owner": (7, True, "", LONG, []),
    "stage": (7, "", {"name": "Won"}, False),
    "occurred_at": (
        *(None, 20170301, [], {}, "", "yesterday", "2017-03-01", "2017-03-01T12:00:00", "2017-02-30T12:00:00-06:00"),
        *("2017-03-01T25:00:00-06:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "12:00"),
    ),
    "created_at": (5, "2017", "2017-03-01T12:00:00", ["2017-03-01T12:00:00Z"], "1066-10-14T12:00:00Z"),
    "amount": (
        *(100, "100 USD", [100, "USD"], {}, {"minor_units": 100}, {"currency": "USD"}, MONEY | {"minor_units": "100"}),
        *(MONEY | {"minor_units": 1.5}, MONEY | {"minor_units": 10**16}, MONEY | {"currency": "dollars"}),
    ),
    "expected_close": (7, "soon", "2017-02-30", "1.3.2017"),
    "version": (-1, "2", 1.5, 10**10, None),
    "deleted": ("yes", 1, None),
    "quiet": ("no", 0, None),
}
REQUIRED = ("type", "id", "source", "occurred_at", "deal")
NOT_UTF8 = (b"\xff", b"\x80", b"\xc3(", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xc0\xaf")
VALUES = (b"null", b"true", b"42", b'"a fact"', b"[]", b"{}", b"1e999", b"NaN", b"-", b"'", b"\xef\xbb\xbf", b"\0")
WHITE = b" \t\r\n\x0b\x0c"
LARGEST = 64 * 1024
"""Bytes of the longest line that is a fact."""


def bad_lines(good: Sequence[Json], count: int, seed: int) -> list[bytes]:
    """So many lines without a line end, of all kinds in turn."""
    chance = random.Random(seed)
    return [KINDS[n % len(KINDS)](chance.choice(good), chance) for n in range(count)]


def line(fact: Json) -> bytes:
    """A fact as a line of a file."""
    return json.dumps(fact).encode()


def truncated(fact: Json, chance: random.Random) -> bytes:
    whole = line(fact)
    return whole[: chance.randrange(1, len(whole))]


def unquoted(fact: Json, chance: random.Random) -> bytes:
    """One quotation mark less: what was text becomes syntax."""
    whole = bytearray(line(fact))
    whole[chance.choice([at for at, byte in enumerate(whole) if byte == ord('"')])] = ord("x")
    return bytes(whole)


def wrongly_typed(fact: Json, chance: random.Random) -> bytes:
    field = chance.choice([*WRONG])
    return line(fact | {field: chance.choice(WRONG[field])})


def incomplete(fact: Json, chance: random.Random) -> bytes:
    without = chance.choice(REQUIRED)
    return line({field: value for field, value in fact.items() if field != without})


def not_utf8(fact: Json, chance: random.Random) -> bytes:
    whole = line(fact)
    at = chance.randrange(len(whole) + 1)
    return whole[:at] + chance.choice(NOT_UTF8) + whole[at:]


def noise(fact: Json, chance: random.Random) -> bytes:
    """Any bytes but those that make no line or end one."""
    raw = bytes(byte for byte in chance.randbytes(chance.randrange(1, 300)) if byte not in WHITE)
    return raw or b"?"


def huge(fact: Json, chance: random.Random) -> bytes:
    """A good fact but for its size; one in ten of these lines has megabytes, the others are just too long."""
    grown = fact | {"account": "a" * 200}
    room = LARGEST - len(line(grown)) + 1
    padding = chance.randrange(1_000_000, 2_000_000) if chance.random() < 0.1 else room + chance.randrange(100)
    return line(grown) + b" " * padding if chance.random() < 0.1 else line(fact | {"note": "n" * (LARGEST + padding)})


def nested(fact: Json, chance: random.Random) -> bytes:
    depth = chance.randrange(33, 3000)
    return chance.choice([b"[" * depth, b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth])


def of_another_kind(fact: Json, chance: random.Random) -> bytes:
    """JSON, or nearly, but no fact."""
    whole = line(fact)
    return chance.choice([*VALUES, whole + whole, b"[" + whole + b"]", whole + b",", b"data: " + whole])


KINDS: tuple[Callable[[Json, random.Random], bytes], ...] = (
    *(truncated, unquoted, wrongly_typed, incomplete, not_utf8, noise, nested, of_another_kind) * 8,
    huge,
)
