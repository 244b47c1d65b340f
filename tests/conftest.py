"""What every test may ask for: a real Kafka, the shared data, and last lines that hide nothing that was not run."""

import gc
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from tests.hanging import waiting
from tests.kafka import jars
from tests.kafka.broker import Broker
from tests.servers import prometheus, redis
from tests.servers.prometheus import Prometheus
from tests.servers.redis import Redis

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"
MARKED_BY_FIXTURE = {
    "broker": "on_kafka",
    "kafka": "on_kafka",
    "own_broker": "on_kafka",
    "own_prometheus": "on_prometheus",
    "own_redis": "on_redis",
    "scenario": "on_prometheus",
    "shared_data": "on_shared_data",
}

LONG_FIRST = ("e2e", "deploy", "agents", "mutations", "runtime", "streams")
"""Folders with long files, the longest first: one that began last would leave the other process idle."""

SELDOM = 10_000
"""New objects after which the search for cycles runs in tests: what they make up is mostly small and short-lived."""

running_broker = pytest.StashKey[Broker]()
left_out = pytest.StashKey[int]()


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The data beside the repository; where it is not, tests that ask for it are deselected and counted."""
    return SHARED_DATA


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Broker]:
    """The Kafka that all tests of a run share: use topic names of your own, and let it live."""
    shared = Broker(tmp_path_factory.mktemp("kafka"))
    request.config.stash[running_broker] = shared
    shared.start()
    yield shared
    shared.stop()


@pytest.fixture
def kafka(broker: Broker) -> str:
    """`host:port` of a real Apache Kafka."""
    return broker.address


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Callable[[], Broker]]:
    """Start a Kafka that this test may stop, kill and restart."""
    brokers: list[Broker] = []

    def start() -> Broker:
        brokers.append(Broker(tmp_path / f"kafka-{len(brokers)}"))
        brokers[-1].start()
        return brokers[-1]

    yield start
    for each in brokers:
        each.stop()


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Callable[[], Redis]]:
    """Start a Redis that this test may stop, kill and restart."""
    servers: list[Redis] = []

    def start() -> Redis:
        servers.append(Redis(tmp_path / f"redis-{len(servers)}"))
        servers[-1].start()
        return servers[-1]

    yield start
    for each in servers:
        each.stop()


@pytest.fixture
def own_prometheus(tmp_path: Path) -> Iterator[Callable[[Path], Prometheus]]:
    """Start a Prometheus on a configuration file."""
    servers: list[Prometheus] = []

    def start(config: Path) -> Prometheus:
        servers.append(Prometheus(tmp_path / f"prometheus-{len(servers)}", config))
        servers[-1].start()
        return servers[-1]

    yield start
    for each in servers:
        each.stop()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put long tests first, mark tests by the fixtures they ask for, and leave out those whose data is not there."""
    items.sort(key=_rank)
    for item in items:
        for fixture in getattr(item, "fixturenames", ()):
            if fixture in MARKED_BY_FIXTURE:
                item.add_marker(MARKED_BY_FIXTURE[fixture])
    if not SHARED_DATA.is_dir():
        lacking = [item for item in items if item.get_closest_marker("on_shared_data")]
        config.stash[left_out] = len(lacking)
        items[:] = [item for item in items if item not in lacking]
        config.hook.pytest_deselected(items=lacking)


def pytest_collection_finish() -> None:
    """Search for cycles seldom, and never in what was imported and collected, for which every test would pay."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(SELDOM)


def _rank(item: pytest.Item) -> int:
    folder = item.path.relative_to(ROOT / "tests").parts[0]
    return LONG_FIRST.index(folder) if folder in LONG_FIRST else len(LONG_FIRST)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the end of the broker's log beside a failure on Kafka, and what a test that hung was waiting for."""
    report = yield
    if report.failed and "Timeout (>" in str(report.longrepr):
        report.sections.append(("What it was waiting for", waiting()))
    if report.failed and item.get_closest_marker("on_kafka") and running_broker in item.config.stash:
        report.sections.append(("Kafka's log", item.config.stash[running_broker].log_tail()))
    return report


@pytest.hookimpl(wrapper=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> Generator[None, None, None]:
    """Say last what ran on a real Kafka and on the shared data, and what did not and why."""
    yield
    terminalreporter.section("outside the repository")
    for name, marker, problem in (
        (f"real Kafka {jars.VERSION}", "on_kafka", jars.missing()),
        ("real Redis", "on_redis", redis.problem()),
        ("real Prometheus", "on_prometheus", prometheus.problem()),
    ):
        terminalreporter.line(f"{name}: {_on_server(terminalreporter, marker, problem)}")
    terminalreporter.line(f"../shared/data: {_on_shared_data(terminalreporter, config)}")
    told = [said for report in terminalreporter.stats.get("passed", ()) for said in report.user_properties]
    if spreads := [said for name, said in told if name == "schedules"]:
        terminalreporter.section("how the schedules were spread")
        terminalreporter.line(_spread(spreads))


def _on_server(reporter: pytest.TerminalReporter, marker: str, problem: str | None) -> str:
    counted = _outcomes(reporter, marker)
    return _told(counted) if problem is None else f"NOT RUN, {counted.total()} tests need it: {problem}"


def _on_shared_data(reporter: pytest.TerminalReporter, config: pytest.Config) -> str:
    if not SHARED_DATA.is_dir():
        count = config.stash.get(left_out, None)
        return f"not there, so {'its' if count is None else count} tests were NOT RUN"
    return _told(_outcomes(reporter, "on_shared_data"))


def _spread(spreads: list[tuple[int, dict[str, int]]]) -> str:
    from tests.runtime.chaos import Spread

    found = Spread()
    for schedules, having in spreads:
        found.merge(Spread(schedules, Counter(having)))
    return str(found)


def _outcomes(reporter: pytest.TerminalReporter, marker: str) -> Counter[str]:
    return Counter(
        outcome
        for outcome in ("passed", "failed", "error", "skipped", "xfailed")
        for report in reporter.stats.get(outcome, ())
        if isinstance(report, pytest.TestReport) and marker in report.keywords
    )


def _told(counted: Counter[str]) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in counted.items()) or "no test was selected"
