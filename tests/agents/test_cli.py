"""The commands together, each run as a user runs it, on a real log with a real worker in process."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from agents.cli import command_line
from tests.agents.example import BAD, FACTS, Quotaflow, call, deal, lines, write_plan

PIPELINE = Path(__file__).parents[2] / "deploy/examples/crm-sales-opportunities/data/sales_pipeline.csv"
COMMANDS = ("worker", "plan", "replay", "simulate", "report", "explain", "alerts", "dead-letters", "status")


def value(standing: Any, metric: str) -> Any:
    return standing["metrics"][metric]["value"]


def test_help_names_every_command() -> None:
    shown = CliRunner().invoke(command_line, ["--help"]).stdout
    assert [name for name in COMMANDS if f"\n  {name} " not in shown] == []


def test_the_version_is_told() -> None:
    assert CliRunner().invoke(command_line, ["--version"]).stdout.startswith("quotaflow, version 0.")


def test_every_command_explains_itself_and_takes_the_broker() -> None:
    for name in COMMANDS:
        result = CliRunner().invoke(command_line, [name, "--help"])
        assert result.exit_code == 0
        assert "--broker URL" in result.stdout


def test_a_demo_says_that_it_has_a_log_of_its_own() -> None:
    shown = "".join(CliRunner().invoke(command_line, ["demo", "--help"]).stdout.split())
    assert "defaultembedded://quotaflow-demo.db;QUOTAFLOW_BROKERisnotlookedat" in shown
    assert "kafka" not in shown


def test_a_replay_ends_in_the_numbers_that_one_adds_up_in_the_head(replayed: Quotaflow) -> None:
    january = replayed.standing("rep:ann", "2026-01")
    assert january["as_of"] == "2026-02-01T00:00:00+01:00"
    assert january["metrics"]["revenue"] == {"value": "1000.00", "unit": "EUR"}
    assert january["metrics"]["win_rate"] == {"value": 0.5, "n": 2}
    assert value(january, "leads_spoken_to") == 2
    assert value(january, "calls_connected") == 3
    assert [quota["attainment"] for quota in january["quotas"]] == [0.5]
    assert value(replayed.standing("team:west", "2026-02"), "revenue") == "500.00"
    quarter = replayed.standing("company", "2026-Q1")
    assert [value(quarter, name) for name in ("revenue", "deals_won", "leads_spoken_to")] == ["1500.00", 2, 3]
    assert quarter["pipeline"]["stages"][0] == {"stage": "lead", "count": 2, "amount": "834.00", "weighted": "208.50"}
    assert value(replayed.standing("unassigned", "2026-01"), "revenue") == "9999.00"


def test_a_standing_says_nothing_of_how_it_travelled(replayed: Quotaflow) -> None:
    for standing in replayed.json("report")["standings"]:
        assert standing.keys() - {"pipeline"} == {"scope", "period", "as_of", "metrics", "quotas"}
        assert all(measure["value"] is not None or measure["reason"] for measure in standing["metrics"].values())
        assert all(quota.get("unit", "said") is not None for quota in standing["quotas"])


def test_report_without_a_scope_prints_every_scope_and_in_text_the_periods_under_way(replayed: Quotaflow) -> None:
    found = replayed.json("report")["standings"]
    scopes = [each["scope"] for each in found]
    assert list(dict.fromkeys(scopes)) == ["company", "team:west", "rep:ann", "team:south", "rep:bob", "unassigned"]
    text = replayed.run("report").stdout
    assert "2026-02" in text
    assert "2026-Q1" in text
    assert "2026-01 " not in text
    assert "Example, as of 2026-02-03 17:00 CET" in text


def test_report_keeps_to_the_level_asked_for(replayed: Quotaflow) -> None:
    scopes = {each["scope"] for each in replayed.json("report", "--level", "team")["standings"]}
    assert scopes == {"team:west", "team:south"}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("report", "--scope", "rep:an"), 2, "did you mean 'rep:ann'?"),
        (("report", "--period", "January"), 2, "'January' is not a period"),
        (("report", "--period", "2026-W47"), 2, "the plan keeps no period of this kind; it keeps month, quarter"),
        (("report", "--period", "2019-Q1"), 1, "nothing stands for 2019-Q1; there is 2026-01"),
        (("explain", "company", "revenu", "2026-Q1"), 2, "did you mean 'revenue'?"),
        (("explain", "compny", "revenue", "2026-Q1"), 2, "did you mean 'company'?"),
        (("explain", "company", "revenue", "Q1"), 2, "'Q1' is not a period"),
        (("alerts", "--rule", "deal_one"), 2, "did you mean 'deal_won'?"),
        (("dead-letters", "show", "facts.ndjson:0"), 1, "there is no dead letter 'facts.ndjson:0'"),
        (("replay", "nowhere.ndjson"), 1, "nowhere.ndjson is not there"),
        (("replay", ".", "--format", "crm"), 1, "there is no format 'crm'"),
        (("replay", ".", "--speed", "fast"), 2, "is no speed"),
        (("plan", "apply", "nowhere"), 1, "there is no such directory"),
        (("report", "--broker", "redis://here"), 2, "write embedded://PATH or kafka://host:port"),
        (("reprot",), 2, "No such command"),
        (("simulate", "--out", "nowhere/x.ndjson"), 1, "nowhere/x.ndjson: No such file or directory"),
        (("simulate", "--out", "x.ndjson", "--end", "0001-01-01"), 2, "facts lie in the years 1971 to 2199"),
        (
            ("simulate", "--out", "x.ndjson", "--end", "1980-01-01", "--days", "3660"),
            2,
            "choose another --end or --days",
        ),
        (
            ("replay", str(PIPELINE)),
            1,
            "sales_pipeline.csv is a table, not NDJSON: say what its columns mean with --format",
        ),
    ],
)
def test_an_error_says_what_is_wrong_and_what_to_do(
    arguments: tuple[str, ...], code: int, said: str, replayed: Quotaflow
) -> None:
    result = replayed.run(*arguments, code=code)
    assert said in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("command", ["report", "alerts", "status", "explain x y z", "dead-letters list"])
def test_a_log_that_is_not_there_is_named_and_not_made(command: str, tmp_path: Path) -> None:
    floor = Quotaflow(tmp_path)
    assert f"there is no log {floor.path}; apply a plan first" in floor.run(*command.split(), code=1).stderr
    assert list(tmp_path.iterdir()) == []


def test_the_broker_is_taken_before_and_after_the_command_and_goes_before_the_environment(replayed: Quotaflow) -> None:
    elsewhere = replayed.on("nothing.db")
    for arguments in (("--broker", replayed.broker, "status"), ("status", "--broker", replayed.broker)):
        assert json.loads(elsewhere.run(*arguments, "--json").stdout)["broker"] == replayed.broker


def test_a_broken_environment_is_a_usage_error() -> None:
    environment = {"QUOTAFLOW_BROKER": "somewhere", "QUOTAFLOW_SHARDS": "none"}
    result = CliRunner().invoke(command_line, ["status"], env=environment)
    assert result.exit_code == 2
    assert "QUOTAFLOW_BROKER: 'somewhere' names no log" in result.stderr
    assert "QUOTAFLOW_SHARDS: 'none' is no number of shards" in result.stderr


def test_a_failure_shows_where_only_when_asked_to(tmp_path: Path) -> None:
    broken = tmp_path / "log.db"
    broken.write_bytes(b"this is no log at all, and long enough to be looked at" * 10)
    floor = Quotaflow(tmp_path)
    assert f"{broken} is not a QuotaFlow log" in floor.run("status", code=1).stderr
    result = CliRunner().invoke(command_line, ["status", "--debug"], env={"QUOTAFLOW_BROKER": floor.broker})
    assert type(result.exception).__name__ == "LogError"


def test_replay_asks_for_a_plan_first(tmp_path: Path) -> None:
    (tmp_path / "facts.ndjson").write_bytes(lines(FACTS))
    result = Quotaflow(tmp_path).run("replay", tmp_path / "facts.ndjson", code=1)
    assert "quotaflow plan apply DIR" in result.stderr


def test_a_plan_is_applied_once_and_again_when_it_differs(tmp_path: Path) -> None:
    floor = Quotaflow(tmp_path)
    assert "Revision 1 is in force" in floor.apply().stdout
    assert "Nothing to apply: this is revision 1" in floor.apply().stdout
    assert "Revision 2 is in force" in floor.apply("quotas: []").stdout
    assert floor.json("status")["applied"] == 2


def test_whom_a_plan_leaves_out_is_counted(tmp_path: Path) -> None:
    floor = Quotaflow(tmp_path)
    floor.apply()
    plan = write_plan(tmp_path / "smaller", "quotas: []")
    company = (plan / "company.yaml").read_text().replace("  - {id: south, name: South, parent: west}\n", "")
    (plan / "company.yaml").write_text(company.partition("reps:")[0])
    said = floor.run("plan", "apply", plan).stdout
    assert said.endswith("It leaves out 2 reps and 1 team of revision 1; to go back, apply that plan again.\n")
    assert "leaves out" not in floor.apply().stdout


def test_a_changed_plan_changes_the_standings_that_it_concerns(copied: Quotaflow) -> None:
    copied.apply("quotas:\n  - {scope: rep:bob, metric: revenue, period: month, target: 1000.00, from: 2026-01-01}\n")
    copied.replay(b"")
    assert copied.standing("rep:ann", "2026-01")["quotas"] == []
    assert [quota["attainment"] for quota in copied.standing("rep:bob", "2026-02")["quotas"]] == [0.5]
    assert copied.json("status")["in_force"] == 2


def test_a_report_shows_nothing_of_scopes_and_periods_that_the_plan_has_no_more(copied: Quotaflow) -> None:
    plan = write_plan(copied.folder / "plan", "quotas: []")
    company = (plan / "company.yaml").read_text().replace("starts: 09:00", "fiscal_start_month: 4, starts: 09:00")
    (plan / "company.yaml").write_text(company.replace("  - {id: bob, name: Bob, team: south}\n", ""))
    copied.run("plan", "apply", plan)
    copied.replay(b"")
    found = copied.json("report")["standings"]
    assert {each["scope"] for each in found} == {"company", "team:west", "team:south", "rep:ann", "unassigned"}
    assert {each["period"] for each in found} == {"2026-01", "2026-02", "FY2026-Q4"}


def test_every_problem_of_a_plan_is_told_and_nothing_is_applied(tmp_path: Path) -> None:
    plan = write_plan(tmp_path / "plan", "quotas:\n  - {scope: rep:cid, metric: revenu, period: month, target: 1.00}\n")
    floor = Quotaflow(tmp_path)
    for command in ("check", "apply"):
        result = floor.run("plan", command, plan, code=1)
        assert "quotas.yaml:2: " in result.stderr
        assert "problems in " in result.stderr
    assert not floor.path.exists()


def test_a_plan_without_mistakes_is_checked_without_a_log(tmp_path: Path) -> None:
    floor = Quotaflow(tmp_path)
    assert "2 reps, 2 teams, 2 quotas" in floor.run("plan", "check", write_plan(tmp_path / "plan")).stdout
    assert not floor.path.exists()


def test_replaying_again_or_shuffled_or_thrice_changes_nothing(copied: Quotaflow) -> None:
    before = copied.json("report")
    for content in (lines(FACTS), lines(FACTS[::-1]), lines(FACTS * 3)):
        copied.replay(content)
        assert copied.json("report") == before


def test_late_facts_count_on_their_day(copied: Quotaflow) -> None:
    copied.replay(lines([deal("d9", "01-26", "won", owner="ann", amount=250)]))
    assert value(copied.standing("rep:ann", "2026-01"), "revenue") == "1250.00"


def test_what_a_replay_without_waiting_sent_is_processed_by_whoever_comes_next(tmp_path: Path) -> None:
    floor = Quotaflow(tmp_path)
    floor.apply()
    (tmp_path / "facts.ndjson").write_bytes(lines(FACTS))
    said = floor.run("replay", tmp_path / "facts.ndjson").stdout
    assert "16 facts sent with 30 ticks" in said
    floor.replay(b"")
    assert value(floor.standing("company", "2026-Q1"), "revenue") == "1500.00"


def test_a_simulated_floor_replays_without_a_bad_line(tmp_path: Path) -> None:
    floor, path = Quotaflow(tmp_path), tmp_path / "simulated.ndjson"
    first = floor.run("simulate", "--reps", "2", "--days", "10", "--seed", "7", "--end", "2026-02-01", "--out", path)
    written = path.read_bytes()
    floor.run("simulate", "--reps", "2", "--days", "10", "--seed", "7", "--end", "2026-02-01", "--out", path)
    assert path.read_bytes() == written
    count = written.count(b"\n")
    assert count > 50
    assert f"{count} facts in {path}" in first.stdout
    floor.apply()
    assert f"{count} facts sent" in floor.run("replay", path).stdout
    assert floor.json("status")["dead_letters"] == 0


def test_status_counts_what_the_plan_has_no_number_for(tmp_path: Path) -> None:
    floor = Quotaflow(tmp_path)
    floor.apply()
    nap = {**call("c1", "01-05", "ann", "acme"), "activity": "nap"}
    dollars = {"amount": {"minor_units": 500, "currency": "USD"}}
    opened = [deal(name, "01-06", "lead", owner="ann") | said for name, said in (("d3", dollars), ("d4", {}))]
    facts = [
        *opened,
        nap,
        deal("d1", "01-05", "nurture", owner="ann"),
        deal("d2", "01-06", "won", owner="ann") | dollars,
    ]
    floor.replay(lines(facts))
    expected = {"unpriced": 1, "open_unpriced": 2, "unknown_stage": 1, "unknown_activity": 1}
    assert floor.json("status")["uncounted"] == expected
    said = floor.run("status").stdout
    assert "1 in a stage that the plan does not know" in said
    assert "2 open without an amount in a currency that the plan has a rate for" in said
    assert value(floor.standing("company", "2026-Q1"), "deals_won") == 1


def test_status_tells_how_far_the_log_has_come(replayed: Quotaflow) -> None:
    found = replayed.json("status")
    assert (found["shards"], found["applied"], found["in_force"], found["live"]) == (1, 1, 1, False)
    assert found["time"] == "2026-02-03T17:00:00+01:00"
    assert found["worker"] is None
    assert set(found["lag"].values()) == {0}
    assert found["unassigned"] == {"deals_won": 1}
    assert found["dead_letters"] == len(BAD)
    text = replayed.run("status").stdout
    assert "revision 1\n" in text
    assert "3 dead letters: quotaflow dead-letters list" in text


def test_nothing_is_left_beside_the_log(replayed: Quotaflow) -> None:
    names = {path.name for path in replayed.folder.iterdir()} - {"plan", "facts.ndjson"}
    assert names <= {"log.db", "log.db.lock", "log.db-wal", "log.db-shm"}
