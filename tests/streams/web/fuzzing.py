"""Requests that Schemathesis makes from an OpenAPI document of ours, against a server that runs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import schemathesis

ROOT = Path(__file__).parents[3]
SETTINGS = """
[generation]
deterministic = {deterministic}
max-examples = {examples}

[checks.negative_data_rejection]
# Of a list with one bad fact the others are taken (207).
expected-statuses = [207, 400, 401, 403, 404, 405, 413, 415, 422]
"""
LONGEST = 180
"""Seconds that a run may take."""


@schemathesis.serializer("application/x-ndjson")
def as_lines(_: Any, value: Any) -> bytes:
    """A list as one JSON text a line; Schemathesis knows no such thing."""
    said = value if isinstance(value, list) else [value]
    return b"".join(json.dumps(each).encode() + b"\n" for each in said)


def found(document: Path, url: str, token: str, folder: Path, *, examples: int) -> str:
    """What Schemathesis finds wrong, empty where it finds nothing; the same requests each time."""
    (folder / "schemathesis.toml").write_text(SETTINGS.format(deterministic="true", examples=examples))
    command = [sys.executable, "-m", "schemathesis.cli", "run", str(document), "--url", url, "--no-color"]
    options = ["--header", f"Authorization: Bearer {token}", "--phases", "examples,coverage,fuzzing"]
    done = subprocess.run(
        [*command, *options],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.streams.web.fuzzing"},
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    return "" if done.returncode == 0 else done.stdout[-8000:] + done.stderr[-2000:]
