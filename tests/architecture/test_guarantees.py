"""Every promise names tests that are there."""

import re
from pathlib import Path


def test_every_promise_is_proven_by_tests_that_are_there(root: Path) -> None:
    rows = re.findall(
        r"^\| (?!promise|---)(.*?) \| (.*?) \|$", (root / "docs" / "guarantees.md").read_text(), re.MULTILINE
    )
    assert len(rows) > 10
    for promise, proof in rows:
        files = re.findall(r"`(tests/[\w/]+\.py)`", proof)
        assert files, promise
        assert [file for file in files if not (root / file).is_file()] == [], promise
