"""The layers are a contract that a tool checks, and the tool is known to refuse what it should."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGES = ("agents", "streams", "quota", "schemas")
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([LINT_IMPORTS, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_of_ours_is_found_in_this_repository_and_nowhere_else(package: str, root: Path) -> None:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin == str(root / package / "__init__.py")


def test_the_import_contracts_hold(root: Path) -> None:
    done = lint_imports(root)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "statement", "broken"),
    [
        ("quota/sums.py", "import os", "The core knows no I/O"),
        ("schemas/words.py", "import faust", "The core knows no I/O"),
        ("schemas/words.py", "import quota", "Arrows point down"),
        ("streams/app.py", "import agents", "Arrows point down"),
        ("agents/deals.py", "import agents.alerts", "Agents never import one another"),
        ("streams/app.py", "import bench.cost", "What is shipped needs neither tests nor benchmarks"),
    ],
)
def test_the_import_contracts_refuse_what_points_upward_or_outside(
    module: str, statement: str, broken: str, root: Path, tmp_path: Path
) -> None:
    for package in PACKAGES:
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    for agent in ("alerts", "deals"):
        (tmp_path / "agents" / f"{agent}.py").touch()
    (tmp_path / "pyproject.toml").write_text((root / "pyproject.toml").read_text())
    (tmp_path / module).write_text(f"{statement}\n")
    done = lint_imports(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{broken} BROKEN" in done.stdout
