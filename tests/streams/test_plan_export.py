"""The plan in force as files, and what is different between two plans."""

from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.plan import Plan, Quota, Stage
from streams.plans import load
from streams.plans.differences import differences
from streams.plans.export import MOST, files
from streams.plans.records import SECTIONS, name_of
from tests.streams.any_plans import plans
from tests.streams.editor import complaints
from tests.streams.test_plans import GOOD

thorough = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])


def read_back(plan: Plan) -> Plan:
    with TemporaryDirectory() as folder:
        for name, text in files(plan):
            (Path(folder) / name).write_text(text, encoding="utf-8")
        return load(Path(folder))


def good(tmp_path: Path) -> Plan:
    (tmp_path / "plan.yaml").write_text(GOOD)
    return load(tmp_path)


@thorough
@given(plan=plans())
def test_a_plan_that_is_exported_is_read_back_as_the_same_plan_and_pleases_an_editor(plan: Plan) -> None:
    assert differences(plan, read_back(plan)) == []
    assert read_back(plan) == plan
    assert [complaint for _, text in files(plan) for complaint in complaints(text)] == []


def test_the_example_plans_survive_being_exported(root: Path) -> None:
    for folder in ("crm-sales-opportunities", "bpic2012-work-items", "demo", "start-up", "enterprise"):
        plan = load(root / "deploy" / "examples" / folder)
        assert read_back(plan) == plan


def test_what_is_exported_reads_as_people_write_it(tmp_path: Path) -> None:
    written = dict(files(good(tmp_path)))
    assert [*written] == ["company.yaml", "people.yaml", "rules.yaml", "quotas.yaml", "rates.yaml"]
    assert "- {id: anna, name: Anna, team: west}\n" in written["people.yaml"]
    assert "- {scope: company, metric: revenue, period: quarter, target: 900000}\n" in written["quotas.yaml"]
    assert "holidays: {2017-07-04: Independence Day}\n" in written["company.yaml"]


def test_a_section_that_is_too_large_for_one_file_keeps_its_order(tmp_path: Path) -> None:
    quota = Quota("q", "company", "revenue", "month", "1", "USD")
    many = tuple(
        replace(quota, id=f"q{n}", start=f"{2000 + n // 336}-{n // 28 % 12 + 1:02d}-{n % 28 + 1:02d}", end=None)
        for n in range(MOST + 2)
    )
    ends = (*(each.start for each in many[1:]), None)
    plan = replace(good(tmp_path), quotas=tuple(replace(each, end=end) for each, end in zip(many, ends, strict=True)))
    names = [name for name, _ in files(plan) if name.startswith("quotas")]
    assert names == ["quotas-001.yaml", "quotas-002.yaml"]
    assert read_back(plan) == plan


@thorough
@given(before=plans(), after=plans())
def test_plans_differ_exactly_where_their_objects_do(before: Plan, after: Plan) -> None:
    found = differences(before, after)
    for section, what in product(SECTIONS, ("added", "removed", "changed")):
        old = {name_of(item): item for item in getattr(before, section)}
        new = {name_of(item): item for item in getattr(after, section)}
        expected = {
            "added": new.keys() - old.keys(),
            "removed": old.keys() - new.keys(),
            "changed": {name for name in old.keys() & new.keys() if old[name] != new[name]},
        }[what]
        assert {each.name for each in found if (each.section, each.what) == (section, what)} == expected
    assert all(each.edits for each in found if each.what == "changed")
    assert (found == []) == (before == after)


@thorough
@given(plan=plans())
def test_a_plan_does_not_differ_from_itself_whatever_its_revision(plan: Plan) -> None:
    assert differences(plan, replace(plan, revision=7)) == []
    assert {each.what for each in differences(None, plan)} == {"added"}


@thorough
@given(plan=plans(), chance=st.randoms(use_true_random=False))
def test_another_order_is_a_difference_too(plan: Plan, chance: Any) -> None:
    for section in SECTIONS:
        items = [*getattr(plan, section)]
        chance.shuffle(items)
        found = differences(plan, replace(plan, **{section: tuple(items)}))
        assert bool(found) == (tuple(items) != getattr(plan, section))
        assert {(each.section, each.what) for each in found} <= {(section, "reordered")}


def test_a_change_is_told_field_by_field(tmp_path: Path) -> None:
    plan = good(tmp_path)
    (pipeline,) = plan.pipelines
    stages = (*pipeline.stages[1:], Stage("engaging", "open", probability=0.5, early=True, names=("Engaging",)))
    anna = replace(plan.reps[0], email="anna@example.com")
    office = replace(plan.calendars[1], holidays={"2017-07-04": "Fourth", "2017-09-04": "Labor Day"})
    after = replace(
        plan,
        pipelines=(replace(pipeline, stages=stages),),
        reps=(anna, plan.reps[1]),
        calendars=(plan.calendars[0], office),
        company=replace(plan.company, name="Acme Corp"),
    )
    assert [(each.section, each.name, *each.edits) for each in differences(plan, after)] == [
        ("company", "", ("name", "Acme", "Acme Corp")),
        ("reps", "anna", ("email", None, "anna@example.com")),
        (
            *("calendars", "east"),
            ("holidays.2017-07-04", "Independence Day", "Fourth"),
            ("holidays.2017-09-04", None, "Labor Day"),
        ),
        (
            *("pipelines", "sales"),
            ("stages.engaging.probability", 0.4, 0.5),
            ("stages, their order", ["engaging", "won", "lost"], ["won", "lost", "engaging"]),
        ),
    ]
