"""The documentation of the API says what is so: its requests are answered in the shapes that it shows."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from streams import config
from streams.redis_copy import layout
from streams.serving.latest import KEPT_ALERTS
from streams.windows import DEFAULT
from tests.agents.example import Quotaflow
from tests.agents.windows import answering, ask
from tests.streams.api.shapes import validator

SHAPES = ("StandingDocument", "AlertsDocument")


@pytest.fixture(scope="module")
def manual(root: Path) -> str:
    return (root / "docs" / "api.md").read_text()


def examples(manual: str) -> list[tuple[str, Any]]:
    """Each request, and the answer below it."""
    found = re.findall(r"```sh\ncurl (.*?)\n```\n\n```json\n(.*?)```", manual, flags=re.DOTALL)
    return [(shlex.split(request)[0].removeprefix(DEFAULT.url), json.loads(said)) for request, said in found]


def test_every_request_is_answered_with_what_is_shown(manual: str, copied: Quotaflow, root: Path) -> None:
    found = examples(manual)
    assert len(found) == len(SHAPES)
    first = re.findall(rf"^curl {DEFAULT.url}(\S+)$", (root / "README.md").read_text(), flags=re.MULTILINE)
    assert len(first) == 3
    with answering("worker", "--clock", "log", "--listen", "127.0.0.1:0", "--broker", copied.broker) as url:
        assert [ask(url, path).status for path in first] == [200] * 3
        for (path, shown), shape in zip(found, SHAPES, strict=True):
            answer = ask(url, path)
            assert answer.status == 200
            validator(shape).validate(shown)
            assert covers(answer.said, shown), answer.said


def covers(said: Any, shown: Any) -> bool:
    """Whether an answer says all that is shown, of metrics and details perhaps more."""
    if isinstance(shown, dict):
        return isinstance(said, dict) and all(name in said and covers(said[name], shown[name]) for name in shown)
    if isinstance(shown, list):
        return len(said) == len(shown) and all(map(covers, said, shown))
    return bool(said == shown)


def test_keys_settings_and_limits_are_the_ones_in_force(manual: str) -> None:
    keys = (layout.HEAD, layout.PLAN, layout.STANDINGS, layout.ALERTS)
    names = (config.LISTEN, config.TOKEN, config.TOKEN_FILE, config.REDIS)
    assert [name for name in (*keys, *names) if f"`{name}`" not in manual] == []
    assert f"among the last {KEPT_ALERTS:,}" in manual
    assert DEFAULT.url in manual
