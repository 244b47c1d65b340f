"""The plan in force beside the files of a folder: what differs, written out, and described for editors."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.agents.example import COMPANY, QUOTAS, Quotaflow, write_plan


@pytest.fixture
def floor(tmp_path: Path) -> Quotaflow:
    floor = Quotaflow(tmp_path)
    floor.apply()
    return floor


def test_the_plan_in_force_does_not_differ_from_itself(floor: Quotaflow) -> None:
    assert floor.run("plan", "diff", floor.folder / "plan").stdout.endswith("plan is revision 1, which is in force.\n")
    assert floor.json("plan", "diff", floor.folder / "plan") == {"revision": 1, "same": True, "changes": []}


def test_what_applying_a_plan_would_change_is_told_by_section_and_field(floor: Quotaflow) -> None:
    folder = write_plan(floor.folder / "next", QUOTAS.replace("target: 2000.00", "target: 2500.00"))
    people = COMPANY.replace("{id: bob, name: Bob, team: south}", "{id: dan, name: Dan, team: south}")
    (folder / "company.yaml").write_text(people.replace("name: Ann,", "name: Anna, email: ann@example.com,"))
    said = floor.run("plan", "diff", folder, code=1).stdout
    assert said.splitlines()[:-1] == [
        "reps",
        "  ~ ann",
        "      name: Ann → Anna",
        "      email: nothing → ann@example.com",
        '  + dan: name Dan, teams [{"team":"south","start":null,"end":null}]',
        "  - bob",
        "quotas",
        "  ~ rep.ann.revenue.month.2026-01-01",
        "      target: 2000.00 → 2500.00",
        "",
    ]
    assert said.endswith(
        "differs from revision 1, which is in force: 1 object added, 1 object removed, 2 objects changed.\n"
    )
    found = json.loads(floor.run("plan", "diff", folder, "--json", code=1).stdout)
    assert [(each["section"], each["change"], each["object"]) for each in found["changes"]] == [
        ("reps", "changed", "ann"),
        ("reps", "added", "dan"),
        ("reps", "removed", "bob"),
        ("quotas", "changed", "rep.ann.revenue.month.2026-01-01"),
    ]
    assert found["changes"][3]["fields"] == {"target": {"before": "2000.00", "after": "2500.00"}}
    assert found["changes"][1]["after"]["name"] == "Dan"
    floor.run("plan", "apply", folder)
    assert floor.json("plan", "diff", folder)["same"] is True


def test_another_order_of_the_same_objects_is_told(floor: Quotaflow) -> None:
    first, second = QUOTAS.splitlines()[2:4]
    folder = write_plan(floor.folder / "next", QUOTAS.replace(f"{first}\n{second}", f"{second}\n{first}"))
    assert floor.run("plan", "diff", folder, code=1).stdout.startswith("quotas\n  ↕ in another order\n")


def test_a_comparison_that_cannot_be_made_ends_like_no_other(floor: Quotaflow) -> None:
    folder = write_plan(floor.folder / "next", QUOTAS.replace("revenue", "revenu"))
    wrong = floor.run("plan", "diff", folder, code=2)
    assert "did you mean 'revenue'?" in wrong.stderr
    assert "nothing was compared" in wrong.stderr
    nothing = floor.on("other.db").run("plan", "diff", floor.folder / "plan", code=2)
    assert "apply a plan first" in nothing.stderr


def test_the_plan_in_force_is_exported_as_files_that_are_the_same_plan(floor: Quotaflow) -> None:
    folder = floor.folder / "out" / "plan"
    said = floor.run("plan", "export", folder).stdout
    assert said.startswith("company.yaml, people.yaml, rules.yaml, quotas.yaml in ")
    assert "hold revision 1: Example in EUR, 2 reps, 2 teams, 2 quotas" in said
    assert floor.json("plan", "diff", folder)["same"] is True
    assert "Nothing to apply: this is revision 1" in floor.run("plan", "apply", folder).stdout


def test_an_export_does_not_mix_with_files_that_are_there(floor: Quotaflow) -> None:
    folder = floor.folder / "plan"
    before = {path.name: path.read_text() for path in folder.iterdir()}
    refused = floor.run("plan", "export", folder, code=1)
    assert "already holds company.yaml; name a folder without YAML files" in refused.stderr
    assert {path.name: path.read_text() for path in folder.iterdir()} == before


def test_the_schema_that_is_printed_is_the_one_that_is_published(floor: Quotaflow, root: Path) -> None:
    said = json.loads(floor.run("plan", "schema").stdout)
    Draft202012Validator.check_schema(said)
    assert said == json.loads((root / "schemas" / "plan-files.json").read_text())


def test_a_check_points_at_days_between_two_quotas(floor: Quotaflow) -> None:
    assert "Worth a look" not in floor.run("plan", "check", floor.folder / "plan").stdout
    earlier = "  - {scope: rep:ann, metric: revenue, period: month, target: 1, until: 2025-07-01}\nrules:"
    folder = write_plan(floor.folder / "next", QUOTAS.replace("rules:", earlier))
    said = floor.run("plan", "check", folder).stdout.splitlines()[1:]
    assert len(said) == 1
    hole = "rep:ann has no revenue quota per month from 2025-07-01 until 2026-01-01, after quotas.yaml:5"
    assert said[0].startswith(f"Worth a look: quotas.yaml:3: {hole}; ")
