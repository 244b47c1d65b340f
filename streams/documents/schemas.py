"""What the readers of values accept, as JSON Schema: editors look at files by it, before anybody reads them here.

A plain value may be written with or without quotes, so a text may look like a number to an editor.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from streams.documents.entries import Entry, Field, entry
from streams.documents.nodes import Node
from streams.documents.problems import Problem, Wrong

Json = dict[str, Any]
T = TypeVar("T")

WRITTEN: Json = {"type": ["string", "number", "boolean"]}
"""Any single value."""
NOTHING: Json = {"type": "null"}


@dataclass(frozen=True, eq=False)
class Reader(Generic[T]):
    """A reader that says what it accepts."""

    read: Callable[[Node], T]
    schema: Json

    def __call__(self, node: Node) -> T:
        """The value of the node; raises Wrong."""
        return self.read(node)


def accepts(schema: Json) -> Callable[[Callable[[Node], T]], Reader[T]]:
    """Makes a reader of a function: it accepts what the schema says, at most."""
    return lambda read: Reader(read, schema)


def schema_of(read: Callable[[Node], Any]) -> Json:
    """What a reader accepts; anything, where it does not say."""
    return read.schema if isinstance(read, Reader) else {}


def words(pattern: str) -> Json:
    """A single value that is written so."""
    return WRITTEN | {"pattern": f"^({pattern})$"}


def numbers(pattern: str, kind: str = "number", **bounds: float) -> Json:
    """A number, which may be in quotes."""
    return {"type": [kind, "string"], "pattern": f"^({pattern})$", **bounds}


def either(*schemas: Json) -> Json:
    """What any of them accepts."""
    return {"anyOf": list(schemas)}


def array(schema: Json) -> Json:
    """A list."""
    return {"type": "array", "items": schema}


def mapping(values: Json, keys: Json | None = None) -> Json:
    """A mapping of any keys, or of those that are written so."""
    return {"type": "object", "additionalProperties": values} | ({"propertyNames": keys} if keys else {})


def fields(known: Mapping[str, Field], *, given: tuple[str, ...] = ()) -> Json:
    """A mapping of known keys; those that may be given elsewhere need not be in it."""
    said = {key: schema_of(field.read) for name, field in known.items() for key in (name, *field.aliases)}
    needed = [(name, *field.aliases) for name, field in known.items() if field.required and name not in given]
    found: Json = {"type": "object", "properties": said, "additionalProperties": False}
    if plain := [names[0] for names in needed if len(names) == 1]:
        found["required"] = plain
    if several := [names for names in needed if len(names) > 1]:
        found["allOf"] = [either(*({"required": [name]} for name in names)) for names in several]
    return found


def nested(what: str, known: Mapping[str, Field]) -> Reader[Entry]:
    """Reads a mapping inside another; raises Wrong with the problems of all its keys."""

    def read(node: Node) -> Entry:
        problems: list[Problem] = []
        result = entry(node, what, known, problems)
        if problems or result is None:
            raise Wrong(problems)
        return result

    return Reader(read, fields(known))
