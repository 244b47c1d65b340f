"""A run of the suite says in its last lines what it could not run, and does not pass without a Kafka."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SUITE = """
def test_on_kafka(kafka): assert kafka
def test_on_shared_data(shared_data): assert shared_data.is_dir()
def test_on_redis(own_redis): assert own_redis()
def test_on_prometheus(own_prometheus, tmp_path): assert own_prometheus(tmp_path)
def test_on_neither(): assert True
"""

HANGING = """
import asyncio

async def never(): await asyncio.Event().wait()
async def test_that_hangs(): await never()
def test_that_ends(): assert True
"""


@pytest.fixture
def suite(root: Path, tmp_path: Path) -> Path:
    """A repository with our conftest, a test of each sort, and nothing beside it."""
    repository = tmp_path / "alone" / "repository"
    (repository / "tests").mkdir(parents=True)
    for each in ("conftest.py", "hanging.py"):
        shutil.copy(root / "tests" / each, repository / "tests")
    shutil.copy(root / "pyproject.toml", repository)
    for servers in ("kafka", "servers"):
        only_them = shutil.ignore_patterns("test_*")
        shutil.copytree(root / "tests" / servers, repository / "tests" / servers, ignore=only_them)
    (repository / "tests" / "test_suite.py").write_text(SUITE)
    return repository


def run(suite: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=suite, env={"PATH": str(suite)}, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", [(), ("-n1",)], ids=["one-process", "side-by-side"])
def test_without_java_or_servers_a_run_fails_and_says_what_to_install(suite: Path, arguments: tuple[str, ...]) -> None:
    done = run(suite, *arguments)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "NOT RUN, 1 tests need it: java is not installed: apt-get install" in done.stdout
    assert "NOT RUN, 1 tests need it: there is no redis-server; on Debian and Ubuntu: apt-get install" in done.stdout
    assert "NOT RUN, 1 tests need it: there is no prometheus; on Debian and Ubuntu: apt-get install" in done.stdout


def test_without_the_shared_data_a_run_says_how_many_tests_it_left_out(suite: Path) -> None:
    done = run(suite, "-k", "shared or neither")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "../shared/data: not there, so 1 tests were NOT RUN" in done.stdout


def test_beside_the_shared_data_its_tests_run_and_are_counted(suite: Path) -> None:
    (suite.parent / "shared" / "data").mkdir(parents=True)
    done = run(suite, "-k", "shared or neither")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "../shared/data: 1 passed" in done.stdout


def test_a_test_that_hangs_fails_and_says_what_it_was_waiting_for(suite: Path) -> None:
    (suite / "tests" / "test_suite.py").write_text(HANGING)
    done = run(suite, "-o", "timeout=1")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed, 1 passed" in done.stdout
    assert "in never\n" in done.stdout
    assert "in Event.wait\n" in done.stdout
    assert "FAILED tests/test_suite.py::test_that_hangs" in done.stdout
