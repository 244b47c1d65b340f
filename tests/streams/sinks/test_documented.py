"""docs/notifications.md says what is sent, when it is sent again, and what to set."""

import json
import re
from pathlib import Path

import pytest
import yaml
from msgspec.structs import replace

from quota.deliveries import KEPT, WAITS
from quota.notifications import notifications
from schemas.plan import Route
from streams.plans.sections import SECTIONS
from streams.sinks.sinks import SUFFIXES
from streams.sinks.webhook import LARGEST, SECONDS, payload
from tests.unit.floor import a_plan
from tests.unit.news import win

UNITS = {"s": 1, "min": 60, "h": 3600}


@pytest.fixture(scope="module")
def text(root: Path) -> str:
    return (root / "docs" / "notifications.md").read_text()


def test_the_documented_body_has_the_fields_of_a_real_one(text: str) -> None:
    (example,) = re.findall(r"```json\n(.*?)```", text, flags=re.DOTALL)
    (message,) = notifications(win(), a_plan(routes=(Route("wins", "floor", "hook"),)))
    shown, real = json.loads(example), json.loads(payload(replace(message, cause=message.cause)))
    assert list(shown) == list(real)
    assert sorted(shown["data"]) == sorted(real["data"])
    assert sorted(shown["data"]["details"]) == sorted(real["data"]["details"])


def test_every_variable_of_a_sink_is_documented(text: str) -> None:
    assert {*re.findall(r"^\| `QUOTAFLOW_SINK_NAME(\w+)` \|", text, flags=re.MULTILINE)} == {*SUFFIXES}


def test_the_documented_routes_have_the_keys_of_routes(text: str) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)
    assert {key for route in yaml.safe_load(example)["routes"] for key in route} == {*SECTIONS["routes"].fields}


def test_the_documented_waits_and_bounds_are_those_that_are_kept(text: str) -> None:
    (listed,) = re.findall(r"tried again after (.*?), up to a fifth", text)
    assert tuple(int(n) * UNITS[unit] for n, unit in re.findall(r"(\d+) (s|min|h)\b", listed)) == WAITS
    assert f"2xx within {SECONDS:g} seconds" in text
    assert f"at most {LARGEST:,} bytes" in text
    assert f"forgotten {KEPT.days} days later" in text
