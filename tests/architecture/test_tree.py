"""What every file of the repository keeps to: size, names, and nothing of the machine it was written on."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

LONGEST_FILE = 300
LONGEST_FUNCTION = 50
SAYS_NOTHING = {"utils.py", "util.py", "helpers.py", "helper.py", "common.py", "misc.py", "base.py"}
MACHINE = re.compile(r"/(?:work|root|home|Users)/\w|/opt/(?:wheels|venv)")
REGISTRY = re.compile(r"\b(?:pypi|pythonhosted|registry\.npmjs|repo1?\.maven(?:\.apache)?)\.org\b|\bdocker\.io\b")


@pytest.fixture(scope="module")
def tracked(root: Path) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True).stdout
    return [root / name for name in listed.split("\0") if name and (root / name).is_file()]


@pytest.fixture(scope="module")
def sources(tracked: list[Path]) -> list[Path]:
    return [path for path in tracked if path.suffix == ".py"]


def text_lines(paths: list[Path]) -> Iterator[tuple[Path, int, str]]:
    for path in paths:
        content = path.read_bytes()
        if b"\0" not in content:
            for number, line in enumerate(content.decode(errors="replace").splitlines(), 1):
                yield path, number, line


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("pattern", [MACHINE, REGISTRY], ids=["machine", "registry"])
def test_no_file_names_a_machine_or_a_registry(pattern: re.Pattern[str], tracked: list[Path], root: Path) -> None:
    found = [
        f"{p.relative_to(root)}:{n}: {line.strip()[:80]}" for p, n, line in text_lines(tracked) if pattern.search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    "parts", [("", "work", "x"), ("", "home", "ann", "x"), ("https:", "", "files.PY.org", "simple")]
)
def test_the_patterns_find_what_they_are_for(parts: tuple[str, ...]) -> None:
    line = "/".join(parts).replace("PY", "pythonhosted")  # made here, so that this file does not contain it
    assert MACHINE.search(line) or REGISTRY.search(line)


def test_no_source_file_is_longer_than_a_reader_holds_in_mind(sources: list[Path], root: Path) -> None:
    lengths = {str(path.relative_to(root)): len(path.read_text().splitlines()) for path in sources}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_is_longer_than_a_screen(sources: list[Path], root: Path) -> None:
    found = {
        f"{path.relative_to(root)}:{node.lineno} {node.name}": length
        for path in sources
        for node in functions(path)
        if (length := (node.end_lineno or node.lineno) - node.lineno + 1) > LONGEST_FUNCTION
    }
    assert found == {}


def test_no_file_is_named_for_being_left_over(sources: list[Path], root: Path) -> None:
    assert [str(path.relative_to(root)) for path in sources if path.name in SAYS_NOTHING] == []


def test_every_dependency_is_pinned_gives_its_reason_and_is_locked(root: Path) -> None:
    project = (root / "pyproject.toml").read_text()
    declared = tomllib.loads(project)["project"]
    pins = [*declared["dependencies"], *(pin for group in declared["optional-dependencies"].values() for pin in group)]
    locked = (root / "requirements.lock").read_text()
    assert [pin for pin in pins if not re.search(rf'"{re.escape(pin)}", +# \w', project)] == []
    assert [pin for pin in pins if f"\n{pin.split(';')[0].lower()} " not in locked] == []
