"""The reference of plan files says what the reader does."""

import re
from pathlib import Path

import pytest

from quota.plans import PlanIndex
from streams.plans import load, sections


@pytest.fixture(scope="module")
def text(root: Path) -> str:
    return (root / "docs" / "plans.md").read_text()


def test_every_key_is_documented_and_every_documented_key_exists(text: str) -> None:
    parts = {part.split("\n", 1)[0]: part for part in text.split("\n## ")[1:]}
    known = {name: set(section.fields) for name, section in sections.SECTIONS.items()}
    known["company"] = set(sections.COMPANY)
    known["pipelines"] |= set(sections.STAGE)
    found = {name: set(re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)) for name, part in parts.items()}
    assert found == known


def test_what_the_reference_calls_required_is(text: str) -> None:
    required = set(re.findall(r"^\| `(\w+)` \| (?:.* )?Required\. \|", text, re.MULTILINE))
    fields = {name: field for section in sections.SECTIONS.values() for name, field in section.fields.items()}
    everything = fields | sections.COMPANY | sections.STAGE
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
