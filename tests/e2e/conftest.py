"""The sample data replayed once on an embedded log, for everybody who reads it or goes on from it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.cli import Json, Quotaflow
from tests.kafka.broker import Broker
from tests.kafka.jars import locked

CRM = "crm-sales-opportunities"


@pytest.fixture(scope="session")
def example(root: Path) -> Path:
    """The example's plan, with the data below it."""
    return root / "deploy" / "examples" / CRM


@pytest.fixture(scope="session")
def sample(example: Path) -> Path:
    """The example's export."""
    return example / "data"


@pytest.fixture(scope="session")
def of_the_run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the processes of this run share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if hasattr(request.config, "workerinput") else own


@pytest.fixture(scope="session")
def embedded(example: Path, sample: Path, of_the_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Quotaflow:
    """The sample, planned, replayed and processed on an embedded log, of one shard as it is unless asked otherwise."""
    flow = Quotaflow.embedded(tmp_path_factory.mktemp("embedded"), shards=1)
    replayed = of_the_run / "replayed.db"
    with locked(of_the_run / "replayed.lock"):
        if not replayed.exists():
            flow.run("plan", "apply", example)
            flow.run("replay", sample, "--format", CRM, "--wait")
            shutil.copy(flow.folder / "log.db", replayed)
    shutil.copy(replayed, flow.folder / "log.db")
    return flow


@pytest.fixture(scope="session")
def standings(embedded: Quotaflow) -> list[Json]:
    """Every standing of the sample."""
    return embedded.standings()


@pytest.fixture(scope="session")
def history(embedded: Quotaflow) -> list[Json]:
    """Every transition of the sample, of all rules."""
    return embedded.transitions()


@pytest.fixture
def copied(embedded: Quotaflow, tmp_path: Path) -> Iterator[Quotaflow]:
    """A copy of the replayed log, to go on from."""
    shutil.copy(embedded.folder / "log.db", tmp_path / "log.db")
    yield Quotaflow.embedded(tmp_path)
    (tmp_path / "log.db").unlink()


@pytest.fixture
def fresh(example: Path, tmp_path: Path) -> Quotaflow:
    """An embedded log that holds the example's plan and no facts."""
    flow = Quotaflow.embedded(tmp_path)
    flow.run("plan", "apply", example)
    return flow


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A Kafka of the module's own: topics have fixed names, so every log needs one."""
    broker = Broker(tmp_path_factory.mktemp("node"))
    broker.start()
    yield broker
    broker.stop()
