"""Mapping files: YAML to a checked mapping, or every problem in it."""

from pathlib import Path

from streams.documents import Entry, Field, Mapping, Node, Place, Problem, Sequence, Wrong, document, entry
from streams.documents.entries import gather, items
from streams.documents.values import choice, flag, listed, nullable, text, zone
from streams.replay.mapping.fields import Defaults, field_reader
from streams.replay.mapping.spec import FACTS, REQUIRED, FactSpec, FileSpec, LookupSpec, MappingError, TableSpec, Test
from streams.replay.mapping.spec import Mapping as MappingSpec
from streams.replay.mapping.tables import encoding, single


def load(path: Path) -> MappingSpec:
    """The mapping in a file; raises MappingError."""
    problems: list[Problem] = []
    try:
        root = document(path.read_bytes(), path.name)
    except Wrong as wrong:
        raise MappingError(wrong.problems) from None
    except OSError as error:
        raise MappingError(
            [Problem(Place(str(path), 1), f"cannot be read: {error.strerror}", "name another")]
        ) from None
    if root is None:
        raise MappingError([Problem(Place(path.name, 1), "the file is empty", "start with `source:` and `files:`")])
    mapping = _mapping(root, path.name.removesuffix(".yaml"), problems)
    if problems or mapping is None:
        raise MappingError(problems)
    return mapping


def _mapping(root: Node, name: str, problems: list[Problem]) -> MappingSpec | None:
    found = entry(root, "the mapping", _TOP, problems)
    if found is None:
        return None
    lookups = {key: _lookup(value, problems) for key, value in _pairs(found.values.get("lookups"), problems)}
    defaults = Defaults(found.values.get("source", ""), found.values.get("zone", "UTC"), frozenset(lookups))
    files = [_file(node, defaults, problems) for node in found.values.get("files", ())]
    known = {key: lookup for key, lookup in lookups.items() if lookup}
    return MappingSpec(name, tuple(file for file in files if file), known)


def _nodes(node: Node) -> tuple[Node, ...]:
    return items(node, "this") if not isinstance(node, Mapping) else (node,)


_TOP = {
    "about": Field(lambda node: None),
    "source": Field(text, required=True, example="our-crm"),
    "zone": Field(zone),
    "lookups": Field(lambda node: node),
    "files": Field(_nodes, required=True, example="[{file: deals.csv, facts: [...]}]"),
}
_TABLE = {
    "file": Field(text, required=True, example="deals.csv"),
    "delimiter": Field(single),
    "encoding": Field(encoding),
    "quote": Field(nullable(single)),
    "columns": Field(listed(text, "columns")),
    "multiline": Field(flag),
}
_LOOKUP = {
    **_TABLE,
    "key": Field(text, required=True, example="product"),
    "value": Field(text, required=True, example="sales_price"),
}
_FILE = {**_TABLE, "ignore": Field(lambda node: node), "facts": Field(_nodes, required=True, example="[...]")}


def _pairs(node: Node | None, problems: list[Problem]) -> list[tuple[str, Node]]:
    if node is None:
        return []
    if isinstance(node, Mapping):
        return [(key.text, value) for key, value in node.entries]
    problems.append(Problem(node.place, "`lookups` must be a mapping", "write `name: {file: …, key: …, value: …}`"))
    return []


def _lookup(node: Node, problems: list[Problem]) -> LookupSpec | None:
    before = len(problems)
    found = entry(node, "a lookup", _LOOKUP, problems)
    if found is None or len(problems) > before:
        return None
    return LookupSpec(node.place, _table(found, problems), found.values["key"], found.values["value"])


def _table(found: Entry, problems: list[Problem]) -> TableSpec:
    own = {key: value for key, value in found.values.items() if key in _TABLE}
    if "quote" in own:
        own["quote"] = own["quote"] or ""
    table = TableSpec(found.place, **own)
    if table.quote == table.delimiter:
        problems.append(Problem(found.at("quote"), "the quote is also the delimiter", "change one of them"))
    return table


def _file(node: Node, defaults: Defaults, problems: list[Problem]) -> FileSpec | None:
    before = len(problems)
    found = entry(node, "a file", _FILE, problems)
    if found is None:
        return None
    facts = [_fact(item, defaults, problems) for item in found.values.get("facts", ())]
    ignore, rest = _ignored(found.values.get("ignore"), problems)
    if len(problems) > before:
        return None
    return FileSpec(_table(found, problems), tuple(fact for fact in facts if fact), ignore, rest)


def _ignored(node: Node | None, problems: list[Problem]) -> tuple[tuple[tuple[Test, ...], ...], bool]:
    if node is None:
        return (), False
    if not isinstance(node, Mapping | Sequence):
        if node.text == "rest":
            return (), True
        problems.append(Problem(node.place, f"`ignore` is {node.text!r}", "write `rest`, or a list of conditions"))
        return (), False
    try:
        return gather(_nodes(node), conditions), False
    except Wrong as wrong:
        problems.extend(wrong.problems)
        return (), False


def _fact(node: Node, defaults: Defaults, problems: list[Problem]) -> FactSpec | None:
    kind = _type(node, problems)
    if kind is None:
        return None
    fields = {
        "type": Field(text, required=True),
        "when": Field(conditions),
        **{
            name: Field(field_reader(name, value, defaults), required=name in REQUIRED[kind], example="{column: …}")
            for name, value in FACTS[kind].items()
        },
    }
    before = len(problems)
    found = entry(node, f"a fact {kind}", fields, problems)
    if found is None or len(problems) > before:
        return None
    values = {name: value for name, value in found.values.items() if name not in {"type", "when"}}
    values.setdefault("source", defaults.source_value(node.place))
    return FactSpec(node.place, kind, found.values.get("when", ()), values)


def _type(node: Node, problems: list[Problem]) -> str | None:
    """A fact's type is read first, for the other keys depend on it."""
    given = [value for key, value in node.entries if key.text == "type"] if isinstance(node, Mapping) else []
    try:
        if not given:
            raise Wrong.at(node.place, "a fact has no `type`", f"add `type: {next(iter(FACTS))}`")
        return choice(FACTS)(given[0])
    except Wrong as wrong:
        problems.extend(wrong.problems)
        return None


def conditions(node: Node) -> tuple[Test, ...]:
    """What several columns must be, all of them."""
    if not isinstance(node, Mapping):
        raise Wrong.at(node.place, "a condition must be a mapping", "write `column: value`")
    return gather_tests(node)


def gather_tests(node: Mapping) -> tuple[Test, ...]:
    """One test for each column."""
    problems: list[Problem] = []
    tests: list[Test] = []
    for column, wanted in node.entries:
        try:
            texts, negated = _wanted(wanted)
            tests.append(Test(column.place, column.text, texts, negated))
        except Wrong as wrong:
            problems.extend(wrong.problems)
    if problems:
        raise Wrong(problems)
    return tuple(tests)


def _wanted(node: Node) -> tuple[frozenset[str], bool]:
    if not isinstance(node, Mapping):
        return frozenset(gather(items(node, "a condition"), text)), False
    if len(node.entries) == 1:
        key, value = node.entries[0]
        if key.text == "present":
            return frozenset({""}), flag(value)
        if key.text == "not":
            return frozenset(gather(items(value, "`not`"), text)), True
    raise Wrong.at(node.place, "a condition on a column", "write a value, a list, {not: …} or {present: true}")
