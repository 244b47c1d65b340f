"""Writes every published contract into `schemas` (`make schemas`)."""

import json
from pathlib import Path
from typing import Any

from agents.worker import ARROWS
from streams.api import openapi as api
from streams.contracts import gateway, plan_files
from streams.contracts.asyncapi import asyncapi
from streams.json_schemas import CARRIED, document

FOLDER = Path(__file__).resolve().parent.parent / "schemas"


def documents() -> dict[str, dict[str, Any]]:
    """All documents by the name of their file; a new one is added here."""
    return {f"json/{topic}.json": document(topic) for topic in CARRIED} | {
        "openapi/gateway.json": gateway.openapi(),
        "openapi/api.json": api.document(),
        "asyncapi.json": asyncapi(ARROWS),
        "plan-files.json": plan_files.document(),
    }


def written(said: dict[str, Any]) -> str:
    """A document as it is checked in: names in order, so that a change shows as what it is."""
    return json.dumps(said, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def main(folder: Path = FOLDER) -> None:
    """Writes every document, and removes those that are no more."""
    for stale in folder.rglob("*.json"):
        stale.unlink()
    for name, said in documents().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(written(said))


if __name__ == "__main__":
    main()
