"""An exposition as the official parser reads it."""

from collections.abc import Coroutine
from typing import Any, TypeVar

from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

T = TypeVar("T")
Labels = frozenset[tuple[str, str]]


def in_turns(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that waits for nothing but its turn, without an event loop."""
    while True:
        try:
            work.send(None)
        except StopIteration as stop:
            result: T = stop.value
            return result


def families(text: bytes) -> dict[str, Metric]:
    """Families by name, a counter without its suffix; none may come twice."""
    found: dict[str, Metric] = {}
    for family in text_string_to_metric_families(text.decode()):
        assert family.name not in found, f"{family.name} is declared twice"
        found[family.name] = family
    return found


def samples(text: bytes) -> dict[tuple[str, Labels], float]:
    """Values by name and labels; no series may come twice."""
    found: dict[tuple[str, Labels], float] = {}
    for family in families(text).values():
        for sample in family.samples:
            key = sample.name, frozenset(sample.labels.items())
            assert key not in found, f"{key} is shown twice"
            found[key] = sample.value
    return found


def of(text: bytes, name: str) -> dict[Labels, float]:
    """The series of a name, by labels."""
    return {labels: value for (each, labels), value in samples(text).items() if each == name}
