import ast
from pathlib import Path

import pytest

from tests.oracle import bpic, crm, shortage

PRODUCT = {"agents", "streams", "quota", "schemas"}


@pytest.mark.parametrize("module", [bpic, crm, shortage])
def test_an_oracle_imports_nothing_of_the_product(module: object) -> None:
    tree = ast.parse(Path(str(vars(module)["__file__"])).read_text())
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert imported
    assert not {name.split(".")[0] for name in imported} & PRODUCT
