"""A log whose file is torn: every command says so and what to do, and leaves it as it is."""

from pathlib import Path

import pytest

from tests.agents.example import FACTS, Quotaflow, lines

PAGE = 16_384
COMMANDS = {
    "report": ["report"],
    "status": ["status"],
    "alerts": ["alerts"],
    "explain": ["explain", "company", "revenue", "2026-Q1"],
    "dead-letters": ["dead-letters", "list"],
    "worker": ["worker", "--clock", "log", "--listen", "none"],
    "gateway": ["gateway", "--listen", "127.0.0.1:0"],
}


@pytest.fixture
def whole(tmp_path: Path) -> tuple[Quotaflow, bytes]:
    """A log that was closed in good order, and its bytes."""
    floor = Quotaflow(tmp_path)
    floor.apply()
    floor.replay(lines(FACTS))
    return floor, floor.path.read_bytes()


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
@pytest.mark.parametrize("damage", ["cut off", "overwritten"])
def test_a_torn_file_is_told_by_every_command(command: list[str], damage: str, whole: tuple[Quotaflow, bytes]) -> None:
    floor, raw = whole
    floor.path.write_bytes(raw[:PAGE] if damage == "cut off" else raw[:PAGE] + bytes(len(raw) - PAGE))
    torn = floor.path.read_bytes()
    said = floor.run(*command, code=1).output
    assert f"Error: {floor.path} is damaged (database disk image is malformed)" in said
    assert "put back a copy of both, or name another file with --broker and replay the facts into it" in said
    assert "Traceback" not in said
    assert floor.path.read_bytes() == torn
    floor.path.write_bytes(raw)
    assert floor.standing("company", "2026-Q1")["metrics"]["revenue"]["value"] == "1500.00"
