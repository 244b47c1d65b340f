"""`quotaflow quota propose` and what people answer: kept in the log, in order, and part of the plan once accepted."""

import json
from pathlib import Path

import pytest

from tests.agents.example import COMPANY, Quotaflow

MANAGED = COMPANY.replace("{id: west, name: West}", "{id: west, name: West, managers: [Wilma]}")


@pytest.fixture
def floor(tmp_path: Path) -> Quotaflow:
    floor = Quotaflow(tmp_path)
    (tmp_path / "plan").mkdir()
    (tmp_path / "plan" / "company.yaml").write_text(MANAGED)
    floor.run("plan", "apply", tmp_path / "plan")
    return floor


def proposed(floor: Quotaflow, *more: str) -> str:
    arguments = ("quota", "propose", "rep:ann", "revenue", "2027-Q1", "--target", "6000.50", "--as", "Xaver", *more)
    return floor.run(*arguments).stdout


def test_a_proposal_is_answered_and_goes_into_the_plan_as_it_was_accepted(floor: Quotaflow) -> None:
    said = proposed(floor, "--reason", 'two "big" accounts: {more}')
    assert "Proposal 1: EUR 6,000.50 revenue of rep:ann in 2027-Q1, to be agreed on by 2026-12-18." in said
    assert "It concerns Ann, Wilma." in said
    assert "Proposal 1 is proposed." in floor.run("quota", "comment", "1", "how come?", "--as", "Bob").stdout
    assert "Proposal 1 is contested." in floor.run("quota", "contest", "1", "too much", "--as", "ann").stdout
    assert floor.run("quota", "review", "--yaml").stdout == "# nothing was accepted yet\n"
    assert "Proposal 1 is accepted." in floor.run("quota", "accept", "1", "--as", "Wilma").stdout
    (floor.folder / "plan" / "agreed.yaml").write_text(floor.run("quota", "review", "--yaml").stdout)
    assert "1 quota" in floor.run("plan", "apply", floor.folder / "plan").stdout


def test_a_proposal_of_which_less_is_better_goes_into_the_plan_as_such_and_in_its_own_currency(
    floor: Quotaflow,
) -> None:
    floor.run("quota", "propose", "rep:ann", "deals_lost", "2027-Q1", "--target", "6", "--as", "X")
    proposed(floor)
    for number in ("1", "2"):
        floor.run("quota", "accept", number, "--as", "Ann")
    lost, revenue = floor.run("quota", "review", "--yaml").stdout.splitlines()[1:]
    assert "direction: lower" in lost
    assert "direction" not in revenue
    assert "currency" not in revenue
    (floor.folder / "plan" / "company.yaml").write_text(MANAGED.replace("EUR", "USD"))
    floor.run("plan", "apply", floor.folder / "plan")
    assert "target: 6000.50, currency: EUR" in floor.run("quota", "review", "--yaml").stdout


def test_what_is_open_is_listed_with_what_was_said_last_and_what_is_due_first(floor: Quotaflow) -> None:
    proposed(floor)
    proposed(floor, "--review", "2026-11-01")
    proposed(floor)
    floor.run("quota", "contest", "2", "too much", "--as", "Ann")
    floor.run("quota", "withdraw", "3", "--as", "xaver")
    found = floor.json("quota", "review", "--as-of", "2026-11-01")["proposals"]
    assert [(each["number"], each["state"], each["due"]) for each in found] == [
        (2, "contested", True),
        (1, "proposed", False),
    ]
    assert found[0]["answers"][0]["text"] == "too much"
    assert found[0]["quota"]["target"] == "6000.50"
    every = floor.run("quota", "review", "--all", "--as-of", "2026-11-01").stdout
    assert "2026-11-01 (due)" in every
    assert "withdrawn" in every
    assert "Ann: too much" in every


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (("accept", "9", "--as", "Ann"), 1, "there is no proposal 9"),
        (("accept", "1", "--as", "Bob"), 1, "does not concern Bob, but Ann, Wilma"),
        (("contest", "1", " ", "--as", "Ann"), 1, "say what you think"),
        (("comment", "1", "x" * 2001, "--as", "Ann"), 2, "at most 2,000 characters"),
        (("comment", "1", "\x1b[31m", "--as", "Ann"), 2, "characters that can be printed"),
        (("comment", "1", "hm", "--as", " "), 2, "a name has 1 to 200 characters"),
        (("comment", "1", "hm"), 2, "--as"),
        (("propose", "rep:ann", "win_rate", "2027-Q1", "--target", "1", "--as", "X"), 2, "does not add up"),
        (("propose", "unassigned", "revenue", "2027-Q1", "--target", "1", "--as", "X"), 2, "unassigned has no quotas"),
        (
            ("propose", "rep:ann", "revenue", "2027-W05", "--target", "1", "--as", "X"),
            2,
            "keeps no period of kind 'week'",
        ),
        (("propose", "rep:ann", "calls_placed", "2027-Q1", "--target", "1.5", "--as", "X"), 2, "not a whole number"),
    ],
)
def test_what_cannot_be_said_is_refused_and_changes_nothing(
    floor: Quotaflow, arguments: tuple[str, ...], code: int, problem: str
) -> None:
    proposed(floor)
    before = floor.json("quota", "review")
    assert problem in floor.run("quota", *arguments, code=code).stderr
    assert floor.json("quota", "review") == before


@pytest.mark.parametrize("value", [b"{", b"", b"\xff", b"[" * 100_000, b'{"type":"proposal"}', b'{"type":"other"}'])
def test_a_record_that_cannot_be_read_is_passed_over_and_named(floor: Quotaflow, value: bytes) -> None:
    proposed(floor)
    floor.produce("quota.proposals.v1", 0, b"x", value)
    proposed(floor)
    found = floor.run("quota", "review", "--json")
    assert [each["number"] for each in json.loads(found.stdout)["proposals"]] == [1, 2]
    assert "passed over what cannot be read: 1 record, the first is quota.proposals.v1/0/1" in found.stderr


def test_without_any_the_list_says_so(floor: Quotaflow) -> None:
    assert floor.run("quota", "review").stdout == "No proposal is open.\n"
    assert floor.run("quota", "review", "--all").stdout == "Nothing was ever proposed.\n"


def test_a_copy_of_the_log_has_them_too(floor: Quotaflow) -> None:
    proposed(floor)
    floor.run("quota", "contest", "1", "too much", "--as", "Ann")
    floor.run("copy", f"embedded://{floor.folder / 'other.db'}")
    assert floor.on("other.db").json("quota", "review") == floor.json("quota", "review")
