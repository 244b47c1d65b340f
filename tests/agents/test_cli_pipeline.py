"""`quotaflow pipeline` over the example: what came in and went out, and how far deals come."""

from tests.agents.example import Quotaflow


def test_the_pipeline_of_a_month_is_told_with_every_change_between_its_ends(replayed: Quotaflow) -> None:
    found = replayed.json("pipeline", "company", "2026-01")
    assert found["flow"]["start"] == {"count": 0, "amount": "0.00"}
    assert found["flow"]["new"] == {"count": 3, "amount": "2100.00"}
    assert found["flow"]["won"] == {"count": -1, "amount": "-900.00"}
    assert found["flow"]["lost"] == {"count": -1, "amount": "-700.00"}
    assert found["flow"]["end"] == {"count": 1, "amount": "500.00"}
    february = replayed.json("pipeline", "company", "2026-02")["flow"]
    assert february["start"] == found["flow"]["end"]
    assert (february["new"]["count"], february["won"]["count"], february["end"]["count"]) == (2, -1, 2)


def test_a_teams_pipeline_ends_on_the_day_that_is_asked_for(replayed: Quotaflow) -> None:
    found = replayed.json("pipeline", "rep:ann", "2026-01", "--as-of", "2026-01-16")
    assert (found["flow"]["won"]["count"], found["flow"]["end"]["count"], found["as_of"]) == (0, 2, "2026-01-16")


def test_conversion_and_the_chance_to_win_have_their_numbers_and_intervals(replayed: Quotaflow) -> None:
    found = replayed.json("pipeline", "company", "2026-01")
    shares = {(each["from"], each["to"]): (each["k"], each["n"]) for each in found["conversion"]}
    assert shares == {("lead", "offer"): (2, 3), ("lead", "won"): (2, 3), ("offer", "won"): (1, 1)}
    assert (found["win_by_stage"]["lead"]["k"], found["win_by_stage"]["lead"]["n"]) == (2, 3)
    low, high = found["win_by_stage"]["lead"]["interval"]
    assert 0 < low < 2 / 3 < high < 1
    assert found["median_days_in_stage"] == {"lead": 13.0, "offer": 5.0}
    assert found["regressions"] == 0


def test_people_read_two_tables_and_what_moving_on_goes_with(replayed: Quotaflow) -> None:
    said = replayed.run("pipeline", "company", "2026-01").stdout
    assert "Example, 2026-01, as of the end of 2026-02-03" in said
    assert "open at the end" in said
    assert "EUR -900" in said
    assert "EUR 100,000 in offer instead of lead go with EUR 33,333 more won" in said
    assert "there is no scope 'rep:zoe'" in replayed.run("pipeline", "rep:zoe", "2026-01", code=2).stderr


def test_only_deals_that_are_due_may_be_asked_for(replayed: Quotaflow) -> None:
    found = replayed.json("pipeline", "company", "2026-01", "--closing")["flow"]
    assert {name for name, change in found.items() if change["count"]} == set()
