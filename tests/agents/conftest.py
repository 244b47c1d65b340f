"""The example, replayed once for everybody who only reads it."""

import shutil
from pathlib import Path

import pytest

from tests.agents.example import BAD, FACTS, Quotaflow, lines


@pytest.fixture(scope="session")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Quotaflow:
    """The example's facts with bad lines among them, replayed and processed; for reading only."""
    floor = Quotaflow(tmp_path_factory.mktemp("floor"))
    floor.apply()
    half = len(FACTS) // 2
    floor.replay(lines(FACTS[:half]) + b"".join(line + b"\n" for line in BAD) + lines(FACTS[half:]))
    return floor


@pytest.fixture
def copied(replayed: Quotaflow, tmp_path: Path) -> Quotaflow:
    """The same as a copy of one's own."""
    shutil.copytree(replayed.folder, tmp_path, dirs_exist_ok=True)
    return Quotaflow(tmp_path)
