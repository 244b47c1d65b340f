from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from quota.errors import InvalidRecord
from quota.proposals import Case, answered, cases, parties, quota
from schemas.plan import Quota, Team
from schemas.proposals import Answer, AnswerKind, Proposal
from tests.unit.floor import PLAN, TEAMS, a_plan

NOW = datetime(2026, 5, 1, 9, tzinfo=UTC)
MANAGERS = {"central": ("Cleo",), "dustin": ("Dustin", "Dora"), "west": ()}
MANAGED = a_plan(teams=tuple(replace(team, managers=MANAGERS[team.id]) for team in TEAMS))
FOR_BEN = Proposal(
    number=1,
    at=NOW,
    by="Dora",
    scope="rep:ben",
    metric="revenue",
    period="month",
    start="2026-06-01",
    end="2026-07-01",
    target="600.00",
    review="2026-05-18",
    currency="USD",
    reason="more leads",
)


def answer(kind: AnswerKind, by: str = "Ben", text: str = "well", number: int = 1) -> Answer:
    return Answer(number, NOW, by, kind, text)


def after(*answers: Answer, proposal: Proposal = FOR_BEN) -> Case:
    case = Case(proposal)
    for each in answers:
        case = answered(case, each, MANAGED)
    return case


@given(st.lists(st.sampled_from(["comment", "accept", "contest", "withdraw"])))
def test_the_last_decision_says_what_it_has_come_to(kinds: list[AnswerKind]) -> None:
    said: list[Proposal | Answer] = [FOR_BEN, *(answer(kind) for kind in kinds)]
    decisions = [kind for kind in kinds if kind != "comment"]
    expected = {"accept": "accepted", "contest": "contested", "withdraw": "withdrawn", "": "proposed"}
    assert cases(said)[1].state == expected[decisions[-1] if decisions else ""]
    assert len(cases(said)[1].answers) == len(kinds)


def test_it_may_be_contested_and_accepted_after_all() -> None:
    said = answer("contest"), answer("comment", "Dora", "how much?"), answer("accept", "Dustin")
    assert after(*said).state == "accepted"


@pytest.mark.parametrize("by", ["ben", "  BEN ", "Dustin", "cleo"])
def test_the_rep_and_every_manager_above_may_answer_by_name(by: str) -> None:
    assert after(answer("accept", by)).state == "accepted"


@pytest.mark.parametrize(
    ("given_", "problem"),
    [
        (answer("accept", "Cara"), "does not concern Cara, but Ben, Dustin, Dora, Cleo"),
        (answer("contest", "李雷"), "does not concern 李雷"),
        (answer("accept", "dora"), "dora made proposal 1"),
        (answer("withdraw"), "can be withdrawn by Dora alone"),
        (answer("contest", text=" "), "say what you think"),
        (answer("comment", "Cara", ""), "say what you think"),
    ],
)
def test_what_is_not_somebodys_to_say_is_refused(given_: Answer, problem: str) -> None:
    with pytest.raises(InvalidRecord, match=problem):
        after(given_)


def test_names_that_no_id_can_be_made_of_are_told_apart() -> None:
    plan = a_plan(teams=(replace(TEAMS[1], managers=("王芳",)),))
    with pytest.raises(InvalidRecord, match="does not concern 李雷"):
        answered(Case(FOR_BEN), answer("accept", "李雷"), plan)
    assert answered(Case(FOR_BEN), answer("accept", "王芳"), plan).state == "accepted"


def test_what_was_withdrawn_is_over_and_anybody_may_comment_before() -> None:
    gone = after(answer("comment", "Cara"), answer("withdraw", "Dora"))
    assert gone.state == "withdrawn"
    with pytest.raises(InvalidRecord, match="was withdrawn; make a new one"):
        answered(gone, answer("accept"), MANAGED)


def test_a_review_is_due_from_its_day_on_until_it_is_agreed_on() -> None:
    waiting, agreed = after(answer("contest")), after(answer("accept"))
    assert [waiting.due(date(2026, 5, day)) for day in (17, 18, 31)] == [False, True, True]
    assert not agreed.due(date(2026, 5, 31))
    assert not after(answer("withdraw", "Dora")).due(date(2026, 5, 31))


def test_the_managers_are_those_above_on_the_first_day_and_of_all_teams_for_the_company() -> None:
    anna = replace(FOR_BEN, scope="rep:anna-snelling")
    assert parties(anna, MANAGED) == ("Anna Snelling", "Dustin", "Dora", "Cleo")
    assert parties(replace(anna, start="2026-08-01"), MANAGED) == ("Anna Snelling",)
    assert parties(replace(anna, scope="team:dustin"), MANAGED) == ("Dustin", "Dora", "Cleo")
    assert set(parties(replace(anna, scope="company"), MANAGED)) == {"Cleo", "Dustin", "Dora"}
    assert parties(replace(anna, scope="rep:dan"), PLAN) == ("Dan",)


def test_an_answer_to_nothing_and_a_number_that_comes_twice_change_nothing() -> None:
    other = replace(FOR_BEN, target="1.00")
    assert cases([answer("accept", number=7), FOR_BEN, other]) == {1: Case(FOR_BEN)}


def test_the_quota_says_who_set_it_and_why() -> None:
    assert quota(after(answer("accept")), PLAN) == Quota(
        "proposal-1",
        "rep:ben",
        "revenue",
        "month",
        "600.00",
        "USD",
        start="2026-06-01",
        end="2026-07-01",
        set_by="Dora",
        reason="more leads",
    )
    assert quota(Case(replace(FOR_BEN, reason="")), PLAN).reason is None
    gone = replace(FOR_BEN, scope="rep:nobody-now", metric="no-more")
    assert quota(Case(gone), PLAN).direction == "higher"
    assert Team("x", "X").managers == ()
