"""The scenario, played once for everybody who looks at it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.streams.metrics.scenario import Watched, watched


@pytest.fixture(scope="session")
def scenario(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """A worker that a real Prometheus has watched at work; for looking only."""
    with watched(root, tmp_path_factory.mktemp("watched")) as seen:
        yield seen
