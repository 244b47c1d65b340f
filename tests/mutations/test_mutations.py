"""Thirty faults, put into the folds and rules one at a time: the unit tests fail on each."""

import ast
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from textwrap import shorten

import pytest

from tests.mutations.mutate import Mutation, mutations
from tests.mutations.thirty import FOLDS, ROOT, RULES, SHARES, THIRTY, UNNOTICEABLE, original

PASSED, FAILED = 0, 1
SETTINGS = """
[pytest]
addopts = --import-mode=importlib -p no:cacheprovider -p no:xdist -p no:asyncio
filterwarnings = error
"""
Run = Callable[[Iterable[str]], "subprocess.CompletedProcess[str]"]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The core and its unit tests, apart from the repository."""
    for folder in ("quota", "schemas", "tests/unit"):
        # What is compiled comes along and stays valid; a file that is just being compiled has a second suffix.
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("*.pyc.*"))
    shutil.copy(ROOT / "tests" / "mutations" / "brief.py", tmp_path)
    (tmp_path / "pytest.ini").write_text(SETTINGS)
    return tmp_path


@pytest.fixture
def run(copy: Path) -> Run:
    """Run unit tests on the copy, until the first failure."""

    def run(tests: Iterable[str]) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "brief", "--hypothesis-profile=brief"]
            + [f"tests/unit/test_{name}.py" for name in tests],
            cwd=copy,
            env={"PYTHONPATH": str(copy), "PYTHONUTF8": "1"},
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )

    return run


@pytest.mark.parametrize("mutation", THIRTY, ids=lambda mutation: shorten(str(mutation), 100))
def test_a_fault_is_noticed(mutation: Mutation, copy: Path, run: Run) -> None:
    for compiled in copy.glob(f"quota/__pycache__/{mutation.module}.*"):
        compiled.unlink()
    (copy / "quota" / f"{mutation.module}.py").write_text(mutation.source)

    done = run(SHARES[mutation.module].tests)

    assert done.returncode == FAILED, f"line {mutation.line}, {mutation}:\n{done.stdout}{done.stderr}"


def test_without_a_fault_nothing_fails(run: Run) -> None:
    done = run(sorted({name for share in SHARES.values() for name in share.tests}))

    assert done.returncode == PASSED, f"{done.stdout}{done.stderr}"


def test_there_are_thirty_different_faults_in_all_folds_and_rules() -> None:
    texts = {ast.dump(ast.parse(mutation.source)) for mutation in THIRTY}
    assert len(THIRTY) == len(texts) == 30
    assert texts.isdisjoint(ast.dump(ast.parse(original(module))) for module in SHARES)
    assert {mutation.module for mutation in THIRTY} == FOLDS.keys() | RULES.keys()


def test_what_nobody_can_notice_exists_and_has_its_reason() -> None:
    possible = {str(mutation) for module in SHARES for mutation in mutations(module, original(module))}
    assert UNNOTICEABLE.keys() <= possible
    assert all(reason.strip() for reason in UNNOTICEABLE.values())
