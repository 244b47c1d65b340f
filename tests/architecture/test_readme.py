"""The README says what is so: its plan can be applied, its topics, tables and files are there."""

import re
from pathlib import Path

import pytest

from streams import tables, topics
from streams.plans import load


@pytest.fixture(scope="module")
def readme(root: Path) -> str:
    return (root / "README.md").read_text()


def test_the_plan_in_the_readme_is_a_plan(readme: str, tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", readme, flags=re.DOTALL)
    (tmp_path / "plan.yaml").write_text(example)
    plan = load(tmp_path)
    assert [rep.id for rep in plan.reps] == ["ann"]
    assert {quota.metric for quota in plan.quotas} == {"calls_placed", "revenue"}


def test_every_topic_and_every_table_is_explained(readme: str) -> None:
    assert [spec.name for spec in (*topics.ALL, *tables.ALL) if f"`{spec.name}`" not in readme] == []


def test_every_file_and_folder_that_is_named_is_there(readme: str, root: Path) -> None:
    named = set(re.findall(r"\b(?:deploy|docs|streams|schemas)/[\w./-]*\w", readme))
    assert named
    assert [path for path in sorted(named) if not (root / path).exists()] == []


def test_every_make_target_that_is_named_is_there(readme: str, root: Path) -> None:
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", readme, flags=re.MULTILINE))
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(), flags=re.MULTILINE))
    assert {"demo", "test"} <= named <= targets
