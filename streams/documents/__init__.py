"""YAML files that people write: read within bounds, every value with its line, every problem at once."""

from streams.documents.entries import Entry, Field, entry
from streams.documents.nodes import Mapping, Node, Place, Scalar, Sequence
from streams.documents.parse import document
from streams.documents.problems import DocumentError, Problem, Wrong, suggestion

__all__ = [
    "DocumentError",
    "Entry",
    "Field",
    "Mapping",
    "Node",
    "Place",
    "Problem",
    "Scalar",
    "Sequence",
    "Wrong",
    "document",
    "entry",
    "suggestion",
]
