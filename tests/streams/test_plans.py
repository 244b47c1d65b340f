"""A plan directory becomes a plan, or a list of everything that is wrong in it."""

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.plan import Calendar, Company, Membership, Metric, Plan, Quota, Rate, Rep, Team
from streams.plans import PlanError, TornPlan, assemble, load, plan_records

AT = datetime(2017, 1, 1, tzinfo=UTC)

GOOD = """\
company: {name: Acme, currency: USD, periods: [month, quarter]}
calendars:
  - id: default
    zone: America/Chicago
    working_days: [mon, tue, wed, thu, friday]
    starts: 9:00
    ends: "18:00"
    holidays: [2017-12-25]
  - id: east
    zone: America/New_York
    holidays: {2017-07-04: Independence Day}
pipelines:
  - id: sales
    stages:
      - {id: engaging, kind: open, probability: 0.4, early: true, names: [Engaging]}
      - {id: won, kind: won}
      - {id: lost, kind: lost}
teams:
  central: {name: Central}
  west: {parent: central, manager: Cara Losch}
reps:
  - {id: anna, name: Anna, team: west}
  - id: bo
    external: {crm: [Bo B., b.b], phone: "007"}
    teams:
      - {team: west, until: 2017-06-01}
      - {team: central, from: 2017-06-01}
quotas:
  - {scope: company, metric: revenue, period: quarter, target: 900_000}
  - {scope: [rep:anna, rep:bo], metric: applications, period: month, target: 2.5, from: 2017-01-01, until: 2018-01-01}
  - {scope: [rep:anna], metric: applications, period: month, target: "3", from: 2018-01-01}
rules:
  - {id: shortage, kind: early_stage_shortage, lead: 57, fire: 0.2, clear: 0.05}
rates:
  - {currency: EUR, from: 2017-01-01, rate: "1.08"}
routes:
  - {id: wins, recipient: floor, sink: slack, rules: shortage, scope: team:west}
metrics:
  applications: {counts: application}
"""


def directory(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path


def problems(tmp_path: Path, **files: str) -> list[str]:
    with pytest.raises(PlanError) as caught:
        load(directory(tmp_path, **files))
    return str(caught.value).splitlines()


def test_a_plan_is_read_from_friendly_yaml(tmp_path: Path) -> None:
    plan = load(directory(tmp_path, plan=GOOD))
    assert plan.revision == 0
    assert plan.company == Company("Acme", "USD", "default", ("month", "quarter"))
    assert plan.calendars[0] == Calendar(
        "default", "America/Chicago", starts="09:00", holidays={"2017-12-25": "holiday"}
    )
    assert plan.calendars[1].holidays == {"2017-07-04": "Independence Day"}
    assert plan.teams == (Team("central", "Central"), Team("west", "west", "central", ("Cara Losch",)))
    assert plan.reps == (
        Rep("anna", "Anna", (Membership("west"),)),
        Rep(
            "bo",
            "bo",
            (Membership("west", None, "2017-06-01"), Membership("central", "2017-06-01")),
            {"crm": ("Bo B.", "b.b"), "phone": ("007",)},
        ),
    )
    assert [stage.probability for stage in plan.pipelines[0].stages] == [0.4, 1.0, 0.0]
    assert plan.quotas[0] == Quota("company.revenue.quarter", "company", "revenue", "quarter", "900000", "USD")
    assert [quota.id for quota in plan.quotas[1:]] == [
        "rep.anna.applications.month.2017-01-01",
        "rep.bo.applications.month.2017-01-01",
        "rep.anna.applications.month.2018-01-01",
    ]
    assert plan.quotas[1].currency is None
    assert plan.rates == (Rate("EUR", "2017-01-01", "1.08"),)
    assert plan.metrics == (Metric("applications", ("application",)),)


def test_sections_may_be_spread_over_files(tmp_path: Path) -> None:
    company, rest = GOOD.split("calendars:", 1)
    (tmp_path / "spread").mkdir()
    (tmp_path / "one").mkdir()
    spread = load(directory(tmp_path / "spread", a=company, b="calendars:" + rest))
    assert spread == load(directory(tmp_path / "one", plan=GOOD))


def test_the_only_calendar_is_the_companys(tmp_path: Path) -> None:
    plan = load(
        directory(tmp_path, plan="company: {name: A, currency: USD}\ncalendars: {dutch: {zone: Europe/Amsterdam}}")
    )
    assert plan.company.calendar == "dutch"


WRONG = [
    ("reps: [{id: x, team: wset}]", "plan.yaml:{}: team 'wset' is not defined; did you mean 'west'?"),
    ("reps: [{id: Anna Snelling, team: west}]", "rep, `id`: 'Anna Snelling' is not an id; write 'anna-snelling'"),
    ("reps: [{id: anna, team: west}]", "rep 'anna' is already in plan.yaml:"),
    ("reps: [{id: x, tema: west}]", "rep has no key 'tema'; did you mean 'team'?"),
    ("reps: [{id: x, id: y}]", "'id' is given twice"),
    ("reps: [{name: x}]", "rep has no `id`; add `id: anna-snelling`"),
    ("reps: [{id: x, calendar: eest}]", "calendar 'eest' is not defined; did you mean 'east'?"),
    (
        "reps: [{id: x, teams: [{team: west, until: 2017-02-01}, {team: central, from: 2017-01-31}]}]",
        "on the same days",
    ),
    ("reps: [{id: x, teams: [{team: west, from: 2017-02-01, until: 2017-02-01}]}]", "not after its start 2017-02-01"),
    ("reps: [{id: x, teams: [{team: west, from: 2017-02-30}]}]", "'2017-02-30' is not a day of the calendar"),
    ("reps: [{id: x, external: {crm: b.b}}]", "'b.b' of source 'crm' is already in plan.yaml:"),
    ("teams: [{id: a, parent: b}, {id: b, parent: a}]", "in a circle: a → b → a"),
    ("teams: [{id: a, parent: a}]", "in a circle: a → a"),
    ("teams: [{id: a, parent: nowhere}]", "team 'nowhere' is not defined"),
    ("calendars: [{id: x, zone: America/Chikago}]", "did you mean 'America/Chicago'?"),
    ("calendars: [{id: x, zone: UTC, working_days: [mo]}]", "'mo' is not a weekday"),
    ("calendars: [{id: x, zone: UTC, working_days: [mon, tue, Monday]}]", "'Monday' is in the working_days twice"),
    ("routes: [{id: x, recipient: a, sink: b, rules: [shortage, shortage]}]", "is in the rules twice; leave one out"),
    ("calendars: [{id: x, zone: UTC, starts: 25:00}]", "'25:00' is not a time of day"),
    ("calendars: [{id: x, zone: UTC, holidays: [tomorrow]}]", "'tomorrow' is not a day of the calendar"),
    ("quotas: [{scope: rep:an, metric: revenue, period: month, target: 1}]", "scope 'rep:an' is not defined"),
    ("quotas: [{scope: anna, metric: revenue, period: month, target: 1}]", "'anna' is not a scope"),
    ("quotas: [{scope: company, metric: revenu, period: month, target: 1}]", "did you mean 'revenue'?"),
    ("quotas: [{scope: company, metric: revenue, period: week, target: 1}]", "add week to the company's periods"),
    ("quotas: [{scope: company, metric: revenue, period: fortnight, target: 1}]", "'fortnight' is not known"),
    ("quotas: [{scope: company, metric: revenue, period: month, target: $9}]", "'$9' is not a number"),
    ("quotas: [{scope: company, metric: revenue, period: month, target: -1}]", "the target -1 is negative"),
    ("quotas: [{scope: company, metric: win_rate, period: month, target: 45}]", "write 0.45 for 45 %"),
    ("quotas: [{scope: company, metric: revenue, period: month, target: 1, currency: EUR}]", "give the target in USD"),
    ("quotas: [{scope: company, metric: deals_won, period: month, target: 1, currency: USD}]", "is not money"),
    ("quotas: [{scope: company, metric: revenue, period: quarter, target: 1}]", "a second revenue quota of company"),
    ("pipelines: [{id: x, stages: [{id: won, kind: won}, {id: o, kind: open}]}]", "stage 'won' is already in"),
    ("pipelines: [{id: x, stages: [{id: o, kind: open}]}]", "pipeline 'x' has no stage of kind won"),
    ("pipelines: [{id: x, stages: [{id: o, kind: open}, {id: w, kind: won, early: true}]}]", "cannot be early"),
    ("pipelines: [{id: x, stages: [{id: o, kind: open}, {id: w, kind: won, names: [Engaging]}]}]", "means the stages"),
    ("pipelines: [{id: x, stages: [{id: o, kind: opne}]}]", "did you mean 'open'?"),
    ("rules: [{id: x, kind: behind_pase}]", "did you mean 'behind_pace'?"),
    ("rules: [{id: x, kind: behind_pace, fire: 0.9, clear: 0.8}]", "choose a higher `clear`"),
    ("rules: [{id: x, kind: early_stage_shortage, fire: 0.1, clear: 0.2}]", "choose a lower `clear`"),
    ("rules: [{id: x, kind: behind_pace, metrics: [calls]}]", "metric 'calls' is not defined"),
    ("rules: [{id: x, kind: deal_won, minimum_amount: 0.001}]", "has more digits than USD has"),
    ("rates: [{currency: USD, day: 2017-01-01, rate: 1}]", "USD is the company's own currency"),
    ("rates: [{currency: EUR, day: 2018-01-01, rate: 0}]", "the rate 0 is not above 0"),
    ("rates: [{currency: EUR, day: 2017-01-01, rate: 1}]", "a rate of EUR from 2017-01-01 is already in"),
    ("routes: [{id: x, recipient: a, sink: b, rules: [shortag]}]", "did you mean 'shortage'?"),
    ("routes: [{id: x, recipient: a, sink: My Hook}]", "write 'my-hook'"),
    ('routes: [{id: x, recipient: "a\\e[2J", sink: b}]', "write a name on one line"),
    ("routes: [{id: x, recipient: a, sink: b, scopes: [team:nowhere]}]", "scope 'team:nowhere' is not defined"),
    ("metrics: [{id: revenue, counts: [x]}]", "metric 'revenue' exists and does not count activities"),
    ("metrics: [{id: meaningful_conversations, counts: [x]}]", "exists and does not count activities"),
    ("metrics: [{id: calls_placed, conversations: {}}]", "'calls_placed' is built in and cannot be redefined"),
    ("metrics: [{id: revenue, conversations: {}}]", "'revenue' is built in and cannot be redefined; choose another id"),
    ("metrics: [{id: costed, conversations: {}}]", "metric 'costed' exists"),
    ("metrics: [{id: x, counts: [x], conversations: {}}]", "plan.yaml:{}: it counts activities and conversations"),
    ("metrics: [{id: x, conversations: {minutes: -1}}]", "'-1' is not a whole number between 0 and 1440"),
    ("metrics: [{id: x, conversations: {seniority: [vp, vp]}}]", "'vp' is in the seniorities twice"),
    ("metrics: [{id: x, conversations: {senority: vp}}]", "did you mean 'seniority'?"),
    ("metrics: [{id: unpriced, counts: [x]}]", "choose another id"),
    ("quotas: [{scope: team:west, metric: revenue, period: month, target: 0.125}]", "has more digits than USD has"),
    ("metrics: [{id: x}]", "the metric counts nothing; add `counts: [application]`, or `conversations"),
    ("company: {name: B, currency: EUR}", "a second company, the first is in plan.yaml:1"),
    ("compani: {}", "there is no section 'compani'; did you mean 'company'?"),
    ("quotas: [{scope: company, metric: !!python/name:os.system x, period: month, target: 1}]", "values need no tags"),
    ("teams: &a [*a]", "stands inside itself"),
    ("teams: [", "not YAML: "),
    ("teams: [{id: x, <<: {name: x}}]", "team has no key '<<'"),
    ("- 1", "the file must be a mapping of sections"),
]


@pytest.mark.parametrize(("text", "expected"), WRONG)
def test_a_mistake_is_named_with_its_line_and_a_fix(tmp_path: Path, text: str, expected: str) -> None:
    found = problems(tmp_path, plan=GOOD, zzz=f"# a comment\n{text}\n")
    assert len(found) == 1, found
    assert expected.format(found[0].split(":")[1]) in found[0].replace("zzz.yaml", "plan.yaml")
    assert found[0].startswith("zzz.yaml:2:") or text == "teams: ["


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=st.sets(st.integers(0, 9), min_size=2))
def test_every_mistake_is_told_at_once(tmp_path: Path, chosen: set[int]) -> None:
    for old in tmp_path.glob("*.yaml"):
        old.unlink()
    files = {f"file{number}": WRONG[number][0] for number in chosen}
    found = problems(tmp_path, a=GOOD, **files)
    assert {line.split(":")[0] for line in found} == {f"{name}.yaml" for name in files}


def test_a_directory_without_a_plan_says_what_to_add(tmp_path: Path) -> None:
    assert "add company.yaml" in problems(tmp_path)[0]
    (tmp_path / "plan.yml").write_text(GOOD)
    assert any("rename it to .yaml" in line for line in problems(tmp_path))


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlanError) as raised:
        load(tmp_path / "nowhere")
    (problem,) = raised.value.problems
    assert "there is no such directory" in str(problem)


def test_aliases_are_allowed_but_cannot_explode(tmp_path: Path) -> None:
    names = "abcdefghijklmnop"
    bomb = "\n".join(f"x{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in pairwise(names))
    found = problems(tmp_path, plan=f"xa: &a [1, 2, 3]\n{bomb}\n")
    assert any("aliases included" in line for line in found)
    ok = GOOD.replace("[mon, tue, wed, thu, friday]", "&week [mon, tue]") + "\n"
    ok = ok.replace("zone: America/New_York", "zone: America/New_York\n    working_days: *week")
    (tmp_path / "plan.yaml").write_text(ok)
    assert load(tmp_path).calendars[1].working_days == (0, 1)


def test_deep_nesting_and_large_files_are_refused(tmp_path: Path) -> None:
    assert any("nested more than" in line for line in problems(tmp_path, plan="teams: " + "[" * 100_000))
    assert any("split it" in line for line in problems(tmp_path, plan="# " + "x" * 5_000_000))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(soup=st.binary(max_size=200) | st.text("[]{}:-&*!|>'\"\n ,ab", max_size=80).map(str.encode))
def test_any_bytes_give_problems_and_nothing_else(tmp_path: Path, soup: bytes) -> None:
    (tmp_path / "plan.yaml").write_bytes(soup)
    with pytest.raises(PlanError) as caught:
        load(tmp_path)
    assert all(problem.place.line >= 1 and problem.fix for problem in caught.value.problems)


def test_a_plan_survives_its_journey_as_records(tmp_path: Path) -> None:
    plan = load(directory(tmp_path, plan=GOOD))
    records = plan_records(plan, 7, AT)
    assert len({record.key for record in records}) == len(records)
    arrived = assemble(record.value for record in records)
    assert arrived is not None
    assert arrived.revision == 7
    assert plan == Plan(0, *(getattr(arrived, name) for name in Plan.__struct_fields__[1:]))


def test_a_revision_exists_only_with_its_manifest(tmp_path: Path) -> None:
    values = [record.value for record in plan_records(load(directory(tmp_path, plan=GOOD)), 7, AT)]
    for cut in range(len(values)):
        assert assemble(values[:cut]) is None


def test_what_an_interrupted_attempt_left_is_passed_over(tmp_path: Path) -> None:
    values = [record.value for record in plan_records(load(directory(tmp_path, plan=GOOD)), 7, AT)]
    assert assemble([*values[:5], *values]) == assemble(values)


def test_a_torn_revision_is_refused(tmp_path: Path) -> None:
    values = [record.value for record in plan_records(load(directory(tmp_path, plan=GOOD)), 7, AT)]
    for torn in (values[1:], [*values[:-2], values[0], values[-1]], [values[1], values[0], *values[2:]]):
        with pytest.raises(TornPlan, match="apply the plan again"):
            assemble(torn)
