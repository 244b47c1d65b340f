"""Mappings with known keys: each key has a reader, and every mistake is collected before anything is refused."""

from collections.abc import Callable, Iterable
from collections.abc import Mapping as Lookup
from dataclasses import dataclass
from typing import Any

from streams.documents.nodes import Mapping, Node, Place, Scalar, Sequence
from streams.documents.problems import Problem, Wrong, suggestion

Read = Callable[[Node], Any]
"""Makes a value of a node; raises Wrong."""


@dataclass(frozen=True)
class Field:
    """A key: how its value is read, whether it must be there, and other names for it."""

    read: Read
    required: bool = False
    aliases: tuple[str, ...] = ()
    example: str = ""


@dataclass(frozen=True)
class Entry:
    """What a mapping says: values that could be read, and the place of each."""

    place: Place
    values: dict[str, Any]
    places: dict[str, Place]

    def at(self, field: str) -> Place:
        """Where the field is written, or else the entry."""
        return self.places.get(field, self.place)


def entry(node: Node, what: str, fields: Lookup[str, Field], problems: list[Problem]) -> Entry | None:
    """Reads a mapping; what could not be read is missing in the entry and explained in `problems`."""
    if not isinstance(node, Mapping):
        problems.append(Problem(node.place, f"{what} must be a mapping", f"write `key: value` with {_listed(fields)}"))
        return None
    result = Entry(node.place, {}, {})
    for key, value in node.entries:
        _read_field(result, key, value, fields, what, problems)
    for name, field in fields.items():
        if field.required and name not in result.places:
            problems.append(Problem(node.place, f"{what} has no `{name}`", f"add `{name}: {field.example or '…'}`"))
    return result


def _read_field(
    into: Entry, key: Scalar, value: Node, fields: Lookup[str, Field], what: str, problems: list[Problem]
) -> None:
    name = _canonical(key.text, fields)
    if name is None:
        known = [*fields, *(alias for field in fields.values() for alias in field.aliases)]
        problems.append(Problem(key.place, f"{what} has no key {key.text!r}", suggestion(key.text, known)))
        return
    if name in into.places:
        problems.append(Problem(key.place, f"{key.text!r} says `{name}` a second time", "keep one of them"))
        return
    into.places[name] = key.place
    try:
        into.values[name] = fields[name].read(value)
    except Wrong as wrong:
        problems.extend(Problem(p.place, f"{what}, `{key.text}`: {p.what}", p.fix) for p in wrong.problems)


def _canonical(key: str, fields: Lookup[str, Field]) -> str | None:
    if key in fields:
        return key
    return next((name for name, field in fields.items() if key in field.aliases), None)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def items(node: Node, what: str) -> tuple[Node, ...]:
    """The items of a list; a single value is a list of one, nothing is an empty one."""
    if isinstance(node, Sequence):
        return node.items
    if isinstance(node, Scalar):
        return () if node.is_null else (node,)
    raise Wrong.at(node.place, f"{what} must be a list", "write `- …` lines or [a, b]")


def gather(nodes: Iterable[Node], read: Read) -> tuple[Any, ...]:
    """Reads each node; raises Wrong with the problems of all of them."""
    values: list[Any] = []
    problems: list[Problem] = []
    for node in nodes:
        try:
            values.append(read(node))
        except Wrong as wrong:
            problems.extend(wrong.problems)
    if problems:
        raise Wrong(problems)
    return tuple(values)
