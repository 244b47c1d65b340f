"""YAML text to nodes, from the parser's events: bounded in bytes, depth and size, without tags or alias bombs."""

from collections.abc import Iterator
from typing import Any

import yaml

from quota.errors import shortened
from streams.documents.nodes import Mapping, Node, Place, Scalar, Sequence
from streams.documents.problems import Problem, Wrong

MAX_BYTES = 4 * 2**20
MAX_DEPTH = 24
MAX_NODES = 400_000
LONGEST_KEY = 200
"""Characters; keys are repeated in what is told."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def document(raw: bytes, file: str) -> Node | None:
    """The one document in these bytes, or None when there is nothing in it; raises Wrong with every problem found."""
    if len(raw) > MAX_BYTES:
        raise Wrong.at(Place(file, 1), f"the file has {len(raw)} bytes, more than {MAX_BYTES}", "split it")
    text = _decoded(raw, file)
    builder = _Builder(file, yaml.parse(text, Loader=_LOADER))
    try:
        return builder.document()
    except yaml.YAMLError as error:
        raise Wrong([*builder.problems, _syntax(error, text, file)]) from None


def _decoded(raw: bytes, file: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise Wrong.at(
            Place(file, line), f"byte {raw[error.start]:#04x} is not UTF-8", "save the file as UTF-8"
        ) from None


def _syntax(error: yaml.YAMLError, text: str, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is not None:
        what = getattr(error, "problem", None) or getattr(error, "context", None) or "cannot be read"
        return Problem(Place(file, mark.line + 1), f"not YAML: {what}", "check indentation, quotes and colons here")
    line = text.count("\n", 0, getattr(error, "position", 0)) + 1
    return Problem(Place(file, line), "a character that YAML does not allow", "remove the control character")


class _Builder:
    """Makes nodes of events; an alias shares its anchor's node but counts with its full size."""

    def __init__(self, file: str, events: Iterator[Any]) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._events = events
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._size = 0

    def document(self) -> Node | None:
        root: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    self._wrong(event, "a second document in one file", "remove the line `---` or use another file")
                    break
                root = self._node(next(self._events), 0)
        if self.problems:
            raise Wrong(self.problems)
        return None if isinstance(root, Scalar) and root.is_null else root

    def _node(self, event: Any, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise Wrong([*self.problems, self._problem(event, f"nested more than {MAX_DEPTH} deep", "flatten it")])
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        before = self._size
        self._grow(event, 1)
        if event.tag not in {None, "!"}:
            self._wrong(event, f"the tag {event.tag}", "remove it; values need no tags")
        node = self._content(event, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = (node, self._size - before)
        return node

    def _content(self, event: Any, depth: int) -> Node:
        place = self._place(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return Sequence(tuple(self._items(depth)), place)
        if isinstance(event, yaml.MappingStartEvent):
            return Mapping(tuple(self._pairs(depth)), place)
        return Scalar(event.value, event.implicit[0], place)

    def _items(self, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(event, depth + 1)

    def _pairs(self, depth: int) -> Iterator[tuple[Scalar, Node]]:
        seen: dict[str, int] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            value = self._node(next(self._events), depth + 1)
            if not isinstance(key, Scalar):
                self._wrong(event, "a key that is a list or a mapping", "use a single word as the key")
            elif len(key.text) > LONGEST_KEY:
                self._wrong(event, f"a key of {len(key.text)} characters", f"use at most {LONGEST_KEY}")
            elif key.text in seen:
                self._wrong(event, f"{key.text!r} is given twice, first in line {seen[key.text]}", "keep one of them")
            else:
                seen[key.text] = key.place.line
                yield key, value

    def _alias(self, event: Any) -> Node:
        node, size = self._anchors.get(event.anchor, (None, 0))
        if node is None:
            problem = self._problem(event, f"*{event.anchor} stands inside itself or before its anchor", "write it out")
            raise Wrong([*self.problems, problem])
        self._grow(event, size)
        return node

    def _grow(self, event: Any, size: int) -> None:
        self._size += size
        if self._size > MAX_NODES:
            problem = self._problem(event, f"more than {MAX_NODES} values, aliases included", "split the file")
            raise Wrong([*self.problems, problem])

    def _place(self, event: Any) -> Place:
        return Place(self._file, event.start_mark.line + 1)

    def _problem(self, event: Any, what: str, fix: str) -> Problem:
        return Problem(self._place(event), shortened(what), fix)

    def _wrong(self, event: Any, what: str, fix: str) -> None:
        self.problems.append(self._problem(event, what, fix))
