"""Readers of single values: each takes a node and gives a value, or raises Wrong with what to write instead."""

import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from quota.plans import slug as slug_of
from streams.documents.entries import gather, items
from streams.documents.nodes import Mapping, Node, Scalar
from streams.documents.problems import Wrong, suggestion
from streams.documents.schemas import (
    NOTHING,
    WRITTEN,
    Reader,
    accepts,
    array,
    either,
    mapping,
    numbers,
    schema_of,
    words,
)

_SLUG = re.compile(r"[a-z0-9._-]{1,80}")
_PERIOD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_DECIMAL = re.compile(r"-?\d{1,15}(\.\d{1,6})?", re.ASCII)
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_TRUE, _FALSE = {"true", "yes", "on"}, {"false", "no", "off"}


def any_case(word: str) -> str:
    """A pattern for the word in capitals or not, for those who read patterns without flags."""
    return "".join(f"[{letter.upper()}{letter}]" for letter in word)


@accepts(WRITTEN | {"minLength": 1, "maxLength": 200})
def text(node: Node) -> str:
    """Any single value, as written."""
    if not isinstance(node, Scalar) or node.is_null or not node.text.strip():
        raise Wrong.at(node.place, "expected a word or a text", "write a single value")
    if len(node.text) > 200:
        raise Wrong.at(node.place, f"a text of {len(node.text)} characters", "use at most 200")
    return node.text


def nullable(read: Callable[[Node], Any]) -> Callable[[Node], Any]:
    """The reader, with null, `~` or nothing allowed and read as None."""
    schema = schema_of(read)
    return Reader(
        lambda node: None if isinstance(node, Scalar) and node.is_null else read(node),
        either(schema, NOTHING) if schema else schema,
    )


@accepts(words(_SLUG.pattern))
def slug(node: Node) -> str:
    """An identifier of a plan object."""
    value = text(node)
    if not _SLUG.fullmatch(value):
        proposal = slug_of(value)[:80]
        fix = f"write {proposal!r}" if proposal else "use at most 80 lower-case letters, digits, `.`, `_` and `-`"
        raise Wrong.at(node.place, f"{value!r} is not an id", fix)
    return value


@accepts(words(_PERIOD.pattern))
def period_id(node: Node) -> str:
    """What people call a period."""
    value = text(node)
    if not _PERIOD.fullmatch(value):
        raise Wrong.at(
            node.place, f"{value!r} is not the id of a period", "use at most 40 letters, digits, `.`, `_` and `-`"
        )
    return value


@accepts(numbers(r"-?[0-9_]+(\.[0-9_]+)?"))
def decimal(node: Node) -> str:
    """A number as a decimal string; underscores may group digits."""
    value = text(node).replace("_", "")
    if not _DECIMAL.fullmatch(value):
        raise Wrong.at(
            node.place, f"{value!r} is not a number", "write digits like 900000 or 0.45, without a currency sign"
        )
    return value


def whole(low: int, high: int) -> Callable[[Node], int]:
    """Reads a whole number between the bounds, both included."""

    def read(node: Node) -> int:
        value = text(node).replace("_", "")
        if not re.fullmatch(r"-?[0-9]{1,12}", value) or not low <= int(value) <= high:
            raise Wrong.at(node.place, f"{value!r} is not a whole number between {low} and {high}", "write one")
        return int(value)

    return Reader(read, numbers("-?[0-9_]+", "integer", minimum=low, maximum=high))


def fraction(low: float, high: float) -> Callable[[Node], float]:
    """Reads a number between the bounds, both included."""

    def read(node: Node) -> float:
        value = float(decimal(node))
        if not low <= value <= high:
            raise Wrong.at(
                node.place, f"{value:g} is not between {low:g} and {high:g}", "write a fraction, 0.2 for 20 %"
            )
        return value

    return Reader(read, numbers(r"-?[0-9_]+(\.[0-9_]+)?", minimum=low, maximum=high))


@accepts({"type": ["boolean", "string"], "pattern": f"^({'|'.join(map(any_case, sorted(_TRUE | _FALSE)))})$"})
def flag(node: Node) -> bool:
    """True or false."""
    value = text(node).lower()
    if value not in _TRUE | _FALSE:
        raise Wrong.at(node.place, f"{value!r} is neither true nor false", "write true or false")
    return value in _TRUE


@accepts({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"})
def day(node: Node) -> str:
    """A calendar day, ISO 8601."""
    value = text(node)
    try:
        if date.fromisoformat(value).isoformat() == value:
            return value
    except ValueError:
        pass
    raise Wrong.at(node.place, f"{value!r} is not a day of the calendar", "write it like 2017-01-31")


@accepts({"type": "string", "pattern": "^([01]?[0-9]|2[0-3]):[0-5][0-9]$"})
def clock(node: Node) -> str:
    """A time of day, HH:MM."""
    value = text(node)
    match = _CLOCK.fullmatch(value)
    if not match:
        raise Wrong.at(node.place, f"{value!r} is not a time of day", "write it like 09:00")
    return f"{int(match[1]):02d}:{match[2]}"


@accepts({"type": "string", "pattern": "^[A-Z]{3}$"})
def currency(node: Node) -> str:
    """An ISO 4217 code."""
    value = text(node)
    if not re.fullmatch(r"[A-Z]{3}", value):
        raise Wrong.at(node.place, f"{value!r} is not a currency", "write its ISO 4217 code, like USD")
    return value


@accepts({"type": "string"})
def zone(node: Node) -> str:
    """An IANA time zone that is known here."""
    value = text(node)
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError):
        fix = suggestion(value, available_timezones()) if len(value) > 3 else "write one like America/Chicago"
        raise Wrong.at(node.place, f"{value!r} is not a time zone", fix) from None
    return value


def choice(known: Iterable[str]) -> Callable[[Node], str]:
    """Reads one of the words."""
    choices = tuple(known)

    def read(node: Node) -> str:
        value = text(node)
        if value not in choices:
            raise Wrong.at(node.place, f"{value!r} is not known", suggestion(value, choices))
        return value

    return Reader(read, {"enum": list(choices)})


def listed(read: Callable[[Node], Any], what: str = "this") -> Callable[[Node], tuple[Any, ...]]:
    """Reads a list, in which no single value may stand twice; a single value is a list of one."""

    def read_all(node: Node) -> tuple[Any, ...]:
        nodes = items(node, what)
        values = gather(nodes, read)
        seen: set[str] = set()
        for each, value in zip(nodes, values, strict=True):
            if isinstance(each, Scalar) and repr(value) in seen:
                raise Wrong.at(each.place, f"{each.text!r} is in the {what} twice", "leave one out")
            seen.add(repr(value))
        return values

    return Reader(read_all, either(schema_of(read), array(schema_of(read)), NOTHING))


def named(read: Callable[[Node], Any]) -> Callable[[Node], dict[str, Any]]:
    """Reads a mapping of any keys."""

    def read_all(node: Node) -> dict[str, Any]:
        if not isinstance(node, Mapping):
            raise Wrong.at(node.place, "expected a mapping", "write `key: value` lines")
        values = gather([value for _, value in node.entries], read)
        return {key.text: value for (key, _), value in zip(node.entries, values, strict=True)}

    return Reader(read_all, mapping(schema_of(read)))
