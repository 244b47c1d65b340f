"""A folder as one string of bytes: files one after the other, each with its name in its first line."""

import re
from collections.abc import Mapping
from pathlib import Path

BETWEEN = b"\n%%%%\n"
MOST_FILES = 8
_NAME = re.compile(rb"[a-z][a-z_]{0,30}\.(?:yaml|yml|csv|ndjson)(?:\.gz)?")


def joined(files: Mapping[str, bytes]) -> bytes:
    """The folder as bytes."""
    return BETWEEN.join(name.encode() + b"\n" + content for name, content in files.items())


def laid_out(folder: Path, raw: bytes) -> None:
    """Writes the files; one whose name is none is left out."""
    for part in raw.split(BETWEEN)[:MOST_FILES]:
        name, _, content = part.partition(b"\n")
        if _NAME.fullmatch(name):
            (folder / name.decode()).write_bytes(content)
