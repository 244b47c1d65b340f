"""The documentation says what is so: every request in it is taken, every setting and limit is the one in force."""

import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest

from streams.config import TOKEN, TOKEN_FILE
from streams.gateway.reading import FORMS, MAX_EVENTS, read
from streams.gateway.server import BODY_SECONDS
from streams.replay import Fact
from streams.replay.ndjson import MAX_DEPTH
from streams.web.listening import SHORTEST_TOKEN
from tests.streams.gateway.sending import Request


def requests(document: str) -> list[Request]:
    """What each curl of a document sends to the gateway."""
    found = []
    for command in re.findall(r"^curl (\S+/events .*?)(?=\n\n|\n```)", document, flags=re.DOTALL | re.MULTILINE):
        words = shlex.split(command)
        pairs = [word.split(": ", 1) for option, word in pairwise(words) if option == "-H"]
        found.append(([(name, value) for name, value in pairs], words[-1].encode()))
    return found


@pytest.mark.parametrize(("name", "count"), [("README.md", 1), ("docs/gateway.md", 6)])
def test_every_request_in_the_documentation_is_taken(name: str, count: int, root: Path) -> None:
    found = requests((root / name).read_text())
    assert len(found) == count
    for headers, body in found:
        facts = read(headers, body).facts
        assert facts
        assert all(isinstance(fact, Fact) for fact in facts)


def test_forms_settings_and_limits_are_the_ones_in_force(root: Path) -> None:
    said = (root / "docs" / "gateway.md").read_text()
    assert [name for name in (*FORMS, TOKEN, TOKEN_FILE) if f"`{name}`" not in said] == []
    assert f"at most 1 MiB and {MAX_EVENTS:,} facts" in said
    assert f"nested more than {MAX_DEPTH} deep" in said
    assert f"at least {SHORTEST_TOKEN} characters" in said
    assert f"more than {BODY_SECONDS:.0f} seconds" in said
