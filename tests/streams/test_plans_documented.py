"""The reference of plan files says what the reader does."""

import re
from pathlib import Path
from typing import get_args

import pytest

from quota import behind_pace, pace, shortage
from quota.plans import PlanIndex
from schemas.plan import Rule
from streams.plans import calendars, load, sections
from streams.plans.conversations import CONVERSATIONS

DEFAULTS = "\n| parameter |"
STATUSES = "\n| status |"


@pytest.fixture(scope="module")
def text(root: Path) -> str:
    return (root / "docs" / "plans.md").read_text()


def test_every_key_is_documented_and_every_documented_key_exists(text: str) -> None:
    parts = {part.split("\n", 1)[0]: part for part in text.split("\n## ")[1:]}
    known = {name: set(section.fields) for name, section in sections.SECTIONS.items()}
    known["company"] = set(sections.COMPANY)
    known["pipelines"] |= set(sections.STAGE)
    known["metrics"] |= set(CONVERSATIONS)
    known["calendars"] |= calendars.FISCAL.keys() | calendars.TABLE_PERIOD.keys() | calendars.REGIONAL.keys()
    found = {name: set(re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)) for name, part in parts.items()}
    assert found == known


def test_what_the_reference_calls_required_is(text: str) -> None:
    required = set(re.findall(r"^\| `(\w+)` \| (?:.* )?Required\. \|", text, re.MULTILINE))
    fields = {name: field for section in sections.SECTIONS.values() for name, field in section.fields.items()}
    everything = fields | sections.COMPANY | sections.STAGE | calendars.FISCAL | calendars.TABLE_PERIOD
    everything |= calendars.REGIONAL
    assert required >= {name for name, field in everything.items() if field.required}


def test_the_documented_example_is_a_plan(text: str, tmp_path: Path) -> None:
    match = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert match
    (tmp_path / "plan.yaml").write_text(match[1])
    plan = load(tmp_path)
    index = PlanIndex(plan)
    assert index.rep("our-crm", "10912") == "moses-frase"
    assert index.ancestors("moses-frase", "2026-07-01") == (
        "rep:moses-frase",
        "team:chicago",
        "team:central",
        "company",
    )
    assert len(plan.quotas) == 4


@pytest.mark.parametrize("name", ["crm-sales-opportunities", "bpic2012-work-items", "demo"])
def test_the_example_plans_are_without_mistakes(name: str, root: Path) -> None:
    plan = load(root / "deploy" / "examples" / name)
    assert PlanIndex(plan).scopes


def table(text: str, head: str) -> list[list[str]]:
    """The cells of every row below the head of a table."""
    _, rows = (head + text.split(head)[1].split("\n\n", maxsplit=1)[0]).strip().split("\n|---", 1)
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows.split("\n")[1:]]


def percents(cell: str) -> list[float]:
    """The percentages in a text, as fractions."""
    return [int(found) / 100 for found in re.findall(r"(\d+) %", cell)]


def test_the_defaults_of_rules_are_those_of_the_code(text: str) -> None:
    said = {name.strip("`"): [few, slow, won] for name, few, slow, won in table(text, DEFAULTS)}
    optional = {name for name in Rule.__struct_fields__ if getattr(Rule("r", "deal_won"), name) is None}
    assert said.keys() == optional
    found = {name: [percents(cell) for cell in said[name][:2]] for name in ("fire", "clear")}
    assert found == {
        "fire": [[shortage._FIRE], [behind_pace._FIRE]],
        "clear": [[shortage._CLEAR], [behind_pace._CLEAR]],
    }
    assert said["days"][:2] == [str(shortage.DAYS), str(behind_pace.DAYS)]
    little = re.search(r"fewer than (\d+) deals are won, or fewer than\s(\d+) days", text)
    assert little
    assert [int(number) for number in little.groups()] == [shortage._ENOUGH_WINS, shortage._ENOUGH_DAYS]


def test_every_status_is_documented_with_its_threshold(text: str) -> None:
    said = {code.strip("`"): percents(when) for _, code, when in table(text, STATUSES)}
    assert said.keys() == set(get_args(pace.Status))
    thresholds = {name: found for name, found in said.items() if found}
    assert thresholds == {"too_early": [pace.TOO_EARLY], "on_track": [pace.ON_TRACK], "behind": [pace.AT_RISK]}
    assert f"below {round(100 * pace.EVIDENCE)} %" in text
    assert all(name == code.strip("`").replace("_", " ") for name, code, _ in table(text, STATUSES))
