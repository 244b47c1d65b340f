import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PRODUCT = {"agents", "streams", "quota", "schemas"}
OF_ROWS = ("tests/oracle/bpic.py", "tests/oracle/crm.py", "tests/oracle/shortage.py", "tests/soak/oracle.py")
OF_FACTS = (
    "tests/oracle/history.py",
    "tests/unit/talk_oracle.py",
    "tests/runtime/oracle.py",
    "tests/unit/chances.py",
    "tests/unit/deal_oracle.py",
)


def imported_by(path: Path) -> Iterator[str]:
    """Dotted names of what a file imports; of `from x import y` both `x` and `x.y`, which may be a module."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{name.name}" for name in node.names)


def packages_reached(path: Path, root: Path) -> set[str]:
    """The packages that a file imports, or a file of the tests which it imports."""
    names = set(imported_by(path))
    files = [root / f"{name.replace('.', '/')}.py" for name in names if name.startswith("tests.")]
    nested = [packages_reached(file, root) for file in files if file.is_file()]
    return {name.split(".")[0] for name in names}.union(*nested)


@pytest.mark.parametrize("oracle", OF_ROWS)
def test_an_oracle_of_rows_imports_nothing_of_the_product(oracle: str, root: Path) -> None:
    reached = packages_reached(root / oracle, root)

    assert reached
    assert not reached & PRODUCT


@pytest.mark.parametrize("oracle", OF_FACTS)
def test_an_oracle_of_facts_takes_their_types_and_nothing_of_the_core(oracle: str, root: Path) -> None:
    reached = packages_reached(root / oracle, root)

    assert "schemas" in reached
    assert "quota" not in reached


def test_no_oracle_is_left_out(root: Path) -> None:
    named = {str(path.relative_to(root)) for path in (root / "tests").rglob("*oracle.py")}
    kept = {str(path.relative_to(root)) for path in (root / "tests" / "oracle").glob("*.py")}

    computing = {path for path in kept if not Path(path).name.startswith(("test_", "conftest"))}
    assert named | computing <= {*OF_ROWS, *OF_FACTS}
