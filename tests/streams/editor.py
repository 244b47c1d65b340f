"""A plan's file as an editor sees it: values by the core schema of YAML 1.2, held against the published JSON Schema."""

import re
from typing import Any

from jsonschema import Draft202012Validator

from streams.contracts.plan_files import document as schema
from streams.documents import Mapping, Node, Sequence, document

VALIDATOR = Draft202012Validator(schema())
TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


def complaints(text: str) -> list[str]:
    """What the editor says, also about each of several ways to write something where none of them fits."""
    errors = list(VALIDATOR.iter_errors(seen(document(text.encode(), "plan.yaml"))))
    found = []
    while errors:
        error = errors.pop()
        found.append(error.message)
        errors += error.context
    return found


def seen(node: Node | None) -> Any:
    if isinstance(node, Mapping):
        return {key.text: seen(value) for key, value in node.entries}
    if isinstance(node, Sequence):
        return [seen(item) for item in node.items]
    if node is None or node.is_null:
        return None
    return plain(node.text) if node.plain else node.text


def plain(text: str) -> Any:
    if text in TRUTH:
        return TRUTH[text]
    if re.fullmatch(r"[-+]?[0-9]+", text):
        return int(text)
    return float(text) if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", text) else text
