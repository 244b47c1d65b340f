"""`quotaflow forecast` and `quotaflow deals` over the example: what is ahead, and what holds it up."""

from pathlib import Path

import pytest

from tests.agents.example import COMPANY, QUOTAS, Quotaflow, deal, lines


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Quotaflow:
    """Ann wins 1,000 in 20 days on each of three Januaries' days; in March one offer is due and one is overdue."""
    floor = Quotaflow(tmp_path_factory.mktemp("floor"))
    floor.apply()
    facts = [
        *(deal(f"w{number}", f"01-0{number}", "lead", owner="ann", amount=1000) for number in (5, 6, 7)),
        *(deal(f"w{number}", f"01-2{number}", "won") for number in (5, 6, 7)),
        deal("late", "02-02", "lead", owner="ann", amount=700, expected_close="2026-02-20"),
        deal("due", "02-20", "offer", owner="bob", amount=800, expected_close="2026-03-20"),
        deal("free", "03-02", "lead", owner="bob", expected_close="2026-03-31"),
        deal("april", "03-02", "offer", owner="bob", amount=900, expected_close="2026-04-01"),
        deal("w8", "03-03", "won", owner="ann", amount=500, created_at="2026-02-11T10:00:00+01:00"),
    ]
    floor.replay(lines(facts))
    return floor


def test_every_method_is_told_with_the_day_as_of_which_it_is(floor: Quotaflow) -> None:
    found = floor.json("forecast", "company", "2026-Q1", "--as-of", "2026-03-03")
    assert (found["as_of"], found["closed"], found["target"], found["unit"]) == (
        "2026-03-03",
        "3500.00",
        "10000.00",
        "EUR",
    )
    assert found["weighted"] == "4075.00"  # 700 · 0.25 and 800 · 0.5 besides
    assert (found["open_deals"], found["expected_to_close"]) == (4, 3)
    assert found["run_rate"] == "5090.91"  # 44 of 64 working days
    assert float(found["p10"]) <= float(found["simulated"]) <= float(found["p90"])
    assert 0 <= found["chance_of_target"] <= 1


def test_the_day_is_the_logs_own_unless_told(floor: Quotaflow) -> None:
    assert floor.json("forecast", "company", "2026-Q1")["as_of"] == "2026-03-03"
    early = floor.json("forecast", "company", "2026-Q1", "--as-of", "2026-01-24")
    assert (early["closed"], early["historical"], early["reasons"]["historical"]) == ("0.00", None, "no_won_deals")


def test_people_read_a_table_the_range_and_the_chance(floor: Quotaflow) -> None:
    said = floor.run("forecast", "company", "2026-Q1").stdout
    assert "Example, 2026-Q1, as of the end of 3 March 2026" in said
    assert "eight of ten draws end between EUR" in said
    assert "the target of EUR 10,000 is reached in" in said
    assert "4 deals are open, 3 of them expected to close in the period" in said
    assert "no won deals" in floor.run("forecast", "company", "2026-Q1", "--as-of", "2026-01-24").stdout


def test_a_period_that_is_over_can_be_walked_through(floor: Quotaflow) -> None:
    found = floor.json("forecast", "rep:ann", "2026-01", "--walk", "10")
    assert found["came_to"] == "3000.00"
    assert [each["as_of"] for each in found["forecasts"]] == ["2025-12-31", "2026-01-10", "2026-01-20", "2026-01-30"]
    assert [each["closed"] for each in found["forecasts"]] == ["0.00", "0.00", "0.00", "3000.00"]
    assert (found["accuracy"]["closed"]["wape"], found["accuracy"]["closed"]["bias"]) == (0.75, -0.75)
    shown = floor.run("forecast", "rep:ann", "2026-01", "--walk", "10").stdout
    assert "Ann, 2026-01: it came to EUR 3,000" in shown
    assert "WAPE" in shown
    running = floor.run("forecast", "company", "2026-Q1", "--walk", "7", code=1).stderr
    assert "2026-Q1 is not over as of 2026-03-03" in running


def test_what_is_closing_is_listed_with_its_chance_and_what_holds_it_up(floor: Quotaflow) -> None:
    found = floor.json("deals", "company", "--closing", "2026-03")["deals"]
    assert [(each["deal"], each["amount"], each["held_up_by"]) for each in found] == [
        ("due", "800.00", []),
        ("late", "700.00", ["close_date_overdue", "older_than_won_deals"]),
        ("free", None, ["no_amount"]),
    ]
    assert [each["age_days"] for each in found] == [11, 29, 1]
    assert found[0]["chance"] == 0.8  # of five that reached 20 days four were won then
    shown = floor.run("deals", "company", "--closing", "2026-03", "--limit", "1").stdout
    assert "3 open deals of Example expected to close in 2026-03, EUR 1,500, the 1 largest are shown" in shown
    assert "late" not in shown
    none = floor.run("deals", "rep:ann", "--closing", "2026-04").stdout
    assert none == "0 open deals of Ann expected to close in 2026-04, EUR 0\n"


def test_names_and_days_that_are_none_are_refused(floor: Quotaflow) -> None:
    assert "there is no scope 'team:wets'" in floor.run("forecast", "team:wets", "2026-Q1", code=2).stderr
    assert "'soon' is not a day" in floor.run("forecast", "company", "2026-Q1", "--as-of", "soon", code=2).stderr
    assert "is not a period" in floor.run("deals", "company", "--closing", "2026-99", code=2).stderr
    for day in ("0001-01-01", "9999-12-30"):
        far = floor.run("forecast", "company", "2026-Q1", "--as-of", day, code=2).stderr
        assert f"{day} is too far away; name one of the years 1970 to 2199" in far
        assert f"{day} is too far away" in floor.run("pipeline", "company", day, code=2).stderr


def test_a_name_is_shown_as_it_is_written_whatever_brackets_it_has(tmp_path: Path) -> None:
    floor = Quotaflow(tmp_path)
    (tmp_path / "plan").mkdir()
    (tmp_path / "plan" / "all.yaml").write_text(COMPANY.replace("name: Example", 'name: "[red]Ex[/x]"') + QUOTAS)
    floor.run("plan", "apply", tmp_path / "plan")
    floor.replay(lines([deal("d", "01-05", "lead", owner="ann", amount=1), deal("d", "01-20", "won")]))
    for arguments in (
        ("forecast", "company", "2026-Q1"),
        ("forecast", "company", "2026-01-20", "--walk", "1"),
        ("pipeline", "company", "2026-Q1"),
        ("report", "--level", "company"),
        ("quota", "required", "--revenue", "1", "--period", "2026-02", "--deal-value", "1"),
    ):
        assert "[red]Ex[/x]" in floor.run(*arguments).stdout


def test_a_day_of_which_the_log_cannot_know_yet_is_pointed_out(floor: Quotaflow) -> None:
    early, late = (floor.run("forecast", "company", "2026-Q1", "--as-of", f"2026-03-0{day}") for day in (3, 4))
    assert early.stderr == ""
    assert "the log's time is 2026-03-03: what happened from then to the end of 2026-03-04 is not in" in late.stderr


def test_before_anything_has_happened_there_is_no_day(tmp_path: Path) -> None:
    floor = Quotaflow(tmp_path)
    floor.apply()
    assert "no time has passed in this log yet" in floor.run("forecast", "company", "2026-Q1", code=1).stderr
