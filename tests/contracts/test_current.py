"""The documents that are checked in are those that the code makes, and a name in one is a thing in another."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.contracts import FOLDER, documents, main, written

NAMES = [name for name in documents() if not name.startswith("json/")]


def references(said: Any) -> Iterator[str]:
    """Every `$ref` in it."""
    if isinstance(said, dict):
        for name, each in said.items():
            if name == "$ref":
                yield each
            else:
                yield from references(each)
    elif isinstance(said, list):
        for each in said:
            yield from references(each)


def follow(name: str, reference: str) -> Any:
    """What a reference in a document stands for; raises where there is no such thing."""
    file, _, pointer = reference.partition("#")
    found = json.loads((FOLDER / name).parent.joinpath(file).read_text() if file else (FOLDER / name).read_text())
    for step in pointer.split("/")[1:]:
        found = found[step]
    return found


def test_the_documents_that_are_checked_in_are_current() -> None:
    there = {str(path.relative_to(FOLDER)): path.read_text() for path in FOLDER.rglob("*.json")}
    assert there == {name: written(said) for name, said in documents().items()}


@pytest.mark.parametrize("name", NAMES)
def test_every_reference_leads_somewhere(name: str) -> None:
    found = list(references(json.loads((FOLDER / name).read_text())))
    assert found
    for reference in found:
        assert follow(name, reference)


def test_make_schemas_writes_them_and_removes_what_is_no_more(tmp_path: Path) -> None:
    (tmp_path / "json").mkdir()
    (tmp_path / "json" / "of-old.json").write_text("{}")
    main(tmp_path)
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.json")} == {*documents()}


def test_the_documents_do_not_depend_on_the_process_that_makes_them() -> None:
    command = [sys.executable, "-c", "from agents.contracts import documents, written; print(written(documents()))"]
    made = subprocess.check_output(command, env={"PYTHONHASHSEED": "7"}, timeout=60)
    assert json.loads(made) == json.loads(written(documents()))
