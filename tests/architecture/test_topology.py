"""Records flow one way, and every topic and table has one writer."""

from graphlib import CycleError
from pathlib import Path

import pytest

from streams import tables, topics
from tests.architecture.arrows import Arrow, arrows, order, writers


@pytest.fixture(scope="module")
def declared(root: Path) -> list[Arrow]:
    return arrows(root / "agents")


def test_records_flow_from_facts_to_messages_and_never_back(declared: list[Arrow]) -> None:
    flow = order(declared)
    assert flow.index("topics.DEALS") < flow.index("topics.CREDITS")
    assert flow.index("topics.CREDITS") < flow.index("topics.STANDINGS")
    assert flow.index("topics.STANDINGS") < flow.index("topics.ALERTS")
    assert flow.index("topics.ALERTS") < flow.index("topics.NOTIFICATIONS") < flow.index("agents.deliveries")


def test_every_table_has_one_writer(declared: list[Arrow]) -> None:
    shared = {target: agents for target, agents in writers(declared).items() if len(agents) > 1}
    # Each of the three folds of facts says its own part of a scope's day, under its own name as the sender.
    assert shared.pop("topics.CREDITS") == ["activities", "deals", "meetings"]
    assert shared == {}


def test_every_topic_that_is_read_is_declared_and_so_is_every_one_that_is_written(declared: list[Arrow]) -> None:
    known = {f"topics.{name}" for name in vars(topics)} | {f"tables.{name}" for name in vars(tables)}
    used = {name for arrow in declared for name in (*arrow.reads, *arrow.tables, *arrow.publishes)}
    assert used
    assert used <= known


def test_an_agent_that_publishes_upstream_is_found(tmp_path: Path, declared: list[Arrow]) -> None:
    (tmp_path / "echo.py").write_text("declare(reads=topics.ALERTS, tables=(), publishes=(topics.CREDITS,))")
    with pytest.raises(CycleError):
        order([*declared, *arrows(tmp_path)])


def test_a_second_writer_of_a_table_is_found(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / f"{name}.py").write_text("declare(reads=topics.DEALS, table=tables.DEALS, publishes=())")
    assert writers(arrows(tmp_path)) == {"tables.DEALS": ["one", "other"]}
