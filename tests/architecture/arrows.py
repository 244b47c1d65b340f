"""The arrows as agents declare them: read from the source, so that no agent has to be run to be checked."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

DECLARED_IN = frozenset({"topics", "tables"})


@dataclass(frozen=True)
class Arrow:
    """What one agent reads, keeps and publishes, as `topics.DEALS` or `tables.DEALS`."""

    agent: str
    reads: tuple[str, ...]
    tables: tuple[str, ...]
    publishes: tuple[str, ...]


def arrows(folder: Path) -> list[Arrow]:
    """Every call in the folder's modules that says what it `reads`."""
    return [arrow for path in sorted(folder.glob("*.py")) for arrow in _in_source(path.stem, path.read_text())]


def order(declared: Sequence[Arrow]) -> list[str]:
    """Agents and topics in the direction of flow; raises graphlib.CycleError where records would flow back."""
    graph: TopologicalSorter[str] = TopologicalSorter()
    for arrow in declared:
        agent = f"agents.{arrow.agent}"
        graph.add(agent, *arrow.reads)
        for target in arrow.publishes:
            graph.add(target, agent)
    return list(graph.static_order())


def writers(declared: Sequence[Arrow]) -> dict[str, list[str]]:
    """Who writes each topic and table."""
    written: dict[str, list[str]] = {}
    for arrow in declared:
        for target in (*arrow.tables, *arrow.publishes):
            written.setdefault(target, []).append(arrow.agent)
    return written


def _in_source(agent: str, source: str) -> Iterator[Arrow]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            said = {keyword.arg: keyword.value for keyword in node.keywords}
            if "reads" in said:
                yield Arrow(
                    agent,
                    _names(said["reads"]),
                    _names(said.get("table")) + _names(said.get("tables")),
                    _names(said.get("publishes")),
                )


def _names(value: ast.expr | None) -> tuple[str, ...]:
    """All `topics.X` and `tables.X` in an expression, in the order they are written."""
    return tuple(
        f"{node.value.id}.{node.attr}"
        for node in (ast.walk(value) if value is not None else ())
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in DECLARED_IN
    )
