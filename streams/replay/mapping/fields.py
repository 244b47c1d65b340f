"""The values of a fact's fields in a mapping: a text with columns in it, or a column with what is done to it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from streams.documents import Entry, Field, Mapping, Node, Place, Problem, Scalar, Wrong, entry, suggestion
from streams.documents.values import choice, clock, flag, listed, nullable, text, zone
from streams.replay.mapping.spec import CLEARABLE, Kind, Template, Value
from streams.replay.mapping.tables import single

TRANSFORMS = ("text", "slug", "number", "lower", "upper")
_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


@dataclass(frozen=True)
class Defaults:
    """What the mapping says for all its facts."""

    source: str
    zone: str
    lookups: frozenset[str]

    def source_value(self, place: Place) -> Value:
        """The source of a fact that names none."""
        return Value(place, "text", Template(((self.source, None),)))


def template(node: Node) -> Template:
    """A text in which `{column}` stands for the column's text; `{{` and `}}` are braces."""
    written, parts, literal, at = text(node), [], "", 0
    for match in _PLACEHOLDER.finditer(written):
        literal += written[at : match.start()]
        at = match.end()
        if match[0] in {"{{", "}}"}:
            literal += match[0][0]
        elif match[1]:
            parts.append((literal, match[1].strip()))
            literal = ""
        else:
            raise Wrong.at(node.place, f"a lone brace or {{}} in {written!r}", "write {column}, or {{ for a brace")
    return Template((*parts, (literal + written[at:], None)))


def time_format(node: Node) -> str:
    """`iso`, `epoch`, `epoch_ms`, or a pattern of strptime that gives back what it is given."""
    pattern = text(node)
    if pattern in {"iso", "epoch", "epoch_ms"}:
        return pattern
    sample = datetime(2017, 10, 25)  # noqa: DTZ001 # a pattern may have no zone
    try:
        read = datetime.strptime(sample.strftime(pattern), pattern)  # noqa: DTZ007 # same
    except (ValueError, re.error):
        read = None
    if read is None or read.date() != sample.date():
        raise Wrong.at(
            node.place, f"{pattern!r} is not a format of dates", "write iso, epoch, epoch_ms or like %m/%d/%Y"
        )
    return pattern


def texts(node: Node) -> tuple[tuple[str, str], ...]:
    """A mapping from text to text."""
    if not isinstance(node, Mapping):
        raise Wrong.at(node.place, "`map` must be a mapping", "write `from: to` lines")
    return tuple((key.text, text(value)) for key, value in node.entries)


_ORIGIN = {
    "column": Field(lambda node: Template((("", text(node)), ("", None)))),
    "text": Field(template),
}
_STEPS = {
    "as": Field(choice(TRANSFORMS)),
    "map": Field(texts),
    "strict": Field(flag),
    "lookup": Field(text),
    "otherwise": Field(nullable(text)),
}
_DATES = {"last_of": Field(listed(text, "last_of")), "format": Field(time_format)}
_TIMES = {**_DATES, "zone": Field(zone), "time": Field(clock)}
_MONEY = {
    "currency": Field(template, required=True, example="USD"),
    "decimal": Field(single),
    "thousands": Field(single),
    "minor_units": Field(flag),
}
_KEYS: dict[Kind, dict[str, Field]] = {
    "text": {**_ORIGIN, **_STEPS},
    "flag": {**_ORIGIN, **_STEPS},
    "whole": {**_ORIGIN, **_STEPS},
    "time": {**_ORIGIN, **_STEPS, **_TIMES},
    "day": {**_ORIGIN, **_STEPS, **_DATES},
    "money": {**_ORIGIN, **_STEPS, **_MONEY},
}


def field_reader(name: str, kind: Kind, defaults: Defaults) -> Callable[[Node], Value]:
    """Reads the value of a field."""

    def read(node: Node) -> Value:
        if isinstance(node, Scalar):
            return _short(name, kind, node, defaults)
        problems: list[Problem] = []
        found = entry(node, f"`{name}`", _KEYS[kind], problems)
        if found is not None:
            problems += _checked(name, found, defaults)
        if problems or found is None:
            raise Wrong(problems)
        return _value(kind, found, defaults)

    return read


def _short(name: str, kind: Kind, node: Scalar, defaults: Defaults) -> Value:
    """A text, or null."""
    if node.is_null:
        if name not in CLEARABLE:
            raise Wrong.at(node.place, "null says nothing here", "leave the key out")
        return Value(node.place, kind, otherwise=None)
    if kind == "money":
        raise Wrong.at(node.place, "an amount without a currency", "write {column: …, currency: USD}")
    return Value(node.place, kind, template(node), zone=defaults.zone)


def _checked(name: str, found: Entry, defaults: Defaults) -> list[Problem]:
    problems = []
    origins = [key for key in ("column", "text", "last_of") if key in found.places]
    if len(origins) != 1:
        said = " and ".join(origins) or "no column"
        problems.append(Problem(found.place, f"`{name}` says {said}", "say one of column, text and last_of"))
    lookup = found.values.get("lookup")
    if lookup is not None and lookup not in defaults.lookups:
        what = f"lookup {lookup!r} is not defined"
        problems.append(Problem(found.at("lookup"), what, suggestion(lookup, defaults.lookups)))
    if "otherwise" in found.values and found.values["otherwise"] is None and name not in CLEARABLE:
        problems.append(Problem(found.at("otherwise"), f"`{name}` cannot be null", "write a text, or leave it out"))
    return problems


def _value(kind: Kind, found: Entry, defaults: Defaults) -> Value:
    own: dict[str, Any] = dict(found.values)
    own["text"] = own.pop("column", None) or own.get("text")
    own["transform"] = own.pop("as", "text")
    own.setdefault("zone", defaults.zone)
    return Value(found.place, kind, **own)
