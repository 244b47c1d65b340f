"""The JSON Schema of plan files: it takes what is a plan, and finds what only an editor can find so early."""

import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from streams.contracts.plan_files import document
from streams.documents.schemas import Reader
from streams.plans.calendars import FISCAL, REGIONAL, TABLE_PERIOD
from streams.plans.sections import COMPANY, MEMBERSHIP, SECTIONS, STAGE
from tests.streams.editor import complaints
from tests.streams.test_plans import GOOD

EXAMPLES = sorted((Path(__file__).parents[2] / "deploy" / "examples").glob("*/*.yaml"))
CALENDARS = """
calendars:
  - {id: a, zone: UTC, holidays: {region: US-IL, years: 2025-2028, add: {2026-12-24: x}, remove: 2026-10-12}}
  - {id: b, zone: UTC, holidays: {region: DE, years: 2026, add: [2026-12-24]}, first_weekday: Sunday}
  - {id: c, timezone: UTC, holidays: {2026-12-24: ~}, fiscal: {pattern: 4-4-5, weekday: sat, month: 1}}
  - {id: d, zone: UTC, period_table: [{id: 2026, kind: year, from: 2026-01-01, until: 2027-01-01}]}
"""


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(document())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_files_of_the_example_plans_are_taken(path: Path) -> None:
    assert complaints(path.read_text()) == []


def test_the_documented_plans_are_taken(root: Path) -> None:
    for page in ("README.md", "docs/plans.md"):
        (example, *_) = re.findall(r"```yaml\n(.*?)```", (root / page).read_text(), re.DOTALL)
        assert "reps:" in example
        assert complaints(example) == []


@pytest.mark.parametrize(
    "text", [GOOD, CALENDARS, "# nothing yet\n", "teams:\n", "reps: [{id: x, team: [], email: ~}]"]
)
def test_what_the_reader_takes_is_taken(text: str) -> None:
    assert complaints(text) == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("compani: {}", "'compani' was unexpected"),
        ("company: {name: A}", "'currency' is a required property"),
        ("reps: [{id: x, tema: west}]", "'tema' was unexpected"),
        ("reps: {x: {id: y}}", "is not valid under any"),
        ("teams: [{name: x}]", "'id' is a required property"),
        ("quotas: [{scope: anna, metric: revenue, period: month, target: 1}]", "is not valid under any"),
        ("quotas: [{metric: revenue, period: month, target: 1}]", "is not valid under any"),
        ("quotas: [{scope: company, metric: revenue, period: fortnight, target: 1}]", "'fortnight' is not one of"),
        ("quotas: [{scope: company, metric: revenue, period: month, target: $9}]", "'$9' does not match"),
        ("rules: [{id: x, kind: deal_won, days: 0}]", "is not valid under any"),
        ("calendars: [{id: x, zone: UTC, fiscal: {pattern: 4-4-4, weekday: sat, month: 1}}]", "'4-4-4' is not one of"),
        ("calendars: [{id: x, zone: UTC, first_weekday: sturday}]", "'sturday' does not match"),
    ],
)
def test_a_mistake_is_seen_in_the_editor(text: str, complaint: str) -> None:
    found = complaints(text)
    assert any(complaint in message for message in found), found


def test_every_reader_of_a_plan_says_what_it_accepts() -> None:
    sections = {name: section.fields for name, section in SECTIONS.items()}
    nested = {"company": COMPANY, "stage": STAGE, "membership": MEMBERSHIP}
    nested |= {"fiscal": FISCAL, "table": TABLE_PERIOD, "region": REGIONAL}
    silent = [
        f"{what}.{name}"
        for what, fields in (sections | nested).items()
        for name, field in fields.items()
        if not (isinstance(field.read, Reader) and field.read.schema)
    ]
    assert silent == []
